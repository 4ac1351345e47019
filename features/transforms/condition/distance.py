"""How far sensors and conditions stray, together: squared Mahalanobis distances, and the score made of them."""

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.causes import Deviation
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState, doubt_of
from features.transforms.condition.ways import condition_covariance, moved_conditions

_STALE = 3.0
_MOST_DOUBT = 4.0
"""Where a machine is run as it hardly ever was, less is known of its sensors, but no less than this."""


def deviations(model: ConditionModel, state: ConditionState, blamed: NDArray[np.bool_]) -> Deviation:
    """Return how far signals are from what they should be, those of blamed instruments left out.

    Args:
        model: Of the state.
        state: Left as it is.
        blamed: Signals whose measurement is known to be at fault, in the order of the table. Shape (signal,).
    """
    conditions, sensors = len(state.origin), len(state.level)
    is_fresh = state.seconds - state.deviation_seconds <= _STALE * model.parameters.smoothing * state.interval
    known = np.concatenate(
        [
            is_fresh & ~np.isnan(state.deviation) & ~blamed[conditions:],
            ~np.isnan(state.condition) & ~blamed[:conditions],
        ]
    )
    values = np.where(known, np.concatenate([state.deviation, moved_conditions(model, state)]), 0.0)
    precision = np.zeros((sensors + conditions, sensors + conditions))
    own = known[:sensors]
    precision[:sensors, :sensors] = model.precision_of(own)
    precision[sensors:, sensors:] = model.partial(condition_covariance(model, state), known[sensors:])
    precision /= doubt_of(model, state)
    moved = float(values[sensors:] @ precision[sensors:, sensors:] @ values[sensors:])
    precision[:sensors, :sensors] /= 1.0 + min(moved / model.table.condition_limit, _MOST_DOUBT)
    told = precision @ values * values
    return Deviation(values, known, precision, float(told[:sensors].sum()), moved)


def is_over(model: ConditionModel, state: ConditionState, deviation: Deviation) -> bool:
    """Say whether what was measured lately is as usual, although what was measured before is still in the mean."""
    sensors = len(state.level)
    recent = np.where(deviation.is_known[:sensors], state.recent, 0.0)
    return float(recent @ deviation.precision[:sensors, :sensors] @ recent) < model.table.limit


def score_of(model: ConditionModel, state: ConditionState, deviation: Deviation) -> float:
    """Return the distance of the sensors by its limit; NaN where none can be compared."""
    if not deviation.is_known[: len(state.level)].any():
        return float("nan")
    return float(np.sqrt(max(deviation.total, 0.0) / model.table.limit))
