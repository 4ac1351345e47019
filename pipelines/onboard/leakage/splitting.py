"""Leaks of the split: a machine, its rows or its neighbourhood on both sides, and a scaler that has seen the test."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.onboard.leakage.probe_table import Leak, LeakKind, ProbeTable

_COPIES = 0.5
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Split:
    """Which rows are learned from, and with which scaler.

    Attributes:
        is_training: Shape (batch,).
        embargo_us: How far apart in time the sides must lie where there is one machine only, microseconds.
        center: Of the scaler that was used, or None where there is none. Shape (column,).
    """

    is_training: NDArray[np.bool_]
    embargo_us: int = 0
    center: NDArray[np.float64] | None = None


def split_leaks(table: ProbeTable, split: Split) -> Iterator[Leak]:
    """Find what the two sides of a split have in common and may not."""
    inside = split.is_training
    if not inside.any() or inside.all():
        return
    if len(np.unique(table.asset)) > 1:
        yield from _machines(table, inside)
        yield from _copies(table, inside)
    else:
        yield from _embargo(table, split)
    if split.center is not None:
        yield from _scaler(table, inside, split.center)


def _machines(table: ProbeTable, inside: NDArray[np.bool_]) -> Iterator[Leak]:
    both = np.intersect1d(table.asset[inside], table.asset[~inside])
    if both.size:
        yield Leak(LeakKind.SAME_MACHINE, (), f"{both.size} machines are on both sides of the split")


def _copies(table: ProbeTable, inside: NDArray[np.bool_]) -> Iterator[Leak]:
    """Find machines of one side whose rows the other side holds too, under another name."""
    if np.intersect1d(table.asset[inside], table.asset[~inside]).size:
        return
    whole = np.isfinite(table.values).sum(axis=1) >= max(1, table.values.shape[1] // 2)
    keys = np.array([hash(row.tobytes()) for row in np.ascontiguousarray(table.values)])
    for asset in np.unique(table.asset[~inside]):
        own = keys[(table.asset == asset) & whole]
        if len(np.unique(own)) > 1 and np.isin(own, keys[inside & whole]).mean() > _COPIES:
            yield Leak(LeakKind.SAME_ROWS, (), "a machine is on both sides of the split, under two names")
            return


def _embargo(table: ProbeTable, split: Split) -> Iterator[Leak]:
    seen = np.sort(table.time_us[split.is_training])
    judged = table.time_us[~split.is_training]
    place = np.searchsorted(seen, judged)
    before = np.where(place > 0, judged - seen[np.maximum(place - 1, 0)], np.iinfo(np.int64).max)
    after = np.where(place < len(seen), seen[np.minimum(place, len(seen) - 1)] - judged, np.iinfo(np.int64).max)
    nearest = int(np.minimum(before, after).min())
    if nearest < split.embargo_us:
        reason = (
            f"rows of one machine are judged by rows {nearest / 1e6:g} s apart; {split.embargo_us / 1e6:g} s are due"
        )
        yield Leak(LeakKind.NO_EMBARGO, (), reason)


def _scaler(table: ProbeTable, inside: NDArray[np.bool_], center: NDArray[np.float64]) -> Iterator[Leak]:
    with np.errstate(invalid="ignore"):
        spread = np.nanstd(table.values, axis=0)
        training, every = np.nanmean(table.values[inside], axis=0), np.nanmean(table.values, axis=0)
    scale = np.where(spread > 0, spread, 1.0) * _TOLERANCE
    wrong = (np.abs(center - training) > scale) & (np.abs(center - every) <= scale)
    if wrong.any():
        names = tuple(name for name, is_wrong in zip(table.names, wrong, strict=True) if is_wrong)
        yield Leak(LeakKind.SCALER, names, "the scaler was fitted on the rows that are to be judged, too")
