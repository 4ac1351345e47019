"""Rows of several machines that came at the same time, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.answer import NOTHING_BESIDE, Circumstances, ConditionRow
from features.transforms.condition.faults import is_ordinary
from features.transforms.condition.model import FloatArray

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Round:
    """One row of each of several machines.

    Attributes:
        seconds: Shape (machine,).
        values: 0 in rows that are not clean. Shape (machine, signal).
        is_clean: Whether all was measured and nothing speaks against it. Shape (machine,).
        is_reported: Whether a change was reported. Shape (machine,).
        neighbours: Shape (machine,).
        straying: Of the neighbours. Shape (machine,).
    """

    seconds: FloatArray
    values: FloatArray
    is_clean: BoolArray
    is_reported: BoolArray
    neighbours: FloatArray
    straying: FloatArray

    @staticmethod
    def of(rows: Sequence[ConditionRow]) -> "Round":
        """Put rows side by side."""
        values, paths = np.array([row.values for row in rows]), [row.circumstances for row in rows]
        is_clean = np.isfinite(np.vecdot(values, values))
        if np.array([row.quality for row in rows]).any() or np.array([row.points for row in rows]).any():
            is_clean &= np.array([row.is_clean() for row in rows])
        reported, neighbours, straying = _beside(paths)
        if any(path is not NOTHING_BESIDE for path in paths):
            is_clean &= np.array([is_ordinary(path) for path in paths])
        if not is_clean.all():
            values = np.where(is_clean[:, None], values, 0.0)
        seconds = np.array([row.seconds for row in rows], np.float64)
        return Round(seconds, values, is_clean, reported > 0.0, neighbours, straying)


def _beside(paths: Sequence[Circumstances]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return whether a change was reported, the neighbours, and those of them that stray. Shape (machine,) each."""
    found = np.zeros((3, len(paths)))
    for place, path in enumerate(paths):
        if path is not NOTHING_BESIDE:
            found[:, place] = path.is_change_reported, path.neighbours, path.neighbours_straying
    return found[0], found[1], found[2]
