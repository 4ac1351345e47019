"""What a value on a line is worth, and which of two values of one moment stands (contract 1)."""

import math

import numpy as np
from numpy.typing import NDArray

from features.quality.verdicts import SetAsideReason

_NUMBERS = (int, float)


def measured(value: object) -> float | SetAsideReason:
    """Return a value as a number (NaN where not measured), or why it cannot be used."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return SetAsideReason.NOT_A_NUMBER
    try:
        number = float(value) + 0.0  # -0.0 becomes 0.0
    except OverflowError:
        return SetAsideReason.NON_FINITE
    return SetAsideReason.NON_FINITE if math.isinf(number) else number


def conflicting(values: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which signals have another value than is known at the same moment. Shapes (signal,)."""
    return np.asarray(~np.isnan(known) & ~np.isnan(values) & (known != values))


def merged(values: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one row of two of the same moment: what either measured, of two values the one that stands.

    Of two values with one key the larger canonical bytes win, in the form that telemetry orders by. Shapes (signal,).
    """
    is_new = np.isnan(known) & ~np.isnan(values)
    return np.where(is_new | (conflicting(values, known) & _is_greater(values, known)), values, known)


def _is_greater(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    is_negative, other_is_negative = one < 0, other < 0
    is_larger = np.abs(one) > np.abs(other)
    return np.where(is_negative == other_is_negative, is_larger, is_negative)
