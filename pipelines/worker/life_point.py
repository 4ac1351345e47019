"""The features of a life as they stood after one of its rows: where the computation goes on."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.events import LifeEpoch
from features.domain.time import microseconds
from features.store.packed import Vector, pack, unpack

_HEAD = struct.Struct("<BqqqqqI")
_FORMAT = 2
_GOES_ON = 2**63 - 1


@dataclass(frozen=True, slots=True, eq=False)
class LifePoint:
    """A point of one life.

    Attributes:
        number: Which life of the asset, from 0.
        started_us: When it began, microseconds since 1970: an event that comes late may move that.
        ended_us: When it ended, a number that no time reaches while it goes on; what comes late may move that too.
        last_us: Time of the row, microseconds since 1970.
        rows: Rows of the life so far.
        newest: The vector of its newest running row; None before the first.
        state: Packed, see `features.transforms.state`. Shape (size,).
    """

    number: int
    started_us: int
    ended_us: int
    last_us: int
    rows: int
    newest: Vector | None
    state: NDArray[np.float64]

    def is_of(self, life: LifeEpoch) -> bool:
        """Say whether the life is this one, with the same beginning and end."""
        return (self.number, self.started_us, self.ended_us) == (life.number, *bounds_us(life))

    def to_bytes(self) -> bytes:
        """Return the point as bytes, in the layout of this version."""
        newest = b"" if self.newest is None else pack(self.newest)
        head = _HEAD.pack(_FORMAT, self.number, self.started_us, self.ended_us, self.last_us, self.rows, len(newest))
        return head + newest + self.state.astype("<f8").tobytes()

    @staticmethod
    def from_bytes(content: bytes, size: int) -> "LifePoint | None":
        """Read what `to_bytes` wrote; None where another version or specification wrote it.

        Args:
            content: The bytes.
            size: Numbers in a packed state under the present specification.
        """
        if len(content) < _HEAD.size or content[0] != _FORMAT:
            return None
        _, number, started_us, ended_us, last_us, rows, length = _HEAD.unpack_from(content)
        begin = _HEAD.size + length
        if len(content) != begin + 8 * size:
            return None
        newest = unpack(content[_HEAD.size : begin]) if length else None
        state = np.frombuffer(content, "<f8", size, begin).copy()
        return LifePoint(number, started_us, ended_us, last_us, rows, newest, state)


def bounds_us(life: LifeEpoch) -> tuple[int, int]:
    """Return when a life began and ended, microseconds since 1970; the end of one that goes on is beyond all times."""
    return microseconds(life.started_at), _GOES_ON if life.ended_at is None else microseconds(life.ended_at)
