"""Whether as many machines fail as the model expects, lately and before."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.condition.rates import poisson_bounds

LEVEL = 0.99


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Failures that there were, against those expected.

    Each row expects 1 - S up to the next row of its life; the sum over rows of all lives, censored ones as well, is
    the cumulative hazard, and failures less that sum are a martingale (Andersen, Borgan, Gill and Keiding,
    "Statistical models based on counting processes", 1993, II.4), so censoring needs no correction.

    Attributes:
        observed: Failures.
        expected: Failures expected.
        low: Lower end of the 99 % interval of their ratio.
        high: Upper end.
    """

    observed: int
    expected: float
    low: float
    high: float

    @property
    def ratio(self) -> float:
        """Failures for each that was expected."""
        return self.observed / self.expected if self.expected > 0 else float("nan")

    @property
    def has_drifted(self) -> bool:
        """Whether the interval of the ratio leaves out 1."""
        return self.expected > 0 and not self.low <= 1.0 <= self.high


def outcomes(expected: NDArray[np.float64], failed: NDArray[np.bool_]) -> Outcomes:
    """Compare sums; the interval is the exact one of a Poisson count (Garwood 1936).

    Args:
        expected: Shape (batch,).
        failed: Shape (batch,).
    """
    count, total = int(failed.sum()), float(expected.sum())
    low, high = poisson_bounds(count, (1.0 - LEVEL) / 2.0)
    scale = 1.0 / total if total > 0 else float("nan")
    return Outcomes(count, total, low * scale, high * scale)
