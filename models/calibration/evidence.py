"""How much each calibration row counts, when the rows of one life belong together.

Rows of one life are not exchangeable with rows of another; lives are. So the unit is the life (or the machine, where
lives of one machine resemble each other more than lives of others). Two laws, and the promise is for rows that come
about by the same law:

- units alike: a unit counts 1, shared evenly among its rows. That is hierarchical conformal prediction (Lee, Barber &
  Willett 2023, arXiv:2306.06342), the use of every row in the place of one drawn from each unit (Dunn, Wasserman &
  Ramdas 2023, JASA 118(544)). Exact for any number of units: a row drawn at random from a new unit.
- rows alike: every row counts the same, so a unit with many rows in a group counts more there, as it does in a report
  over forecasts. Exact where all units have equally many rows; else the new unit is taken to have as many as the mean.

A weight above 1 stands for rows whose outcome censoring has hidden (`models.calibration.censoring`); a row whose
outcome is not known keeps its share with the weight 0. A unit then counts 1 on average, no longer exactly.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Alike(StrEnum):
    """What counts the same: every unit, or every row."""

    UNITS = "units"
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Which unit each row belongs to, and how much it counts within it.

    Attributes:
        unit: Index of the life or machine of each row. Shape (batch,).
        weight: 1 for a known outcome without censoring, 0 for an unknown one. Shape (batch,).
        alike: What counts the same.
    """

    unit: NDArray[np.int64]
    weight: NDArray[np.float64]
    alike: Alike = Alike.UNITS

    @staticmethod
    def of_rows(count: int) -> "Evidence":
        """Return the evidence of rows that are exchangeable one by one."""
        return Evidence(np.arange(count), np.ones(count))

    @staticmethod
    def of_units(
        unit: NDArray[np.int64], weight: NDArray[np.float64] | None = None, alike: Alike = Alike.UNITS
    ) -> "Evidence":
        """Return the evidence of rows that belong together in units, weighted where outcomes are hidden."""
        return Evidence(unit, np.ones(len(unit)) if weight is None else weight, alike)

    @property
    def units(self) -> int:
        """Number of units with at least one row, known outcome or not."""
        return len(np.unique(self.unit))

    @property
    def mass(self) -> NDArray[np.float64]:
        """What each row counts, so that a unit counts 1, or 1 on average where rows are alike. Shape (batch,).

        If all rows together count less than their units, because weights were clipped or nobody lived long enough to
        stand for the hidden ones, they are scaled up to it: what is hidden is taken to be like what is known.
        """
        _, index, count = np.unique(self.unit, return_inverse=True, return_counts=True)
        shared = count[index] if self.alike is Alike.UNITS else len(index) / max(len(count), 1)
        mass = self.weight / shared
        total = mass.sum()
        return np.asarray(mass * max(1.0, len(count) / total) if total > 0 else mass, np.float64)

    @property
    def known_units(self) -> int:
        """Number of units with at least one known outcome."""
        return len(np.unique(self.unit[self.weight > 0]))

    def is_enough(self, alpha: float) -> bool:
        """Say whether enough units have a known outcome to promise a miss rate."""
        return self.known_units >= fewest_units(alpha)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "Evidence":
        """Return the evidence of some rows."""
        return Evidence(self.unit[rows], self.weight[rows], self.alike)


def fewest_units(alpha: float) -> int:
    """Return how many units a miss rate takes where no outcome is hidden: ceil(1 / alpha) - 1.

    Examples:
        >>> fewest_units(0.1), fewest_units(0.05)
        (9, 19)
    """
    return math.ceil(round(1.0 / alpha, 9)) - 1
