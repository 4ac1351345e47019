import numpy as np
import pytest

from experiments.injection.streams import Stream
from experiments.verdict.real import _arrived, run_real
from models.condition.history import History


def streams(count: int = 2, rows: int = 180) -> list[Stream]:
    found = []
    for number in range(count):
        noise = np.random.default_rng(number).normal(size=(rows, 4))
        noise[:, 1] = 0.8 * noise[:, 0] + 0.6 * noise[:, 1]
        seconds = np.arange(rows, dtype=np.float64)
        found.append(Stream("made", str(number), History(seconds, 10.0 + noise), 120))
    return found


def test_a_row_with_a_wrong_time_counts_as_one() -> None:
    history = streams(1)[0].history
    arrived = history.seconds.copy()
    seconds = history.seconds.copy()
    seconds[50] += 40.0 * 86_400.0
    known = _arrived(History(seconds, history.readings), arrived).circumstances
    assert sum(each.rows_with_wrong_time for each in known) == 1


@pytest.mark.slow
def test_faults_put_into_streams_are_found_the_more_the_larger_they_are() -> None:
    found = run_real(streams(), 0, 0, lambda _done, _total: None)
    detection = found["detection"]
    assert isinstance(detection, dict)
    assert list(detection) == ["1", "2", "3"]
    assert detection["1"]["detected"] <= detection["3"]["detected"]
    assert detection["3"]["detected"] >= 0.4
    confusion = found["confusion"]
    assert isinstance(confusion, dict)
    assert confusion["data_path"]["data_path"] >= 2
    assert found["streams"] == 1
