import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.condition.history import Level
from models.condition.smoothing import Smoothed, smooth
from tests.models.condition.machines import healthy


def test_smoothing_by_hand() -> None:
    state = Smoothed.start(1).after(np.array([4.0]), 10.0, 5.0)
    assert state.values.tolist() == [4.0]
    state = state.after(np.array([0.0]), 10.0 + 5.0 * np.log(2.0), 5.0)  # half of the past is left
    np.testing.assert_allclose(state.values, [2.0])


@given(st.floats(0.01, 100.0), st.floats(0.01, 1.0))
def test_row_in_between_that_says_the_same_changes_nothing(gap: float, share: float) -> None:
    start = Smoothed(np.array([1.0]), 0.0)
    at_once = start.after(np.array([3.0]), gap, 7.0)
    in_two = start.after(np.array([3.0]), share * gap, 7.0).after(np.array([3.0]), gap, 7.0)
    np.testing.assert_allclose(in_two.values, at_once.values)


def test_unknown_values_and_earlier_times_change_nothing() -> None:
    state = Smoothed(np.array([1.0, np.nan]), 10.0)
    later = state.after(np.array([np.nan, 2.0]), 20.0, 5.0)
    assert later.values.tolist() == [1.0, 2.0]
    earlier = state.after(np.array([9.0, np.nan]), 3.0, 5.0)
    assert earlier.values[0] == 1.0
    assert earlier.seconds == 10.0


def test_whole_history_is_the_same_row_by_row() -> None:
    history = healthy(50)
    level, state = Level.of(history), Smoothed.start(4)
    whole = smooth(history, level, 8.0)
    for place, row in enumerate(history.readings):
        state = state.after(level.z_scores(row), float(history.seconds[place]), 8.0)
        np.testing.assert_array_equal(state.values, whole[place])
