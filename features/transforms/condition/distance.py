"""How far sensors and conditions stray, together: squared Mahalanobis distances, and the score made of them."""

import math

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.causes import Deviation
from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.state import ConditionState, doubt_of
from features.transforms.condition.ways import condition_covariance, moved_conditions

_STALE = 3.0
MOST_DOUBT = 4.0
"""Where a machine is run as it hardly ever was, less is known of its sensors, but no less than this."""


def deviations(model: ConditionModel, state: ConditionState, blamed: NDArray[np.bool_] | None = None) -> Deviation:
    """Return how far signals are from what they should be, those of blamed instruments left out.

    Args:
        model: Of the state.
        state: Left as it is.
        blamed: Signals whose measurement is known to be at fault, in the order of the table; None for none. Shape
            (signal,).
    """
    values = np.concatenate([state.tracks[0], moved_conditions(model, state)])
    oldest = state.seconds - _STALE * model.parameters.smoothing * state.interval
    if blamed is None and state.whole_seconds >= oldest:
        told = _weighed(model, state, values, model.every, (model.precision, state.condition_precision[1]))
        if not math.isnan(told.total):
            return told
    sensors, known = len(state.level), ~np.isnan(values)
    known[:sensors] &= state.deviation_seconds >= oldest
    if blamed is not None:
        known &= ~np.roll(blamed, sensors)  # conditions come last here
    of_conditions = model.partial(condition_covariance(model, state), known[sensors:])
    precisions = (model.precision_of(known[:sensors]), of_conditions)
    return _weighed(model, state, np.where(known, values, 0.0), known, precisions)


def _weighed(
    model: ConditionModel,
    state: ConditionState,
    values: FloatArray,
    known: NDArray[np.bool_],
    precisions: tuple[FloatArray, FloatArray],
) -> Deviation:
    sensors, doubt = len(state.level), doubt_of(model, state)
    own, others = values[:sensors], values[sensors:]
    moved = float(others.dot(precisions[1].dot(others))) / doubt
    share = 1.0 / (doubt * (1.0 + min(moved / model.table.condition_limit, MOST_DOUBT)))
    total = float(own.dot(precisions[0].dot(own))) * share
    return Deviation(values, known, *precisions, total, moved, share, 1.0 / doubt, known is model.every)


def is_over(model: ConditionModel, state: ConditionState, deviation: Deviation) -> bool:
    """Say whether what was measured lately is as usual, although what was measured before is still in the mean."""
    sensors = len(state.level)
    recent = np.where(deviation.is_known[:sensors], state.recent, 0.0)
    return float(recent.dot(deviation.sensors.dot(recent))) * deviation.of_sensors < model.table.limit


def score_of(model: ConditionModel, state: ConditionState, deviation: Deviation) -> float:
    """Return the distance of the sensors by its limit; NaN where none can be compared."""
    if not deviation.is_all and not np.count_nonzero(deviation.is_known[: len(state.level)]):
        return math.nan
    return math.sqrt(max(deviation.total, 0.0) / model.table.limit)
