"""What is remembered of one machine, in little room: many moments of one judgement, and its fingerprints once."""

import zlib
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from features.quality.rules import QualityRules
from features.quality.state import RING, Array, FloatArray, QualityState, state_shapes

FINGERPRINTS = "fingerprints"
_REACH = 650
"""Rows before the newest to which the fingerprints can go back."""


@dataclass(frozen=True, slots=True)
class PackedState:
    """A state of one machine without its fingerprints, which `Fingerprints` holds.

    Attributes:
        rows: Rows seen.
        content: The other arrays, as their bytes.
        is_small: Whether these are compressed.
    """

    rows: int
    content: bytes
    is_small: bool = False

    def small(self) -> "PackedState":
        """Return the same in less room; it takes longer to read."""
        if self.is_small:
            return self
        bytewise = np.frombuffer(self.content, np.uint8).reshape(-1, 8).T  # exponents beside exponents
        return PackedState(self.rows, zlib.compress(bytewise.tobytes(), 1), is_small=True)


@dataclass(frozen=True, slots=True)
class StateLayout:
    """Where each array lies in a packed state.

    Attributes:
        whole: Arrays of whole numbers: name, shape, first byte and count.
        others: Arrays of other numbers, likewise.
    """

    whole: tuple[tuple[str, tuple[int, ...], int, int], ...]
    others: tuple[tuple[str, tuple[int, ...], int, int], ...]

    @staticmethod
    def of(rules: QualityRules) -> "StateLayout":
        """Return the layout of states under some rules."""
        shapes, begin = state_shapes(rules, 1), 0
        groups: dict[type, list[tuple[str, tuple[int, ...], int, int]]] = {np.int64: [], np.float64: []}
        for kind, group in groups.items():
            for name, (shape, found) in shapes.items():
                if found is kind and name != FINGERPRINTS:
                    group.append((name, shape, begin, prod(shape)))
                    begin += 8 * prod(shape)
        return StateLayout(tuple(groups[np.int64]), tuple(groups[np.float64]))

    def pack(self, state: QualityState) -> PackedState:
        """Pack the state of one machine."""
        parts = [
            np.concatenate([getattr(state, name).ravel() for name, *_ in group]).tobytes()
            for group in (self.whole, self.others)
        ]
        return PackedState(int(state.rows[0]), b"".join(parts))

    def unpack(self, packed: PackedState, fingerprints: FloatArray) -> QualityState:
        """Return a state again; it must not be changed in place.

        Args:
            packed: From `pack`.
            fingerprints: Of the same row. Shape (ring,).
        """
        content = packed.content
        if packed.is_small:
            bytewise = np.frombuffer(zlib.decompress(content), np.uint8)
            content = bytewise.reshape(8, -1).T.tobytes()
        arrays: dict[str, Array] = {FINGERPRINTS: fingerprints[None, :]}
        for group, kind in ((self.whole, np.int64), (self.others, np.float64)):
            for name, shape, begin, count in group:
                arrays[name] = np.frombuffer(content, kind, count, begin).reshape(shape)
        return QualityState(**arrays)


@dataclass(slots=True)
class Fingerprints:
    """The fingerprints of the newest rows and of some before them, each once.

    A row writes the place of its number alone, so the ring after any row is what the newest rows up to it wrote.

    Attributes:
        first: Number of the row that wrote the first of the values.
        values: What rows wrote, in their order. Shape (row,).
    """

    first: int = 0
    values: FloatArray = field(default_factory=lambda: np.zeros(0))

    @property
    def end(self) -> int:
        """Number of the next row."""
        return self.first + len(self.values)

    def add(self, rows: int, ring: NDArray[np.float64]) -> None:
        """Take over what rows wrote since the last time.

        Args:
            rows: Rows seen by now.
            ring: The ring as it is now. Shape (ring,).
        """
        if rows - self.end > RING or not len(self.values):
            self.first, self.values = max(0, rows - RING), np.zeros(0)
        written = ring[np.arange(self.end, rows) % RING]
        kept = max(0, self.end - max(0, rows - RING - _REACH))
        before = self.values[len(self.values) - kept :] if kept < len(self.values) else self.values
        self.values = np.concatenate([before, written])
        self.first = rows - len(self.values)

    def ring(self, rows: int) -> FloatArray:
        """Return the ring as it was after so many rows, one of those that are `known`. Shape (ring,)."""
        ring = np.full(RING, np.nan)
        numbers = np.arange(max(0, rows - RING), rows)
        ring[numbers % RING] = self.values[numbers[0] - self.first : rows - self.first] if len(numbers) else ()
        return ring

    def is_known(self, rows: int) -> bool:
        """Say whether the ring after so many rows is known still."""
        return self.first <= max(0, rows - RING) and rows <= self.end

    def cut(self, rows: int) -> None:
        """Forget what came after so many rows."""
        self.values = self.values[: max(0, rows - self.first)].copy()
