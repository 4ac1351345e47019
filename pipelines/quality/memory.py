"""What is remembered of the judgement of an asset, so that it can go on from where it was, or from a little before."""

from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.quality.state import QualityState

_MOST, _ROWS_APART = 12, 50


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The judgement as it stood after a row.

    Attributes:
        last_us: Time of that row, microseconds since 1970.
        rows: Rows judged since the asset's beginning.
        state: What was known then.
        namur: State of each measuring point. Shape (signal,).
    """

    last_us: int
    rows: int
    state: QualityState
    namur: NDArray[np.int8]


@dataclass(slots=True)
class Memory:
    """The newest checkpoints of an asset, by time; they lie some rows apart, but for the newest."""

    checkpoints: list[Checkpoint] = field(default_factory=list)

    def before(self, first_us: int) -> Checkpoint | None:
        """Return the newest checkpoint before a moment, and forget those from it on: they hold no more."""
        place = bisect_left([each.last_us for each in self.checkpoints], first_us)
        del self.checkpoints[place:]
        return self.checkpoints[-1] if self.checkpoints else None

    def add(self, checkpoint: Checkpoint) -> None:
        """Remember a checkpoint that is newer than all others."""
        if len(self.checkpoints) > 1 and checkpoint.rows - self.checkpoints[-2].rows < _ROWS_APART:
            self.checkpoints.pop()
        self.checkpoints.append(checkpoint)
        del self.checkpoints[:-_MOST]
