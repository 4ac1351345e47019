"""What a hazard network learns from: how many steps a machine outlived, and whether it then failed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import LifeGrid


@dataclass(frozen=True, slots=True)
class LabelledVectors:
    """Feature vectors with what became of their machine.

    Attributes:
        vectors: NaN where unknown. Shape (batch, feature).
        remaining: Remaining life until the end of the life, whatever ended it, life units. Shape (batch,).
        is_failure: Whether that end was a failure; else it is censored: "at least so long". Shape (batch,).
        machine: Index of the machine, the unit of every split. Shape (batch,).
        life_id: Index of the life within the data. Shape (batch,).
        age: Life at the row, life units. Shape (batch,).
        regime: Operating regime at the row. Shape (batch,).
        mode: Failure mode of the failure that ended the life, empty where it is not known or there was none; None where
            nobody looked. Shape (batch,).
    """

    vectors: NDArray[np.float32]
    remaining: NDArray[np.float64]
    is_failure: NDArray[np.bool_]
    machine: NDArray[np.int64]
    life_id: NDArray[np.int64]
    age: NDArray[np.float64]
    regime: NDArray[np.int64]
    mode: NDArray[np.str_] | None = None

    def __len__(self) -> int:
        return len(self.remaining)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "LabelledVectors":
        """Return some of the rows, by index or mask."""
        return LabelledVectors(
            self.vectors[rows],
            self.remaining[rows],
            self.is_failure[rows],
            self.machine[rows],
            self.life_id[rows],
            self.age[rows],
            self.regime[rows],
            None if self.mode is None else self.mode[rows],
        )

    def is_known_within(self, cap: float) -> NDArray[np.bool_]:
        """Say for which rows remaining life, clipped at `cap`, is known. Shape (batch,)."""
        return np.asarray(self.is_failure | (self.remaining >= cap), np.bool_)


@dataclass(frozen=True, slots=True)
class HazardTargets:
    """Remaining life on the grid.

    Attributes:
        outlived: Whole steps outlived, at most the number of steps. Shape (batch,).
        has_failed: Whether failure fell in the step after them. Shape (batch,).
    """

    outlived: NDArray[np.int64]
    has_failed: NDArray[np.bool_]


def hazard_targets(remaining: NDArray[np.float64], is_failure: NDArray[np.bool_], grid: LifeGrid) -> HazardTargets:
    """Put remaining lives on the grid; step k covers (k × step, (k + 1) × step].

    Args:
        remaining: Life units, not negative. Shape (batch,).
        is_failure: Shape (batch,).
        grid: The pack's grid.

    Returns:
        The targets.

    Examples:
        >>> targets = hazard_targets(np.array([0.0, 3.0, 99.0]), np.array([True, True, True]), LifeGrid(1.0, 10))
        >>> targets.outlived.tolist(), targets.has_failed.tolist()
        ([0, 2, 10], [True, True, False])
    """
    position = remaining / grid.step
    failing = np.maximum(np.ceil(position) - 1, 0)
    outlived = np.where(is_failure, failing, np.floor(position)).astype(np.int64)
    return HazardTargets(np.minimum(outlived, grid.steps), is_failure & (outlived < grid.steps))
