"""From a survival curve to what people ask: probabilities at horizons, quantiles and mean of remaining life.

A curve gives the probability to survive each step of the pack's life grid. Between steps it is linear. Mass
beyond the grid sits at the cap: "at least this long".
"""

import numpy as np
from numpy.typing import NDArray


def failure_probability(
    survival: NDArray[np.float64], step: float, horizons: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the probability of failure within each horizon.

    Args:
        survival: Probability to outlive each step's end. Shape (batch, time).
        step: Width of a step, life units.
        horizons: Life units, at most the cap. Shape (horizon,).

    Returns:
        Shape (batch, horizon).

    Examples:
        >>> failure_probability(np.array([[0.8, 0.6]]), 10.0, np.array([5.0, 20.0])).round(2).tolist()
        [[0.1, 0.4]]
    """
    curve = _with_start(survival)
    position = np.clip(np.asarray(horizons, np.float64) / step, 0, survival.shape[1])
    below = np.minimum(position.astype(np.int64), survival.shape[1] - 1)
    part = position - below
    return np.asarray(1.0 - (curve[:, below] * (1.0 - part) + curve[:, below + 1] * part), np.float64)


def quantile(survival: NDArray[np.float64], step: float, level: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return the remaining life below which lies a share `level` of the probability.

    Args:
        survival: Shape (batch, time); never rising.
        step: Life units.
        level: In 0..1, one for all rows or one per row.

    Returns:
        Life units, the cap where the curve stays above 1 - level. Shape (batch,).

    Examples:
        >>> quantile(np.array([[0.8, 0.6]]), 10.0, 0.3).round(2).tolist()
        [15.0]
    """
    curve = _with_start(survival)
    wanted = np.broadcast_to(1.0 - np.asarray(level, np.float64), (survival.shape[0],))
    is_below = curve < wanted[:, None]
    is_reached = is_below.any(axis=1)
    after = np.where(is_reached, is_below.argmax(axis=1), survival.shape[1])
    after = np.maximum(after, 1)
    rows = np.arange(survival.shape[0])
    high, low = curve[rows, after - 1], curve[rows, after]
    part = (high - wanted) / np.where(high > low, high - low, 1.0)
    reached = (after - 1 + np.clip(part, 0.0, 1.0)) * step
    return np.asarray(np.where(is_reached, reached, survival.shape[1] * step), np.float64)


def mean_life(survival: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Return the mean remaining life up to the cap: the area under the curve.

    Args:
        survival: Shape (batch, time).
        step: Life units.

    Returns:
        Life units. Shape (batch,).
    """
    curve = _with_start(survival)
    return np.asarray((0.5 * (curve[:, 1:] + curve[:, :-1])).sum(axis=1) * step, np.float64)


def cumulative(survival: NDArray[np.float64], step: float, life: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each row's probability to fail before its own remaining life.

    Args:
        survival: Shape (batch, time).
        step: Life units.
        life: Remaining life of each row, life units. Shape (batch,).

    Returns:
        Shape (batch,).
    """
    curve = _with_start(survival)
    position = np.clip(life / step, 0, survival.shape[1])
    below = np.minimum(position.astype(np.int64), survival.shape[1] - 1)
    part, rows = position - below, np.arange(survival.shape[0])
    return np.asarray(1.0 - (curve[rows, below] * (1.0 - part) + curve[rows, below + 1] * part), np.float64)


def _with_start(survival: NDArray[np.float64]) -> NDArray[np.float64]:
    wide = np.asarray(survival, np.float64)
    return np.concatenate([np.ones((wide.shape[0], 1)), wide], axis=1)
