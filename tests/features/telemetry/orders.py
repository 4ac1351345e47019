"""Deliveries in random order, with delays, duplicates and conflicts, and the one state in which they must end.

Many orders go side by side, each with assets of its own: the n-th delivery of all of them is one batch. So ten
thousand of them take some dozens of writes.
"""

import random
import struct
from datetime import timedelta

import polars as pl

from tests.features.telemetry.contract import T0, Row, frame

DELIVERIES = 5
_SIGNALS = ("flow", "speed")
_VALUES = (0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 5e-324, -5e-324, 1.7976931348623157e308, 0.1)


def deliveries(orders: int, seed: int) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """Return the batches of so many random orders, and the state that must be there in the end, sorted by key."""
    chance = random.Random(seed)
    batches: list[list[Row]] = [[] for _ in range(DELIVERIES)]
    winners: dict[tuple[object, ...], Row] = {}
    for number in range(orders):
        for row in _contradictions(chance, f"s{seed}-{number:05d}"):
            best = winners.setdefault(row[:3], row)
            winners[row[:3]] = max(best, row, key=_rank)
            for delivery in chance.choices(range(DELIVERIES), k=chance.choice((1, 1, 1, 2, 3))):
                batches[delivery].append(row)
    for batch in batches:
        chance.shuffle(batch)
    state = [(*row[:3], row[3] + 0.0, row[4]) for row in winners.values()]
    return [frame(*batch) for batch in batches], frame(*state).sort("asset", "signal", "time")


def _contradictions(chance: random.Random, asset: str) -> list[Row]:
    """Return readings of a few keys, several of which contradict each other."""
    keys = [(signal, T0 + timedelta(minutes=minute)) for signal in _SIGNALS for minute in range(3)]
    rows: list[Row] = []
    for signal, moment in keys:
        for _ in range(chance.choice((1, 1, 2, 3))):
            rows.append((asset, signal, moment, chance.choice(_VALUES), chance.choice((0, 0, 0, 1, 2))))
    return rows


def _rank(row: Row) -> tuple[int, bytes]:
    """Return what decides between two readings with one key, as contract 1 words it."""
    return row[4], struct.pack(">d", row[3] + 0.0)
