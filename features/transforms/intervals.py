"""Intervals of remaining life: a table of levels, and the numpy step that reads them off a survival curve.

The table is fitted by `models.calibration.levels` and travels in a bundle as data; the centre and the gateway apply it
with the code below. Which levels a forecast gets hangs on what is known when it is made: the operating regime and the
stage of life, told by the predicted median.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from features.domain.errors import InvalidValue
from features.transforms.survival import quantile

_EDGE = 1e-9
"""In steps: so near to an edge a quantile counts as being on it."""


@dataclass(frozen=True, slots=True)
class IntervalTable:
    """Levels of the quantiles that bound remaining life, by operating regime and stage of life.

    Attributes:
        coverage: Share of lives that the interval was calibrated to hold, for example 0.9.
        stage_edges: Predicted medians that part the stages of life, life units, ascending; none for one stage.
            Stage k holds medians from edge k - 1, included, to edge k, not included.
        low: Level of the lower bound, 0 to 0.5. One row per regime and a last one for any other regime; one
            column per stage.
        high: Level of the upper bound, 0.5 to 1, likewise.
        whole_steps: Whether the lower bound is rounded down to a step of the grid. A failure is known to fall into a
            step, not where within it; without this a life that ends within the coming step lies below every quantile.

    Raises:
        InvalidValue: If a number is outside its range, or the rows do not fit the edges.
    """

    coverage: float
    stage_edges: tuple[float, ...]
    low: tuple[tuple[float, ...], ...]
    high: tuple[tuple[float, ...], ...]
    whole_steps: bool = False

    def __post_init__(self) -> None:
        """Check levels, edges and their shapes."""
        _check(0 < self.coverage < 1, "coverage", "lie between 0 and 1", self.coverage)
        edges = self.stage_edges
        is_ascending = all(early < late for early, late in pairwise(edges)) and all(edge > 0 for edge in edges)
        _check(is_ascending, "stage_edges", "ascend and lie above 0", edges)
        for name, levels, least, most in (("low", self.low, 0.0, 0.5), ("high", self.high, 0.5, 1.0)):
            is_table = bool(levels) and all(len(row) == len(edges) + 1 for row in levels)
            _check(is_table and len(levels) == len(self.low), name, f"have rows of {len(edges) + 1} stages", levels)
            inside = all(least <= level <= most for row in levels for level in row)
            _check(inside, name, f"hold levels from {least:g} to {most:g}", levels)

    @staticmethod
    def of_half_level(half_level: float, coverage: float = 0.9) -> "IntervalTable":
        """Return the table that knows neither regimes nor stages, from quantile 0.5 - q to 0.5 + q."""
        return IntervalTable(coverage, (), ((0.5 - half_level,),), ((0.5 + half_level,),))

    @property
    def regimes(self) -> int:
        """Number of regimes with a row of their own."""
        return len(self.low) - 1

    @property
    def stages(self) -> int:
        """Number of stages of life."""
        return len(self.stage_edges) + 1

    def stage_of(self, median: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the stage of life that each predicted median belongs to. Shape (batch,).

        Examples:
            >>> IntervalTable(0.9, (10.0,), ((0.05, 0.05),), ((0.95, 0.95),)).stage_of(np.array([9.9, 10.0])).tolist()
            [0, 1]
        """
        return stage_of(median, self.stage_edges)

    def levels(
        self, median: NDArray[np.float64], regime: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the levels of both bounds for each row.

        Args:
            median: Predicted median remaining life, life units. Shape (batch,).
            regime: Operating regime; below 0, or beyond those calibrated, is "any other". Shape (batch,).

        Returns:
            Lower and upper level, each of shape (batch,).
        """
        is_own = (regime >= 0) & (regime < self.regimes)
        row, column = np.where(is_own, regime, self.regimes), self.stage_of(median)
        return np.asarray(self.low, np.float64)[row, column], np.asarray(self.high, np.float64)[row, column]


def stage_of(median: NDArray[np.float64], edges: tuple[float, ...]) -> NDArray[np.int64]:
    """Return the stage between ascending edges, life units; a median at an edge belongs above it. Shape (batch,)."""
    return np.asarray(np.searchsorted(np.asarray(edges, np.float64), median, side="right"), np.int64)


def life_at(survival: NDArray[np.float64], step: float, level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the remaining life at a level of each row's distribution; level 0 is no life at all.

    A curve that is flat at 1 says nothing below the end of that part, so its quantile at 0 is 0, where all
    lives begin.

    Args:
        survival: Shape (batch, time); never rising.
        step: Life units.
        level: In 0..1. Shape (batch,).

    Returns:
        Life units. Shape (batch,).
    """
    return np.asarray(np.where(level <= 0.0, 0.0, quantile(survival, step, level)), np.float64)


def step_start(life: NDArray[np.float64], step: float, cap: float) -> NDArray[np.float64]:
    """Return where the step of the grid begins that a remaining life falls into; the cap stays the cap.

    An edge between two steps belongs to the earlier one, as the end of it.

    Examples:
        >>> step_start(np.array([0.0, 9.9, 10.0, 10.1, 40.0]), 10.0, 40.0).tolist()
        [0.0, 0.0, 0.0, 10.0, 40.0]
    """
    begun = np.maximum(np.ceil(life / step - _EDGE) - 1.0, 0.0) * step
    return np.asarray(np.where(life >= cap, life, begun), np.float64)


def bounds(
    survival: NDArray[np.float64], step: float, table: IntervalTable, regime: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return lower bound, median and upper bound of remaining life.

    Args:
        survival: Shape (batch, time); never rising.
        step: Life units.
        table: The calibrated levels.
        regime: Operating regime of each row, below 0 where unknown. Shape (batch,).

    Returns:
        Life units. Three arrays of shape (batch,); the median lies between the other two.
    """
    median = quantile(survival, step, 0.5)
    low, high = table.levels(median, regime)
    # One call for both bounds: for a single asset the calls cost more than the arithmetic.
    both = life_at(np.concatenate([survival, survival]), step, np.concatenate([low, high]))
    least, most = both[: len(median)], both[len(median) :]
    return step_start(least, step, survival.shape[1] * step) if table.whole_steps else least, median, most


def _check(holds: bool, name: str, must: str, found: object) -> None:
    if not holds:
        raise InvalidValue(name, must=must, found=found, remedy="Calibrate again.")
