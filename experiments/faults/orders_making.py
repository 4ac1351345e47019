"""Random orders of the same readings, and the state that all of them must end in.

The state is worked out by a plain dictionary and the key rule of contract 1, word by word: the highest revision wins,
then the larger canonical bytes, which are the big-endian IEEE-754 form with -0.0 as 0.0.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import polars as pl

from features.telemetry.readings import READINGS

SIGNALS = ("speed", "flow", "strange_signal")
BATCHES = 5
"""Deliveries into which an order is cut: what comes late comes in a later one."""

_START = datetime(2026, 3, 1, 8, tzinfo=UTC)
_VALUES = (0.0, -0.0, 1.5, -1.5, 2.5, -2.5, 1e-300, -1e300, 12345.678, 5.0)
_REVISIONS = (0, 0, 0, 1, 2)
_TIMES = 3
_MOST_VARIANTS, _MOST_COPIES = 4, 3

Key = tuple[str, datetime]
"""Signal and time: what tells the readings of one machine apart."""

State = tuple[tuple[Key, str, int], ...]
"""Keys in order, each with its value (exactly, as hexadecimal text) and its revision."""

Told = tuple[Key, float, int]


@dataclass(frozen=True, slots=True)
class Orders:
    """Random orders of one set of readings; every order speaks of a machine of its own.

    Attributes:
        batches: What is written, one after the other; each holds a part of every order.
        state: What every machine must end in.
        machines: Their names.
    """

    batches: list[pl.DataFrame]
    state: State
    machines: list[str]


def rank(told: Told) -> tuple[int, bytes]:
    """Return what decides between two readings of one key: the greater stays."""
    _, value, revision = told
    return revision, struct.pack(">d", value + 0.0)


def state_of(kept: dict[Key, Told]) -> State:
    """Return what was kept in a form that can be compared."""
    return tuple((key, (value + 0.0).hex(), revision) for key, value, revision in (kept[key] for key in sorted(kept)))


def random_orders(count: int, seed: int) -> Orders:
    """Make a set of readings with conflicts, and so many random orders of it with duplicates and delays."""
    random = Random(seed)
    told = _readings(random)
    kept: dict[Key, Told] = {}
    for each in told:
        if each[0] not in kept or rank(each) > rank(kept[each[0]]):
            kept[each[0]] = each
    machines = [f"set{seed:03d}-order{number:05d}" for number in range(count)]
    batches: list[list[tuple[object, ...]]] = [[] for _ in range(BATCHES)]
    for machine in machines:
        for (signal, time), value, revision in _shuffled(told, random):
            batches[random.randrange(BATCHES)].append((machine, signal, time, value, revision))
    return Orders([_frame(batch) for batch in batches], state_of(kept), machines)


def _readings(random: Random) -> list[Told]:
    """Draw readings: up to some variants of every key, none twice."""
    found: set[Told] = set()
    for signal in SIGNALS:
        for number in range(_TIMES):
            key = signal, _START + timedelta(microseconds=random.randrange(10**9) * (number + 1))
            variants = range(random.randint(1, _MOST_VARIANTS))
            found.update((key, random.choice(_VALUES), random.choice(_REVISIONS)) for _ in variants)
    return sorted(found)


def _shuffled(told: Sequence[Told], random: Random) -> list[Told]:
    """Return all readings, some of them several times, in any order."""
    copies = [each for each in told for _ in range(random.randint(1, _MOST_COPIES))]
    random.shuffle(copies)
    return copies


def _frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=READINGS, orient="row")
