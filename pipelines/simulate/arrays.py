"""Array types, and the two filters on which climate, temperatures and noise stand: lag and wander."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
CodeArray = NDArray[np.int8]

_NEGLIGIBLE = 1e-12


def first_order(drive: FloatArray, decay: float) -> FloatArray:
    """Return y with y[t] = decay · y[t-1] + drive[t], by recursive doubling instead of a loop over time.

    Args:
        drive: Shape (time, …).
        decay: Share kept from one row to the next, 0 to below 1.

    Returns:
        The filtered series, of the shape of `drive`.

    Examples:
        >>> first_order(np.array([1.0, 0.0, 0.0, 2.0]), 0.5).tolist()
        [1.0, 0.5, 0.25, 2.125]
    """
    out = drive.copy()
    shift, power = 1, decay
    while shift < len(out) and power > _NEGLIGIBLE:
        out[shift:] = out[shift:] + power * out[:-shift]
        shift, power = 2 * shift, power * power
    return out


def lag(target: FloatArray, step_hours: float, constant_hours: float) -> FloatArray:
    """Follow `target` with a first-order delay, exact for a target that is constant within a step."""
    decay = float(np.exp(-step_hours / constant_hours))
    drive = (1.0 - decay) * target
    drive[0] = target[0]
    return first_order(drive, decay)


def wander(rng: np.random.Generator, rows: int, columns: int, step_hours: float, constant_hours: float) -> FloatArray:
    """Draw stationary noise of unit variance that forgets itself with a time constant.

    Returns:
        Shape (time, channel).
    """
    decay = float(np.exp(-step_hours / constant_hours))
    white = rng.standard_normal((rows, columns))
    drive = float(np.sqrt(1.0 - decay * decay)) * white
    drive[0] = white[0]
    return first_order(drive, decay)
