"""Split conformal prediction: how far a score must reach so that a new one lies beyond it at most so often.

With one row per unit this is the textbook's quantile, rank ceil((n + 1) (1 - alpha)) (Papadopoulos 2002; Vovk,
Gammerman & Shafer 2005). With several rows per unit it is conformal risk control (Angelopoulos, Bates, Fisch, Lei &
Schuster 2024, ICLR) of each unit's share of misses: the new unit is counted as one that is missed altogether, and so
its expected share of misses is at most alpha, for any model and any number of units, as long as units are exchangeable.
Where outcomes are hidden the same rule works with estimated weights, and the promise is as good as they are.
"""

import math

import numpy as np
from numpy.typing import NDArray

from models.calibration.errors import TooFewToCalibrate
from models.calibration.evidence import Evidence, fewest_units

_ROUNDING = 1e-9


def conformal_threshold(scores: NDArray[np.float64], alpha: float, evidence: Evidence | None = None) -> float:
    """Return the smallest score beyond which a new unit lies with at most `alpha` of its mass.

    Args:
        scores: Larger is worse: the row is missed by every threshold below its score. Shape (batch,).
        alpha: Miss rate aimed at, above 0 and below 1.
        evidence: Units and weights of the rows; None where rows are exchangeable one by one.

    Returns:
        One of the scores; infinity where there are too few units to promise anything, so that everything is covered.

    Examples:
        >>> conformal_threshold(np.arange(1.0, 20.0), 0.1)
        18.0
        >>> conformal_threshold(np.arange(8.0), 0.1)
        inf
    """
    known = evidence or Evidence.of_rows(len(scores))
    allowed = alpha * (known.units + 1) - 1.0 + _ROUNDING
    if not known.is_enough(alpha):
        return math.inf
    order = np.argsort(scores, kind="stable")
    mass = known.mass[order]
    beyond = mass.sum() - np.cumsum(mass)
    first = int(np.argmax(beyond <= allowed))
    return float(scores[order[first]])


def require_enough(evidence: Evidence, alpha: float) -> None:
    """Check that there are enough units for a threshold that is not infinite.

    Raises:
        TooFewToCalibrate: If there are fewer than the miss rate takes.
    """
    if not evidence.is_enough(alpha):
        raise TooFewToCalibrate(
            f"Calibrating to a miss rate of {alpha:.3g} must have at least {fewest_units(alpha)} units (lives or "
            f"machines) with a known end; found {evidence.known_units}. "
            "Bring more histories, or ask for less coverage."
        )


def quantile_scores(
    low: NDArray[np.float64], high: NDArray[np.float64], truth: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far each true value lies outside of its interval, below 0 inside: the score of CQR.

    Source: Romano, Patterson & Candès 2019, "Conformalized quantile regression", NeurIPS 32. Widen an interval by the
    threshold on both sides, and it is calibrated.

    Args:
        low: Lower bounds. Shape (batch,).
        high: Upper bounds. Shape (batch,).
        truth: True values. Shape (batch,).

    Examples:
        >>> quantile_scores(np.array([1.0, 1.0]), np.array([5.0, 5.0]), np.array([2.0, 7.0])).tolist()
        [-1.0, 2.0]
    """
    return np.asarray(np.maximum(low - truth, truth - high), np.float64)
