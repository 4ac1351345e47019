import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.errors import InjectionImpossible
from experiments.injection.injecting import inject
from experiments.injection.kinds import KINDS
from features.domain.conditions import ConditionVerdict
from models.condition.history import History

ROWS = slice(200, 300)
SIZED = [name for name, kind in KINDS.items() if kind.has_size]


def telemetry(signals: int = 4, seed: int = 3) -> History:
    """One cause moves all signals, the second against the first; a fifth never moves."""
    rng = np.random.default_rng(seed)
    cause = rng.standard_normal((400, 1))
    weights = np.array([1.0, -1.0, 0.8, 0.9])[:signals]
    readings = np.hstack([10.0 + cause * weights + 0.5 * rng.standard_normal((400, signals)), np.full((400, 1), 7.0)])
    return History(60.0 * np.arange(400.0), readings)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10_000), start=st.integers(150, 300), length=st.integers(2, 90))
@settings(max_examples=10, deadline=None)
def test_nothing_changes_outside_of_what_is_covered_and_the_input_never(
    kind: str, seed: int, start: int, length: int
) -> None:
    history = telemetry()
    before = history.readings.copy()
    found = inject(history, kind, slice(start, start + length), severity=2.0, seed=seed)
    np.testing.assert_array_equal(history.readings, before)
    source = np.searchsorted(history.seconds, found.true_seconds)
    changed = found.readings != history.readings[source]
    assert not (changed & ~found.covered).any()
    written_wrong = found.seconds != found.true_seconds
    assert not (written_wrong & ~found.covered.all(axis=1)).any()
    assert found.truth.from_seconds == history.seconds[start]
    assert found.truth.to_seconds == history.seconds[start + length - 1]
    assert found.truth.verdict is KINDS[kind].verdict


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_fault_and_another_one_another(kind: str) -> None:
    one, again = (inject(telemetry(), kind, ROWS, seed=5) for _ in range(2))
    np.testing.assert_array_equal(one.readings, again.readings)
    np.testing.assert_array_equal(one.seconds, again.seconds)
    assert one.truth == again.truth
    if kind not in ("gap", "freeze_all"):
        others = [inject(telemetry(), kind, ROWS, seed=seed) for seed in range(6, 10)]
        assert any(
            not (np.array_equal(one.readings, other.readings) and np.array_equal(one.seconds, other.seconds))
            for other in others
        )


@pytest.mark.parametrize("kind", SIZED)
def test_severities_differ_in_size_alone(kind: str) -> None:
    history = telemetry()
    one, three = (inject(history, kind, ROWS, severity=severity, seed=2) for severity in (1.0, 3.0))
    assert one.truth.signals == three.truth.signals
    moved = [found.readings - history.readings for found in (one, three)]
    np.testing.assert_allclose(3.0 * moved[0], moved[1], atol=1e-9)


def test_a_drift_ends_and_a_step_begins_at_the_severity_in_standard_deviations_from_before() -> None:
    history = telemetry()
    for kind, row in (("drift", 299), ("step", 200)):
        found = inject(history, kind, ROWS, severity=2.0, seed=1)
        (signal,) = found.truth.signals
        size = abs(found.readings[row, signal] - history.readings[row, signal])
        assert size == pytest.approx(2.0 * history.readings[:200, signal].std())


def test_noise_adds_its_deviation() -> None:
    history = telemetry()
    found = inject(history, "noise", slice(50, 400), severity=3.0, seed=1)
    (signal,) = found.truth.signals
    added = (found.readings - history.readings)[50:, signal]
    assert added.std() == pytest.approx(3.0 * history.readings[:50, signal].std(), rel=0.15)


def test_freezes_repeat_the_last_row_of_one_signal_or_of_all() -> None:
    history = telemetry()
    one, whole = (inject(history, kind, ROWS, seed=1) for kind in ("freeze", "freeze_all"))
    (signal,) = one.truth.signals
    assert (one.readings[ROWS, signal] == history.readings[199, signal]).all()
    assert (whole.readings[ROWS] == history.readings[199]).all()


def test_a_replay_is_an_earlier_stretch_of_all_signals_under_present_times() -> None:
    history = telemetry()
    found = inject(history, "replay", ROWS, seed=1)
    stretches = np.lib.stride_tricks.sliding_window_view(history.readings[:200], 100, axis=0)
    assert any(np.array_equal(found.readings[ROWS], stretch.T) for stretch in stretches)
    np.testing.assert_array_equal(found.seconds, history.seconds)


def test_a_gap_takes_its_rows_and_a_clock_moves_their_times() -> None:
    history = telemetry()
    gap = inject(history, "gap", ROWS, seed=1)
    assert len(gap.seconds) == 300
    assert not gap.covered.any()
    clock = inject(history, "clock", ROWS, seed=1)
    off = np.unique(np.round(clock.seconds - clock.true_seconds, 6))
    assert len(off) == 2
    assert (np.diff(clock.history.seconds) > 0).all()
    assert not np.isin(clock.seconds[ROWS], history.seconds).any()


def test_a_machine_moves_related_signals_the_way_they_are_related_and_stays_there() -> None:
    history = telemetry()
    found = inject(history, "machine", ROWS, severity=3.0, seed=1)
    assert found.truth.signals == (0, 1, 2, 3)
    moved = (found.readings - history.readings)[ROWS]
    growth = np.abs(moved[:, 0])
    assert (np.diff(growth) > -1e-9).all()
    np.testing.assert_allclose(growth[70:], growth[-1])
    assert np.sign(moved[-1, 0]) == -np.sign(moved[-1, 1]) == np.sign(moved[-1, 2])


def test_what_cannot_be_put_there_is_refused_with_what_to_do() -> None:
    with pytest.raises(InjectionImpossible, match="elsewhere"):
        inject(telemetry(), "step", slice(350, 500))
    with pytest.raises(InjectionImpossible, match="two signals"):
        inject(telemetry(signals=1), "machine", ROWS)
    with pytest.raises(InjectionImpossible, match="later"):
        inject(telemetry(), "replay", slice(20, 300))
    still = History(np.arange(50.0), np.ones((50, 2)))
    with pytest.raises(InjectionImpossible, match="other telemetry"):
        inject(still, "drift", slice(20, 30))


def test_every_verdict_that_can_be_injected_has_its_kinds() -> None:
    assert {kind.verdict for kind in KINDS.values()} == {
        ConditionVerdict.INSTRUMENT,
        ConditionVerdict.DATA_PATH,
        ConditionVerdict.MACHINE,
    }
