"""Columns that hold later values of others, or of themselves."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipelines.onboard.leakage.probe_table import Leak, LeakKind, Life, ProbeTable

_LAG = 20
_ROWS, _MOST_LIVES = 3_000, 20
_SUSPECT = 0.3
_WITH, _WITHOUT = 0.98, 0.95
_FEWEST_ROWS, _RIDGE = 200, 1e-9
_MOST_COLUMNS = 200


def future_values(table: ProbeTable, lives: list[Life]) -> Iterator[Leak]:
    """Find columns that later readings of another column explain, and readings up to then do not."""
    longest = sorted(lives, key=lambda life: -len(life.rows))[:_MOST_LIVES]
    pieces = [life.rows[-_ROWS // len(longest) * 2 :] for life in longest if len(life.rows) > 3 * _LAG]
    if sum(map(len, pieces)) < _FEWEST_ROWS or len(table.names) > _MOST_COLUMNS:
        return
    steps = [np.diff(_filled(table.values[piece]), axis=0) for piece in pieces]
    lagged = {lag: _correlation(steps, lag) for lag in range(-_LAG, _LAG + 1)}
    ahead = np.max([np.abs(lagged[lag]) for lag in range(1, _LAG + 1)], axis=0)
    for index, name in enumerate(table.names):
        suspects = [other for other in np.argsort(-ahead[index]) if ahead[index, other] > _SUSPECT and other != index]
        for other in suspects[:3]:
            if _is_explained_by_later(steps, index, int(other)):
                reason = f"{name} holds values that {table.names[other]} shows only later"
                yield Leak(LeakKind.FUTURE_VALUES, (name,), reason)
                break


def whole_life_scales(table: ProbeTable, lives: list[Life]) -> Iterator[Leak]:
    """Find columns scaled by the whole of each life: by its mean and deviation, or by its least and greatest value."""
    whole = [life for life in lives if len(life.rows) >= _LAG]
    if len(whole) < 3:
        return
    for index, name in enumerate(table.names):
        parts = [part[np.isfinite(part)] for part in (table.column(index)[life.rows] for life in whole)]
        if any(len(np.unique(part)) < 10 for part in parts):
            continue
        means, spreads = np.array([part.mean() for part in parts]), np.array([part.std() for part in parts])
        lows, highs = np.array([part.min() for part in parts]), np.array([part.max() for part in parts])
        is_centred = bool((np.abs(means) < 1e-3 * np.maximum(spreads, 1e-12)).all())
        is_spanned = bool(np.ptp(lows) < 1e-9 and np.ptp(highs) < 1e-9 and (highs > lows).all())
        if is_centred or is_spanned:
            by = "mean" if is_centred else "least and greatest value"
            reason = f"{name} is scaled by the {by} of each whole life, which is known at its end only"
            yield Leak(LeakKind.WHOLE_LIFE_SCALE, (name,), reason)


def _filled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values with what is unknown held from before. Shape (time, column)."""
    held = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(len(values))[:, None], 0), axis=0)
    return np.nan_to_num(np.take_along_axis(values, held, axis=0))


def _correlation(steps: list[NDArray[np.float64]], lag: int) -> NDArray[np.float64]:
    """Return the correlation of each column now with each column `lag` rows later. Shape (column, column)."""
    now = np.concatenate([part[max(0, -lag) : len(part) - max(0, lag)] for part in steps])
    later = np.concatenate([part[max(0, lag) : len(part) - max(0, -lag)] for part in steps])
    now, later = now - now.mean(axis=0), later - later.mean(axis=0)
    scale = np.sqrt(np.outer((now**2).sum(axis=0), (later**2).sum(axis=0)))
    return np.asarray((now.T @ later) / np.where(scale > 0, scale, np.inf), np.float64)


def _is_explained_by_later(parts: list[NDArray[np.float64]], index: int, other: int) -> bool:
    """Fit a column's changes by the other's up to now, and by those around now; compare what is left."""
    wanted, around = [], []
    for part in parts:
        around.append(np.lib.stride_tricks.sliding_window_view(part[:, other], 2 * _LAG + 1))
        wanted.append(part[_LAG:-_LAG, index])
    target, both = np.concatenate(wanted), np.concatenate(around)
    return _explained(both, target) > _WITH and _explained(both[:, : _LAG + 1], target) < _WITHOUT


def _explained(columns: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    """Return the share of the target's variance that columns explain linearly."""
    centred, wanted = columns - columns.mean(axis=0), target - target.mean()
    gram, spread = centred.T @ centred, float((wanted**2).sum())
    ridge = _RIDGE * max(float(np.trace(gram)) / len(gram), 1e-300) * np.eye(len(gram))
    left = wanted - centred @ np.linalg.solve(gram + ridge, centred.T @ wanted)
    return 1.0 - float((left**2).sum()) / spread if spread > 0 else 0.0
