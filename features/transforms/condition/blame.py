"""Instruments at fault by what their readings showed: what they did is taken back, and meanwhile nothing is learnt.

That a reading stands still is known only after a while: what it did to the smoothed deviation until then is taken back
once, to what stood before. An instrument that is blamed every now and then has nothing taken back again, for its faulty
readings no longer count; or it would hide what the machine does.
"""

import numpy as np
from numpy.typing import NDArray

from features.quality.verdicts import Verdict
from features.transforms.condition.answer import ConditionRow, is_marked
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState

IS_COMPARED = np.isin(np.arange(len(Verdict)), (Verdict.GOOD, Verdict.RATE))
"""A reading that changed too fast is the machine's or the instrument's: that is for the others to tell."""


def blamed_signals(row: ConditionRow) -> NDArray[np.bool_] | None:
    """Return the signals whose measurement is known to be at fault, shape (signal,), or None for none."""
    if not is_marked(row.points):
        return None
    return np.asarray((row.points != 0) & ~IS_COMPARED[row.quality], np.bool_)


def follow_blame(model: ConditionModel, state: ConditionState, blamed: NDArray[np.bool_] | None) -> bool:
    """Note which instruments are at fault; return whether something was taken back.

    Args:
        model: Of the state.
        state: Changed.
        blamed: From `blamed_signals`.
    """
    if blamed is None:
        was_blamed = np.count_nonzero(state.blame_age) < len(state.blame_age)
        state.blame_rows = 0 if was_blamed else state.blame_rows + 1
        state.blame_age += 1.0
        return False
    before = state.blame_age == 0.0
    state.blame_rows = 0 if bool((blamed != before).any()) else state.blame_rows + 1
    is_new = blamed & (state.blame_age > model.parameters.blame_rows)
    state.blame_age = np.where(blamed, 0.0, state.blame_age + 1.0)
    if not is_new.any():
        return False
    conditions = len(state.origin)
    _take_back(state, is_new[conditions:] | is_new[:conditions].any())
    return True


def is_settled(model: ConditionModel, state: ConditionState) -> bool:
    """Say whether the same instruments have been at fault, or none, for so long that the others may be learnt from."""
    return state.blame_rows >= model.parameters.blame_rows


def _take_back(state: ConditionState, sensors: NDArray[np.bool_]) -> None:
    """Set sensors to what they deviated by before the faulty readings."""
    stood = np.where(np.isnan(state.deviation), np.nan, np.nan_to_num(state.former_deviation))
    state.deviation = np.where(sensors, stood, state.deviation)
    state.recent = np.where(sensors, stood, state.recent)
    state.late_deviation = np.where(sensors, stood, state.late_deviation)


def keep_deviation(model: ConditionModel, state: ConditionState) -> None:
    """Keep what sensors deviate by, so that at any row it is known for one to two lengths of smoothing before."""
    state.kept_rows += 1
    if state.kept_rows >= model.parameters.smoothing:
        state.kept_rows = 0
        state.former_deviation, state.late_deviation = state.late_deviation, state.deviation.copy()
