"""Do forecast probabilities mean what they say? Of forecasts of 30 %, three in ten should come true."""

import numpy as np
from numpy.typing import NDArray

BINS = 10


def calibration_error(
    probability: NDArray[np.float64], outcome: NDArray[np.bool_], weight: NDArray[np.float64] | None = None
) -> float:
    """Return the expected calibration error over ten bins of equal width.

    Source: Naeini, Cooper & Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian binning", AAAI.

    Args:
        probability: Forecast of each row, 0 to 1. Shape (batch,).
        outcome: Whether it came true. Shape (batch,).
        weight: How much each row stands for, 0 where its outcome is hidden; None counts each alike. Shape (batch,).

    Returns:
        The mean over rows of |mean forecast - share that came true| of their bin; 0 is perfect, NaN without rows.

    Examples:
        >>> round(calibration_error(np.array([0.2, 0.2, 0.9, 0.9]), np.array([False, False, True, True])), 3)
        0.15
    """
    weights = np.ones(len(probability)) if weight is None else weight
    if not weights.sum() > 0:
        return float("nan")
    index = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    gap = np.bincount(index, weights * (probability - outcome), BINS)
    return float(np.abs(gap).sum() / weights.sum())
