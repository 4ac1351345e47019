"""The ways from the spool into a store, each with one fault planted that the field knows well."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from features.domain.arrivals import Arrival
from features.domain.errors import InvalidValue, Unavailable
from features.domain.identifiers import TenantId
from features.spool.contract import Spool, SpooledRecord
from features.spool.delivery import Deliver
from features.spool.durable import DurableSpool
from features.spool.errors import PoisonedRecords, SpoolFull
from features.telemetry.influx.store import InfluxTelemetryStore
from features.telemetry.line_protocol.reader import read_lines
from features.telemetry.store import WriteReport

Around = Callable[[Spool, Deliver], Deliver]
"""Wraps a delivery."""


class SwallowsOutages(InfluxTelemetryStore):
    """Says that a write is over although the server did not answer, as a client's batching mode does."""

    def write(self, tenant: TenantId, readings: pl.DataFrame) -> WriteReport:
        """Write, and tell nobody of an outage."""
        try:
            return super().write(tenant, readings)
        except Unavailable:
            return WriteReport()


class StampsDelivery(InfluxTelemetryStore):
    """Takes the moment of the delivery for a part of the key, so that a second attempt makes new points."""

    _writes = 0

    def write(self, tenant: TenantId, readings: pl.DataFrame) -> WriteReport:
        """Write under times that tell the attempts apart."""
        self._writes += 1
        later = pl.col("time") + pl.duration(microseconds=self._writes - 1)
        return super().write(tenant, readings.with_columns(later.cast(pl.Datetime("us", "UTC"))))


def done_first(spool: Spool, deliver: Deliver) -> Deliver:
    """Let the spool forget before anything is delivered."""

    def attempt(records: Sequence[SpooledRecord]) -> None:
        spool.done(records[-1].offset)
        deliver(records)

    return attempt


def buffers_in_memory(_: Spool, deliver: Deliver) -> Deliver:
    """Keep what could not be delivered in memory, as points, and let the spool forget it."""
    held: list[SpooledRecord] = []
    points: list[dict[str, object]] = []

    def attempt(records: Sequence[SpooledRecord]) -> None:
        try:
            deliver([*held, *records])
        except Unavailable:
            held.extend(records)
            points.extend(point for record in records for point in _points(record))
            return
        held.clear()
        points.clear()

    return attempt


def drops_bad_lines(_: Spool, deliver: Deliver) -> Deliver:
    """Take bad lines out before anybody else sees them."""
    return lambda records: deliver([_without_bad_lines(record) for record in records])


def drops_bad_batches(_: Spool, deliver: Deliver) -> Deliver:
    """Give up a whole batch because of one bad record."""

    def attempt(records: Sequence[SpooledRecord]) -> None:
        try:
            deliver(records)
        except PoisonedRecords:
            return

    return attempt


class TakesThoughFull(DurableSpool):
    """Says that it has what there was no room for."""

    def put(self, contents: Sequence[bytes]) -> int:
        """Append, and tell nobody of a full disk."""
        try:
            return super().put(contents)
        except SpoolFull:
            return 0


class StaysFull(DurableSpool):
    """Never takes anything again after the disk was full once."""

    _full: SpoolFull | None = None

    def put(self, contents: Sequence[bytes]) -> int:
        """Append, unless there was no room before."""
        if self._full is not None:
            raise self._full
        try:
            return super().put(contents)
        except SpoolFull as error:
            self._full = error
            raise


AROUND: dict[str, Around] = {
    "done before delivery": done_first,
    "buffers in memory": buffers_in_memory,
    "drops bad lines": drops_bad_lines,
    "drops bad batches": drops_bad_batches,
}
"""Faults of the delivery, by name."""

STORES: dict[str, type[InfluxTelemetryStore]] = {
    "swallows outages": SwallowsOutages,
    "stamps delivery": StampsDelivery,
}
"""Faults of the store, by name."""

SPOOLS: dict[str, type[DurableSpool]] = {"takes though full": TakesThoughFull, "stays full": StaysFull}
"""Faults of the spool, by name."""


def around(mutant: str | None, spool: Spool, deliver: Deliver) -> Deliver:
    """Return a delivery, with its fault if one is planted there."""
    return AROUND[mutant](spool, deliver) if mutant in AROUND else deliver


def _points(record: SpooledRecord) -> list[dict[str, object]]:
    lines = Arrival.from_bytes(record.content).body.decode().split("\n")
    parts = [line.split(" ") for line in lines if line.count(" ") == 2]
    return [
        {"tags": dict(_pairs(head)), "fields": dict(_pairs("," + fields)), "time": time} for head, fields, time in parts
    ]


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (part.partition("=") for part in text.split(",")[1:])]


def _without_bad_lines(record: SpooledRecord) -> SpooledRecord:
    try:
        arrival = Arrival.from_bytes(record.content)
    except InvalidValue:
        return record
    bad = {fault.line for fault in read_lines(arrival.body, arrival.precision, arrival.arrived_at).faults}
    lines = arrival.body.split(b"\n")
    kept = b"\n".join(line for number, line in enumerate(lines, start=1) if number not in bad)
    return replace(record, content=replace(arrival, body=kept).to_bytes())
