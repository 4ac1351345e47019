"""Intervals calibrated on machines that a member has not seen: split conformal prediction.

The promise holds exactly only where nothing else was chosen on those machines. Epoch and width are (ADR 0005), so
coverage is measured anew on machines that no fold holds, and that figure is the one to quote.

The score of a row is how far from the middle of its own predicted distribution its true remaining life lay
(distributional conformal prediction, Chernozhukov, Wüthrich & Zhu 2021, PNAS 118(48)). Its 90 % quantile q
makes the interval from the (0.5 - q) to the (0.5 + q) quantile, which is wide where the network is unsure.
"""

import math

import numpy as np
from numpy.typing import NDArray

from features.transforms.survival import cumulative, quantile


def conformal_half_level(
    survival: NDArray[np.float64], step: float, remaining: NDArray[np.float64], coverage: float = 0.9
) -> float:
    """Return q, so that the interval between quantiles 0.5 - q and 0.5 + q covers a new machine's life.

    Args:
        survival: Predicted by models that have not seen the row's machine. Shape (batch, time).
        step: Life units.
        remaining: True remaining life, life units; at or beyond the cap counts as the cap. Shape (batch,).
        coverage: Share of lives to cover.

    Returns:
        q, in 0..0.5.

    Raises:
        ValueError: If there are too few rows for the coverage.
    """
    scores = np.sort(conformal_scores(survival, step, remaining))
    rank = math.ceil((len(scores) + 1) * coverage)
    if rank > len(scores):
        fewest = math.ceil(round(coverage / (1 - coverage), 9))
        raise ValueError(
            f"Calibrating to {coverage:.0%} must have at least {fewest} rows of machines "
            f"with a known end; found {len(scores)}. Bring more histories that end in a failure."
        )
    return float(scores[rank - 1])


def conformal_scores(survival: NDArray[np.float64], step: float, remaining: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each row's distance from the middle of its predicted distribution, 0 to 0.5. Shape (batch,)."""
    cap = survival.shape[1] * step
    below = cumulative(survival, step, np.minimum(remaining, cap))
    at_cap = remaining >= cap
    # At the cap the distribution has a mass: such a life is covered as soon as the upper quantile reaches it.
    return np.asarray(np.where(at_cap, np.maximum(below - 0.5, 0.0), np.abs(below - 0.5)), np.float64)


def interval(
    survival: NDArray[np.float64], step: float, half_level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the calibrated lower and upper bounds, life units. Each of shape (batch,)."""
    return quantile(survival, step, 0.5 - half_level), quantile(survival, step, 0.5 + half_level)
