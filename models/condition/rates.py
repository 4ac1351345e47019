"""What a count of events says of their rate: exact bounds of a Poisson count, and how far events come in clusters."""

import numpy as np
from numpy.typing import NDArray


def poisson_bounds(count: float, tail: float) -> tuple[float, float]:
    """Return the exact lower and upper bound of the mean of a Poisson count (Garwood 1936, "Fiducial limits").

    Args:
        count: At least 0; it may be a fraction where a count was divided by its dispersion.
        tail: Probability of each end that lies outside.

    Examples:
        >>> [round(each, 3) for each in poisson_bounds(0, 0.05)]
        [0.0, 2.996]
    """
    from scipy.stats import chi2  # lazy: scipy takes half a second

    low = 0.0 if count == 0 else float(chi2.ppf(tail, 2 * count)) / 2.0
    return low, float(chi2.ppf(1.0 - tail, 2 * count + 2)) / 2.0


def dispersion(counts: NDArray[np.float64], exposures: NDArray[np.float64]) -> float:
    """Return how much more counts vary between units than a common Poisson rate lets them, at least 1.

    Pearson's chi-square over its degrees of freedom (McCullagh and Nelder, "Generalized linear models", 1989, 6.2.3).
    Events that come three at a time give about 3: a count divided by it is that of the clusters.

    Args:
        counts: Events of each unit. Shape (unit,).
        exposures: For how long each was watched; above 0. Shape (unit,).
    """
    total = float(counts.sum())
    if total == 0.0 or len(counts) < 2:
        return 1.0
    expected = total * exposures / exposures.sum()
    return max(float(((counts - expected) ** 2 / expected).sum()) / (len(counts) - 1), 1.0)
