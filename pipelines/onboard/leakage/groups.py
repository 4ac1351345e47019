"""Columns that are harmless one by one and together give the answer."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.onboard.leakage.probe_table import Leak, LeakKind, Life, ProbeTable

_EXACT = 0.999
_FEWEST_LIVES = 6
_MOST_ROWS = 4_000


def groups(table: ProbeTable, lives: list[Life], harmless: Sequence[int]) -> Iterator[Leak]:
    """Find a linear combination of columns that is the remaining life, on lives that it was not fitted on.

    Args:
        table: What is probed.
        lives: Its lives.
        harmless: Columns of which nothing was found yet.
    """
    failed = [life for life in lives if life.has_failed]
    if len(failed) < _FEWEST_LIVES or not harmless:
        return
    sides = [np.concatenate([life.rows for life in failed[side::2]]) for side in (0, 1)]
    sides = [rows[:: max(1, len(rows) // _MOST_ROWS)] for rows in sides]
    columns = [index for index in harmless if np.isfinite(table.column(index)).any()]
    if len(columns) + 1 >= min(map(len, sides)) or _explained(table, [], sides) > _EXACT:
        return  # lives of one length: their age tells it
    if _explained(table, columns, sides) <= _EXACT:
        return
    for index in list(columns):
        rest = [each for each in columns if each != index]
        if _explained(table, rest, sides) > _EXACT:
            columns = rest
    names = tuple(table.names[index] for index in columns)
    yield Leak(LeakKind.GROUP, names, f"{' and '.join(names)} together are what is left of the life")


def _explained(table: ProbeTable, columns: Sequence[int], sides: Sequence[NDArray[np.int64]]) -> float:
    """Return the share of remaining life on one side that age and columns explain, fitted on the other."""
    designs = [_design(table, columns, rows) for rows in sides]
    solution, *_ = np.linalg.lstsq(designs[0], table.remaining[sides[0]], rcond=None)
    truth = table.remaining[sides[1]]
    left, spread = ((truth - designs[1] @ solution) ** 2).sum(), ((truth - truth.mean()) ** 2).sum()
    return float(1.0 - left / spread) if spread > 0 else 0.0


def _design(table: ProbeTable, columns: Sequence[int], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    chosen = np.nan_to_num(table.values[rows][:, np.array(columns, np.int64)])
    return np.concatenate([chosen, table.age[rows, None], np.ones((len(rows), 1))], axis=1)
