"""What is remembered of the judgement of an asset."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.quality.state import QualityState


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
