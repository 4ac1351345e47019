"""Signals taken out of a comparison, exactly: the precision of those that stay, and what they tell of the others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.quality.state import FloatArray, IntArray

BoolArray = NDArray[np.bool_]
TINY = 1e-12


def eliminate_all(left: FloatArray, rest: FloatArray, free: BoolArray) -> list["Elimination"]:
    """Take several signals of each machine out, one after the other, in place; return how each was done."""
    assets = np.arange(len(rest))
    out, waiting = [], free.copy()
    while waiting.any():
        place = waiting.argmax(-1)
        out.append(eliminate(left, rest, place, waiting[assets, place]))
        waiting[assets, place] = False
    return out


@dataclass(frozen=True, slots=True)
class Elimination:
    """One signal of each machine taken out: its place, its row of the precision then, and where that was done."""

    place: IntArray
    row: FloatArray
    pivot: FloatArray
    done: BoolArray

    def fill(self, told: FloatArray) -> None:
        """Write what the signals that stayed longer tell of it."""
        assets = np.arange(len(told))
        own = told[assets, self.place]
        others = (self.row * told).sum(-1) - self.pivot * own
        told[assets, self.place] = np.where(self.done, -others / self.pivot, own)


def eliminate(left: FloatArray, rest: FloatArray, place: IntArray, done: BoolArray) -> Elimination:
    """Take a signal of each machine out (Schur complement), in place: the rest is judged without it, exactly."""
    assets = np.arange(len(left))
    row = left[assets, place]
    pivot = np.maximum(row[assets, place], TINY)
    factor = np.where(done, 1.0 / pivot, 0.0)
    scaled = row * factor[:, None]
    rest -= scaled * rest[assets, place][:, None]
    left -= row[:, :, None] * scaled[:, None, :]
    return Elimination(place, row, pivot, done)


def weigh(precision: FloatArray, told: FloatArray) -> FloatArray:
    """Return precision times deviations. Shape (asset, signal)."""
    return np.asarray((precision * told[:, None, :]).sum(-1))


def diagonal(matrices: FloatArray) -> FloatArray:
    """Return the diagonals of matrices, a view. Shape (..., signal)."""
    return np.diagonal(matrices, axis1=-2, axis2=-1)
