"""Streams in which all goes wrong that can: readings missing, marked, standing, faulty, late or sent again."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.quality.holding import NAMUR_CODES
from features.quality.verdicts import Namur, Verdict
from features.transforms.condition.answer import Circumstances, ConditionRow
from features.transforms.condition.table import ConditionTable
from tests.features.transforms.condition.rig import INTERVAL, TABLE, rows_of, shifted

TABLES: tuple[ConditionTable, ...] = (
    TABLE,
    replace(TABLE, floors=(None, None, 0.5, None, 0.5, None), running=0, running_above=0.5),
    replace(
        TABLE,
        regime_conditions=(0, 1),
        regime_centers=((1.0, 1.0), (1.8, 1.0)),
        regime_radius=0.5,
        slopes=tuple((*row, 0.0, 0.1) for row in TABLE.slopes),
        slope_spreads=((0.1, 0.1, 0.05, 0.05),) * 4,
        covariance=tuple(map(tuple, (0.1 * np.eye(4) + 0.05).tolist())),
    ),
)
"""A plain one; one with logarithms and standstill; one with regimes and sensors that stray together."""
_SHIFTS: tuple[dict[str, float], ...] = ({}, {"current": -9.0, "pressure": 9.0}, {"vibration": 4.0}, {"load": 40.0})


def troubled(seed: int, count: int = 120) -> list[ConditionRow]:
    """Return rows of a machine that has every kind of trouble, most of them seldom."""
    rng = np.random.default_rng(seed)
    load = np.where(np.arange(count) >= count // 2, rng.choice([0.0, 0.8]), 0.0)
    rows = [_faulty(rng, row, place, count) for place, row in enumerate(rows_of(count, seed, load))]
    shift = rng.normal(size=4) * rng.choice([0.0, 0.0, 0.3, 1.0])
    for place in range(2 * count // 3, count):
        rows[place].values[2:] += shift * rng.choice([0.2, 1.0])
    for place in rng.integers(5, count, count // 20).tolist():
        rows.insert(place, rows[place - int(rng.integers(1, 3))])
    return rows


def seldom_troubled(seed: int, count: int = 260) -> list[ConditionRow]:
    """Return rows of which most are ordinary: a sound stretch, one with a change, with troubles and a gap between."""
    rng = np.random.default_rng(seed)
    rows = shifted(rows_of(count, seed), 2 * count // 3, _SHIFTS[seed % len(_SHIFTS)], grows=seed % 2 == 0)
    for place, bad in zip(rng.integers(0, count, 12).tolist(), troubled(seed, 12), strict=False):
        rows[place] = replace(bad, seconds=rows[place].seconds)
    for place in rng.integers(0, count, 4).tolist():
        rows[place] = replace(rows[place], circumstances=Circumstances(is_change_reported=True))
    gap = int(rng.integers(0, count))
    late = rng.random(count) * 600.0
    return [
        replace(row, seconds=row.seconds + late[place] + (9e4 if place > gap else 0.0))
        for place, row in enumerate(rows)
    ]


def _faulty(rng: np.random.Generator, row: ConditionRow, place: int, count: int) -> ConditionRow:
    values, quality, points = row.values.copy(), row.quality.copy(), row.points.copy()
    if rng.random() < 0.2:
        values[rng.integers(6)] = rng.choice([np.nan, np.nan, np.nan, np.inf, -999.0])
    if rng.random() < 0.1:
        values[0] = 0.1
    if rng.random() < 0.15:
        signal = rng.integers(6)
        quality[signal] = rng.integers(len(Verdict))
        points[signal] = rng.choice([0, NAMUR_CODES.index(Namur.FAILURE)])
    if count // 3 < place < count // 2:
        values[5], points[5] = np.nan, NAMUR_CODES.index(Namur.FAILURE)
    return ConditionRow(row.seconds + _lateness(rng), values, quality, points, _circumstances(rng))


def _lateness(rng: np.random.Generator) -> float:
    return float(rng.choice([0.0, 0.0, 0.0, 0.4, 5.0]) * INTERVAL * rng.random())


def _circumstances(rng: np.random.Generator) -> Circumstances:
    draws: NDArray[np.float64] = rng.random(4)
    return Circumstances(
        gateway_silent_seconds=3.0 * INTERVAL if draws[0] < 0.02 else 0.0,
        rows_repeated=4 if draws[1] < 0.02 else 0,
        is_change_reported=bool(draws[2] < 0.02),
        neighbours=3,
        neighbours_straying=3 if draws[3] < 0.05 else 0,
    )
