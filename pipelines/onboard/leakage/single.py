"""What one column can give away about a life, whatever the others say."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipelines.onboard.leakage.probe_table import Leak, LeakKind, Life, ProbeTable, area, rank_correlation

_SAME = 0.9999
"""Rank correlation from which two columns say the same, over all machines at once: noise of a sensor stays below."""

_TOO_WELL, _FROM_THE_START = 0.95, 0.5
_FEWEST_LIVES, _MANY_LIVES = 3, 8
_LABEL, _SWITCH = 0.85, 0.02
_SHARE = 0.8
_EDGE_ROWS = 3
_BINARY = 2


def clocks(table: ProbeTable, lives: list[Life]) -> Iterator[Leak]:
    """Find columns that are a clock: time, row number, age, the share of a life or what is left of it."""
    row = np.concatenate([np.arange(len(life.rows), dtype=np.float64) for life in lives])
    order = np.concatenate([life.rows for life in lives])
    number = np.empty(len(order))
    number[order] = row
    references = {
        "time": table.time_us.astype(np.float64),
        "the number of the row": number,
        "the life so far": table.age,
    }
    failed = table.is_failure if sum(life.has_failed for life in lives) >= _FEWEST_LIVES else None
    for index, name in enumerate(table.names):
        values = table.column(index)
        for what, reference in references.items():
            if abs(rank_correlation(values, reference)) > _SAME:
                yield Leak(LeakKind.CLOCK, (name,), f"{name} tells {what} and nothing else")
                break
        else:
            if failed is not None:
                yield from _of_remaining(table, name, values, failed)


def too_well_from_the_start(table: ProbeTable, lives: list[Life]) -> Iterator[Leak]:
    """Find columns that tell what is left of a life in its first half, far better than its age does."""
    if sum(life.has_failed for life in lives) < _MANY_LIVES:
        return
    early = table.is_failure & (table.age < _FROM_THE_START * (table.age + table.remaining))
    remaining = table.remaining[early]
    if abs(rank_correlation(table.age[early], remaining)) > _TOO_WELL:
        return  # lives of one length: whatever wears tells their age
    for index, name in enumerate(table.names):
        found = rank_correlation(table.column(index)[early], remaining)
        if abs(found) > _TOO_WELL:
            reason = f"{name} tells remaining life in the first half of lives (rank correlation {found:.3f})"
            yield Leak(LeakKind.REMAINING_LIFE, (name,), reason)


def constants(table: ProbeTable, lives: list[Life]) -> Iterator[Leak]:
    """Find columns that stay the same all life and tell how long it lasts, or how it ends."""
    has_failed = np.array([life.has_failed for life in lives])
    length = np.array([life.length for life in lives])
    is_enough = min(has_failed.sum(), (~has_failed).sum()) >= _MANY_LIVES
    for index, name in enumerate(table.names):
        values = table.column(index)
        for what, column in (("", values), ("whether there is a value of ", np.isnan(values).astype(np.float64))):
            first = _per_life(column, lives)
            if first is None:
                continue
            found = rank_correlation(first[has_failed], length[has_failed])
            if has_failed.sum() >= _MANY_LIVES and abs(found) > _TOO_WELL and len(np.unique(first)) > _BINARY:
                reason = f"{what}{name} stays the same all life and tells how long it lasts ({found:.3f})"
                yield Leak(LeakKind.LIFE_LENGTH, (name,), reason)
            elif is_enough and abs(area(first, has_failed) - 0.5) > 0.49:
                reason = f"{what}{name} stays the same all life and tells whether it ends in a failure"
                yield Leak(LeakKind.OUTCOME, (name,), reason)


def labels(table: ProbeTable, lives: list[Life]) -> Iterator[Leak]:
    """Find columns of few values that repeat the label, or switch at the same remaining life everywhere."""
    failed = [life for life in lives if life.has_failed]
    if len(failed) < _FEWEST_LIVES:
        return
    rows = np.concatenate([life.rows for life in failed])
    remaining = table.remaining[rows]
    for index, name in enumerate(table.names):
        values = table.column(index)
        for what, column in (("", values), ("whether there is a value of ", np.isnan(values).astype(np.float64))):
            if len(np.unique(column[rows])) != _BINARY:
                continue
            told = [h for h in table.horizons if abs(_phi(column[rows], remaining <= h)) > _LABEL]
            if told:
                reason = f"{what}{name} repeats whether failure lies within {told[0]:g}"
                yield Leak(LeakKind.LABEL, (name,), reason)
            elif (at := _switches(table, column, failed)) is not None:
                yield Leak(LeakKind.LABEL, (name,), f"{what}{name} switches {at:g} before the end of every life")


def at_failure(table: ProbeTable, lives: list[Life]) -> Iterator[Leak]:
    """Find columns whose values at the end of a failed life are such as are never seen before one."""
    failed = [life for life in lives if life.has_failed and len(life.rows) > 2 * _EDGE_ROWS]
    if len(failed) < _FEWEST_LIVES:
        return
    inner = np.concatenate(
        [life.rows[_EDGE_ROWS:-_EDGE_ROWS] if life.has_failed else life.rows for life in lives if len(life.rows)]
    )
    last = np.array([life.rows[-1] for life in failed])
    for index, name in enumerate(table.names):
        before, at_end = table.column(index)[inner], table.column(index)[last]
        before = before[np.isfinite(before)]
        if not before.size:
            continue
        outside = (at_end < before.min()) | (at_end > before.max())
        if outside.mean() >= _SHARE and not _is_growing(table, index, failed):
            reason = f"{name} takes values at the failure that it never has before one: it is written afterwards"
            yield Leak(LeakKind.AT_FAILURE, (name,), reason)


def _of_remaining(
    table: ProbeTable, name: str, values: NDArray[np.float64], failed: NDArray[np.bool_]
) -> Iterator[Leak]:
    remaining, length = table.remaining[failed], (table.age + table.remaining)[failed]
    for what, reference in (
        ("what is left of the life", remaining),
        ("the share of the life that is gone", remaining / np.maximum(length, 1e-12)),
    ):
        if abs(rank_correlation(values[failed], reference)) > _SAME:
            yield Leak(LeakKind.REMAINING_LIFE, (name,), f"{name} tells {what}, which nobody knows before the end")
            return


def _per_life(column: NDArray[np.float64], lives: list[Life]) -> NDArray[np.float64] | None:
    """Return the value of each life, or None where it changes within one or is not known."""
    first = np.array([column[life.rows[0]] for life in lives])
    same = all(
        np.array_equal(column[life.rows], np.full(len(life.rows), value))
        for life, value in zip(lives, first, strict=True)
    )
    return first if same and len(np.unique(first)) > 1 else None


def _phi(column: NDArray[np.float64], label: NDArray[np.bool_]) -> float:
    """Return the correlation of a column of two values with a label (Pearson's φ)."""
    if label.all() or not label.any():
        return 0.0
    return float(np.corrcoef(column == column.max(), label)[0, 1])


def _switches(table: ProbeTable, column: NDArray[np.float64], failed: list[Life]) -> float | None:
    """Return the remaining life at which a column of two values switches for good in every life, if it is one."""
    places = []
    for life in failed:
        own = column[life.rows]
        changed = np.flatnonzero(own[1:] != own[:-1])
        if len(changed) != 1:
            return None
        places.append(table.remaining[life.rows[changed[0] + 1]])
    middle, length = float(np.median(places)), float(np.median([life.length for life in failed]))
    gap = float(np.median([np.median(np.diff(table.age[life.rows])) for life in failed]))
    is_same = np.ptp(places) <= max(_SWITCH * length, 1.5 * gap)
    lengths = [life.length for life in failed]
    return middle if is_same and np.ptp(lengths) > 4 * max(_SWITCH * length, 1.5 * gap) else None


def _is_growing(table: ProbeTable, index: int, failed: list[Life]) -> bool:
    """Say whether a column is on its way long before the end: wear, that is, and not a record of the failure."""
    shares = []
    for life in failed:
        own = table.column(index)[life.rows]
        own = own[np.isfinite(own)]
        if len(own) > 2 * _EDGE_ROWS:
            late = np.median(own[-2 * _EDGE_ROWS : -_EDGE_ROWS])
            grown, jumped = late - np.median(own[: len(own) // 2]), own[-1] - late
            shares.append(grown / jumped if jumped else 1.0)
    return bool(shares) and float(np.median(shares)) > 0.25
