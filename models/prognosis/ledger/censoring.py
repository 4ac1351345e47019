"""Weights that stand in for those of whom censoring took the answer (inverse probability of censoring).

A row whose answer is known weighs 1/G, with G the probability that a row like it is still followed at that moment, by
Kaplan and Meier with censoring as the event. The weighted share that failed within a horizon is then Kaplan and
Meier's own estimate (Satten and Datta, "The Kaplan-Meier estimator as an inverse-probability-of-censoring weighted
average", The American Statistician 55(3), 2001). Of a failure and a censoring at one moment the failure comes first.

Rows are followed differently once a plant was warned, for who is warned replaces: each stratum has its own G.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_FOLLOWED = 0.2
"""Where a smaller share than this of a stratum is still followed, a few rows speak for many."""

LEAST_ANSWERED = 0.95
"""A figure needs so large a share of all rows to be spoken for by rows that are followed well enough."""


@dataclass(frozen=True, slots=True)
class Followed:
    """How long rows are followed.

    Attributes:
        lived: Life until failure or censoring, life units. Shape (batch,).
        is_failure: Shape (batch,).
        weight: Weight of each row, not negative. Shape (batch,).
        stratum: Rows of one number are followed alike. Shape (batch,).
    """

    lived: NDArray[np.float64]
    is_failure: NDArray[np.bool_]
    weight: NDArray[np.float64]
    stratum: NDArray[np.int64]

    def share(self, life: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each row the share of its stratum that would still be followed just before a life.

        Args:
            life: Life units. Shape (batch,).

        Returns:
            1 where nobody is censored earlier. Shape (batch,).
        """
        found = np.ones(len(self.lived))
        for stratum in np.unique(self.stratum):
            rows = self.stratum == stratum
            times, after = _still_followed(self.lived[rows], self.is_failure[rows], self.weight[rows])
            place = np.searchsorted(times, life[rows], side="left")  # censored at that very moment: followed so far
            found[rows] = np.concatenate([[1.0], after])[place]
        return found

    def answered(self, horizon: float) -> tuple[NDArray[np.bool_], NDArray[np.float64], float]:
        """Tell who failed within a horizon, with what weight the answer counts, and how far it can be trusted.

        Args:
            horizon: Life units.

        Returns:
            Whether a row failed within the horizon; its weight, 0 where nobody knows; and the share of all rows that
            is spoken for by rows followed well enough. Shapes (batch,), (batch,).
        """
        failed = self.is_failure & (self.lived <= horizon)
        weight, answered = self.known(failed | (self.lived >= horizon), np.minimum(self.lived, horizon))
        return failed, weight, answered

    def known(self, is_known: NDArray[np.bool_], life: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        """Weigh rows whose answer is known, so that they stand in for the others.

        Args:
            is_known: Shape (batch,).
            life: When each was answered, life units. Shape (batch,).

        Returns:
            Weights, 0 where nobody knows, of shape (batch,), and the share of all rows that is spoken for by rows
            followed well enough: 1 where censoring took nothing that others cannot make up for.
        """
        followed, total = self.share(life), float(self.weight.sum())
        weight = np.where(is_known & (followed > 0), self.weight / np.where(followed > 0, followed, 1.0), 0.0)
        return weight, float(weight[followed >= LEAST_FOLLOWED].sum()) / total if total > 0 else 0.0


def _still_followed(
    lived: NDArray[np.float64], is_failure: NDArray[np.bool_], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the times of censoring and the share still followed after each."""
    times, place = np.unique(lived, return_inverse=True)
    censored = np.bincount(place, np.where(is_failure, 0.0, weight), len(times))
    failed = np.bincount(place, np.where(is_failure, weight, 0.0), len(times))
    at_risk = np.cumsum((censored + failed)[::-1])[::-1] - failed
    happens = censored > 0
    left = 1.0 - censored[happens] / at_risk[happens]
    return times[happens], np.asarray(np.cumprod(np.maximum(left, 0.0)), np.float64)
