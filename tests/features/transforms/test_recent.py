"""Sensors that are measured together share what hangs on that alone: it shows in the time it takes, never in a bit."""

import numpy as np
import pytest
from numpy.typing import NDArray

from features.transforms import recent
from features.transforms.recent import Course, advance_core, write_vectors

SENSORS, BATCH, ROWS = 3, 40, 12
WINDOWS = np.array([4.0, 25.5])
State = tuple[NDArray[np.float64], NDArray[np.float64]]


def scores(seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal((ROWS, SENSORS, BATCH))


def begun(*given: NDArray[np.float64]) -> State:
    """Return the state after stretches of z-scores."""
    state = np.zeros((4, SENSORS, BATCH)), np.zeros((6, SENSORS, len(WINDOWS), BATCH))
    for each in given:
        taken(state, each)
    return state


def taken(state: State, given: NDArray[np.float64]) -> Course:
    """Take a stretch of z-scores in."""
    elapsed = np.random.default_rng(7).choice([0.5, 1.0, 300.0], (len(given), BATCH))
    decay = np.exp(-elapsed[:, None] / WINDOWS[:, None])
    in_baseline = np.broadcast_to(np.arange(len(given))[:, None] < 5, elapsed.shape)
    return advance_core(*state, given, in_baseline, elapsed, decay)


def vectors(course: Course) -> NDArray[np.float32]:
    found = np.empty((ROWS, SENSORS * (2 + 5 * len(WINDOWS)), BATCH), np.float32)
    write_vectors(course, WINDOWS, found)
    return found


def missing(given: NDArray[np.float64], sensors: slice) -> NDArray[np.float64]:
    """Return z-scores of which those of some rows were not measured."""
    found = given.copy()
    found[::3, sensors] = np.nan
    return found


ALL, ONE = slice(None), slice(1, 2)
CASES = {
    "all together": (scores(1), scores(2)),
    "rows without any": (missing(scores(1), ALL), missing(scores(2), ALL)),
    "one missed some now": (scores(1), missing(scores(2), ONE)),
    "one missed some before": (missing(scores(1), ONE), scores(2)),
    "nothing at all": (np.full((ROWS, SENSORS, BATCH), np.nan), np.full((ROWS, SENSORS, BATCH), np.nan)),
}


@pytest.mark.parametrize("name", CASES)
def test_what_sensors_share_changes_no_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, now = CASES[name]
    state = begun(before)
    shared = taken(state, now), state
    monkeypatch.setattr(recent, "_WORTH", 10**9)
    state = begun(before)
    apart = taken(state, now), state
    assert (shared[0].clocks.shape[2] == 1) == (not name.startswith("one"))
    assert apart[0].clocks.shape[2] == SENSORS
    np.testing.assert_array_equal(vectors(shared[0]), vectors(apart[0]))
    for one, other in zip(shared[1], apart[1], strict=True):
        np.testing.assert_array_equal(one.view(np.int64), other.view(np.int64))


def test_sums_of_a_sensor_that_are_another_zero_are_not_shared() -> None:
    long, sums = begun(scores(1))
    sums[1], sums[1, 0] = 0.0, -0.0
    assert taken((long, sums), scores(2)).clocks.shape[2] == SENSORS
