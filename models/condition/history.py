"""Readings of one machine, and their level: mean and deviation, by which signals are made comparable."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.condition.errors import HistoryTooShort

_LEAST = 1e-9
_STILL = 0.01
"""A signal that never moved is taken to have a deviation of this share of its value: how far it may is not known."""


@dataclass(frozen=True, slots=True)
class History:
    """Readings of one machine in time order.

    Attributes:
        seconds: Times, not descending. Shape (row,).
        readings: NaN where not measured. Shape (row, signal).
    """

    seconds: NDArray[np.float64]
    readings: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.seconds)

    def part(self, rows: slice) -> "History":
        """Return some rows."""
        return History(self.seconds[rows], self.readings[rows])

    def require(self, rows: int) -> None:
        """Check that there is enough to learn from.

        Raises:
            HistoryTooShort: If there are fewer rows.
        """
        if len(self) < rows:
            raise HistoryTooShort(
                f"Learning what is normal must have at least {rows} rows of healthy history; found {len(self)}. "
                "Wait for more readings."
            )

    def interval(self) -> float:
        """Return the median seconds between rows, above 0."""
        return max(float(np.median(np.diff(self.seconds))), 1e-6)


@dataclass(frozen=True, slots=True)
class Level:
    """Mean and standard deviation. Arrays have shape (signal,); deviations are above 0."""

    center: NDArray[np.float64]
    scale: NDArray[np.float64]

    @staticmethod
    def of(history: History) -> "Level":
        """Return the level of readings."""
        return Level.of_values(history.readings)

    @staticmethod
    def of_values(values: NDArray[np.float64], still: float | None = None) -> "Level":
        """Return the level of rows.

        Args:
            values: NaN where unknown; of a signal that is nowhere known, so is its level. Shape (row, signal).
            still: Deviation of a signal that never moved; by default a hundredth of its value.
        """
        known = ~np.isnan(values).all(axis=0)
        center, deviation = (np.full(values.shape[1], np.nan) for _ in range(2))
        center[known], deviation[known] = np.nanmean(values[:, known], axis=0), np.nanstd(values[:, known], axis=0)
        instead = np.maximum(_STILL * np.abs(center), _LEAST) if still is None else still
        return Level(center, np.where(np.isnan(deviation) | (deviation > _LEAST), deviation, instead))

    def z_scores(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return z-scores. Shape as given."""
        return np.asarray((rows - self.center) / self.scale, np.float64)
