"""How far sensors and conditions stray, together: squared Mahalanobis distances, and the score made of them."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.causes import Deviation, failure_mode
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
    sensors, values = len(state.level), deviation.values.copy()
    values[:sensors] = np.where(deviation.is_known[:sensors], state.recent, 0.0)
    total = float(values[:sensors].dot(deviation.sensors.dot(values[:sensors]))) * deviation.of_sensors
    return strayed(model, replace(deviation, values=values, total=total)) < 1.0


def score_of(model: ConditionModel, state: ConditionState, deviation: Deviation) -> float:
    """Return how far the sensors stray, by what healthy machines show; NaN where none can be compared."""
    if not deviation.is_all and not np.count_nonzero(deviation.is_known[: len(state.level)]):
        return math.nan
    return strayed(model, deviation)


def strayed(model: ConditionModel, deviation: Deviation) -> float:
    """Return the distance of the sensors by its limit, or what a failure mode explains by its own, if that is more.

    In the one direction in which a fault is expected, less is needed to know it than in any.
    """
    return math.sqrt(
        max(deviation.total / model.table.limit, mode_gain(model, deviation) / model.table.mode_limit, 0.0)
    )


def mode_gain(model: ConditionModel, deviation: Deviation) -> float:
    """Return what the failure mode that explains most does of the sensors' distance; 0 of one that is small anyway."""
    return failure_mode(model, deviation, 1.0, 0.0).gain if deviation.total > model.mode_bar else 0.0
