import numpy as np

from experiments.injection.kinds import KINDS
from experiments.injection.streams import Stream
from experiments.injection.trials import SEVERITIES, trials
from models.condition.history import History


def stream(signals: int = 3, name: str = "a") -> Stream:
    rng = np.random.default_rng(1)
    cause = rng.standard_normal((300, 1))
    return Stream("test", name, History(np.arange(300.0), cause + rng.standard_normal((300, signals))), 150)


def test_every_kind_comes_at_every_severity_or_once_and_lies_where_it_is_judged() -> None:
    found = list(trials([stream()]))
    sized = sum(kind.has_size for kind in KINDS.values())
    assert len(found) == len(SEVERITIES) * sized + len(KINDS) - sized
    for trial in found:
        assert trial.stream.taught_rows <= trial.rows.start < trial.rows.stop <= 300
        np.testing.assert_array_equal(trial.injected.readings[:150], trial.stream.history.readings[:150])


def test_kinds_that_a_stream_cannot_have_are_left_out() -> None:
    assert "machine" not in {trial.injected.truth.kind for trial in trials([stream(signals=1)])}


def test_a_stream_meets_the_same_alone_as_among_others() -> None:
    alone = [trial.injected for trial in trials([stream()], seed=4)]
    among = [trial.injected for trial in trials([stream(name="b"), stream()], seed=4) if trial.stream.name == "a"]
    assert len(alone) == len(among)
    for one, other in zip(alone, among, strict=True):
        assert one.truth == other.truth
        np.testing.assert_array_equal(one.readings, other.readings)
