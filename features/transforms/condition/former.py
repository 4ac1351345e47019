"""Levels that were usual before a repair or a long change: a machine that returns to them is as it was.

While a machine runs another product for weeks, or is repaired meanwhile, what it does becomes usual. What it did before
is remembered, once, so that its return is no deviation.
"""

import math

import numpy as np

from features.transforms.condition.causes import Deviation
from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.state import ConditionState, begin_levels

_NEAR, _NEARER = 2.0, 0.5
"""Score by the former levels, and share of the score by the present ones, up to which a machine has returned."""


def return_to_former(model: ConditionModel, state: ConditionState, deviation: Deviation) -> bool:
    """Take the former levels for the usual ones again if sensors lie as usual by them; return whether.

    Args:
        model: Of the state.
        state: Changed.
        deviation: Of a row that strays.
    """
    moved = _moved(model, state)
    known = deviation.is_known[: len(moved)] & ~np.isnan(state.recent)
    if not np.count_nonzero(moved) or not known[moved != 0.0].all():
        return False
    values = np.where(known, state.recent + moved, 0.0)
    distance = float(values @ deviation.sensors @ values) * deviation.of_sensors
    score = math.sqrt(max(distance, 0.0) / model.table.limit)
    is_as_before = score < model.parameters.hold
    is_nearer = score < min(_NEAR, _NEARER * math.sqrt(max(deviation.total, 0.0) / model.table.limit))
    if not (is_as_before or is_nearer):
        return False
    now = state.relations[0, -1].copy()
    is_former = ~np.isnan(state.level_former)
    state.recent = state.recent + moved
    state.deviation = state.recent
    for kept in (state.late_deviation, state.former_deviation):
        kept += moved
    state.relations[0, -1] = np.where(is_former, state.level_former, now)
    state.level_former = np.where(is_former, now, np.nan)
    state.anchor = np.where(is_former, state.relations[0, -1], state.anchor)
    state.level_rows = np.where(is_former, model.parameters.known_rows, state.level_rows)
    state.before_epoch = np.where(is_former, 0.0, state.before_epoch)
    state.lasting, state.is_sudden, state.excused_rows, state.excess_lasting = 0, False, -1, 0
    if not is_as_before:  # what was known of them was little
        begin_levels(state, is_former, model.parameters.epoch_spread)
    return True


def _moved(model: ConditionModel, state: ConditionState) -> FloatArray:
    """Return by how much more sensors would deviate from the former levels, in noise. Shape (sensor,)."""
    return np.asarray(np.nan_to_num((state.relations[0, -1] - state.level_former) / model.noise), np.float64)
