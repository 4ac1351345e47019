import numpy as np
import pytest
from numpy.typing import NDArray

from features.domain.errors import InvalidValue
from features.quality.clock import ClockState, judge_clock

MINUTE = 60_000_000
STEP = 120 * MINUTE


def stream(rows: int = 60) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    time_us = np.arange(1, rows + 1, dtype=np.int64) * STEP
    return time_us, time_us + 20_000_000


def flagged(time_us: NDArray[np.int64], arrived_us: NDArray[np.int64]) -> list[int]:
    order = np.argsort(arrived_us, kind="stable")
    return np.flatnonzero(judge_clock(time_us[order], arrived_us[order]).verdicts).tolist()


def test_right_clock_is_right() -> None:
    assert flagged(*stream()) == []


def test_time_ahead_of_its_arrival_is_wrong_at_once() -> None:
    time_us, arrived_us = stream()
    time_us[30] += 10 * MINUTE
    assert flagged(time_us, arrived_us) == [30]


@pytest.mark.parametrize("behind", [5 * MINUTE, 600 * MINUTE, 50 * 365 * 1_440 * MINUTE])
def test_clock_behind_is_known_from_the_third_row_until_it_is_right_again(behind: int) -> None:
    time_us, arrived_us = stream()
    time_us[30:40] -= behind
    assert flagged(time_us, arrived_us) == list(range(32, 40))


def test_one_late_row_proves_nothing() -> None:
    time_us, arrived_us = stream()
    arrived_us[30] += 7 * STEP + 5 * MINUTE
    assert flagged(time_us, arrived_us) == []


def test_backlog_proves_nothing() -> None:
    time_us, arrived_us = stream()
    arrived_us[20:32] = arrived_us[32] - 30_000_000 + np.arange(12) * 1_000_000
    assert flagged(time_us, arrived_us) == []


@pytest.mark.parametrize("days", [1, 6, 30])
def test_live_rows_after_a_slow_backfill_are_right(days: int) -> None:
    arrived_us = np.arange(1, 61, dtype=np.int64) * STEP
    time_us = arrived_us - 20_000_000
    time_us[:30] -= days * 1_440 * MINUTE  # thirty rows of history, each on schedule, before the first live one
    assert flagged(time_us, arrived_us) == []


def test_rows_that_are_usually_late_and_then_prompt_are_right() -> None:
    arrived_us = np.arange(1, 61, dtype=np.int64) * STEP
    time_us = arrived_us - 60 * MINUTE
    time_us[20:] = arrived_us[20:] - 5_000_000
    assert flagged(time_us, arrived_us) == []
    time_us[40:] -= 180 * MINUTE  # and now it does fall behind
    assert flagged(time_us, arrived_us) == list(range(42, 60))


def test_saved_state_goes_on() -> None:
    time_us, arrived_us = stream()
    time_us[30:40] -= 50 * MINUTE
    whole = judge_clock(time_us, arrived_us).verdicts
    begun = judge_clock(time_us[:31], arrived_us[:31])
    state = ClockState.from_dict(begun.state.to_dict())
    assert np.array_equal(whole[31:], judge_clock(time_us[31:], arrived_us[31:], state).verdicts)


def test_state_of_another_form_is_refused() -> None:
    with pytest.raises(InvalidValue, match="hold"):
        ClockState.from_dict({"rows": 1.0})
