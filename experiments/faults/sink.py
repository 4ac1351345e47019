"""Where the spool's records go in a trial: the real telemetry store, one reading for each record.

A record is an asset of its own, and its reading's time and value follow from its content, so that one question to the
store shows every record that had an effect, and every effect that it should not have had.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

import polars as pl

from experiments.faults.ledger import is_poison
from experiments.faults.payload import content_of
from features.domain.errors import Unavailable
from features.domain.identifiers import TenantId
from features.spool.contract import SpooledRecord
from features.spool.errors import PoisonedRecords
from features.telemetry.sqlite import SqliteTelemetryStore

_TENANT = TenantId("local")
_SIGNAL = "level"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_EVERYTHING = 1 << 30

Deliver = Callable[[Sequence[SpooledRecord]], None]


class Sink:
    """The telemetry store under a chain of lives.

    Args:
        path: The store's file.
        names_poison: Whether it says which records are at fault, or leaves it to the drainer to find out.
    """

    def __init__(self, path: Path, *, names_poison: bool = False) -> None:
        self._names_poison = names_poison
        self._store = SqliteTelemetryStore(path)

    def deliver(self, records: Sequence[SpooledRecord]) -> None:
        """Write records; refuse all of them if one is poison.

        Raises:
            PoisonedRecords: If some can never be delivered, and the sink says which.
            ValueError: If it does not say.
        """
        numbers = [int(record.content[:16], 16) for record in records]
        reason = "it can never be delivered, as planned"
        poison = {record.offset: reason for record, number in zip(records, numbers, strict=True) if is_poison(number)}
        if poison and self._names_poison:
            raise PoisonedRecords(poison)
        if poison:
            raise ValueError(f"one of {len(records)} records: {reason}")
        marks = [fingerprint(record.content) for record in records]
        columns = {
            "asset": [f"m-{number}" for number in numbers],
            "signal": [_SIGNAL] * len(numbers),
            "time": [_START + timedelta(microseconds=mark) for mark in marks],
            "value": [float(mark) for mark in marks],
            "revision": [0] * len(numbers),
        }
        self._store.write(_TENANT, pl.DataFrame(columns, schema_overrides={"time": pl.Datetime("us", "UTC")}))

    def effects(self) -> tuple[dict[int, int], int]:
        """Return how often each record had an effect, and how many assets have readings that follow from no record.

        An effect is a change that others learn of: writing the same again has none.
        """
        changes = Counter(int(change.asset[2:]) for change in self._store.changes_since(0, _EVERYTHING))
        effects: dict[int, int] = {}
        wrong = 0
        for asset, first, last, count in self._store.span(_TENANT).select("asset", "first", "last", "count").rows():
            number = int(asset[2:])
            mark = (first - _START) // timedelta(microseconds=1)
            if first != last or count != 1 or mark != fingerprint(content_of(number)):
                wrong += 1
            effects[number] = changes.get(number, 0)
        return effects, wrong

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()


def moody(deliver: Deliver, random: Random) -> Deliver:
    """Return a delivery that now and then does not answer, before or after it did its work."""

    def attempt(records: Sequence[SpooledRecord]) -> None:
        draw = random.random()
        if draw < 0.05:
            raise Unavailable("sink", "it does not answer, as planned")
        deliver(records)
        if draw > 0.95:
            raise Unavailable("sink", "its answer is lost, as planned")

    return attempt


def fingerprint(content: bytes) -> int:
    """Return what a record's reading says and when: 46 bits of the content's digest, as microseconds two years."""
    return int.from_bytes(sha256(content).digest()[:6]) >> 2
