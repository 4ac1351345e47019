"""What is remembered of the judgement of an asset."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.quality.compact import Fingerprints, PackedState, StateLayout
from features.quality.state import QualityState
from pipelines.checkpoints import Memory

_POINTS = 6


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


@dataclass(frozen=True, slots=True)
class _Packed:
    last_us: int
    rows: int
    state: PackedState
    namur: bytes


@dataclass(slots=True)
class Checkpoints:
    """The newest checkpoints of one asset: the last as it is, those before it compressed, all fingerprints once."""

    _points: Memory[_Packed] = field(default_factory=lambda: Memory[_Packed](_POINTS))
    _prints: Fingerprints = field(default_factory=Fingerprints)

    def before(self, layout: StateLayout, first_us: int) -> Checkpoint | None:
        """Return the newest checkpoint before a moment, and forget those from it on: they hold no more."""
        point = self._points.before(first_us)
        if point is None:
            self._prints = Fingerprints()
            return None
        rows = point.state.rows
        self._prints.cut(rows)
        state = layout.unpack(point.state, self._prints.ring(rows))
        return Checkpoint(point.last_us, point.rows, state, np.frombuffer(point.namur, np.int8))

    def add(self, layout: StateLayout, point: Checkpoint) -> None:
        """Remember a checkpoint that is newer than all others."""
        packed = layout.pack(point.state)
        self._prints.add(packed.rows, point.state.fingerprints[0])
        self._points.add(_Packed(point.last_us, point.rows, packed, point.namur.tobytes()))
        self._points.points = [each for each in self._points.points if self._prints.is_known(each.state.rows)]
        for place, each in enumerate(self._points.points[:-1]):
            if not each.state.is_small:
                self._points.points[place] = _Packed(each.last_us, each.rows, each.state.small(), each.namur)
