"""Readings in InfluxDB 1.x, 2.x or 3.x: the store of a plant and of a fleet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

import polars as pl

from features.domain.identifiers import TenantId
from features.domain.signals import Signal
from features.domain.time import from_microseconds
from features.telemetry.errors import StoreUnavailable
from features.telemetry.influx.changes import ChangeLog
from features.telemetry.influx.connection import InfluxConnection
from features.telemetry.influx.forgetting import Forgetting
from features.telemetry.influx.names import checked_signals, quoted
from features.telemetry.influx.places import Layout
from features.telemetry.influx.questions import Scope
from features.telemetry.influx.reading import InfluxReader
from features.telemetry.influx.server import InfluxServer
from features.telemetry.influx.setup import prepare
from features.telemetry.influx.writing import check_fits, judge, send, spans, stretches
from features.telemetry.readings import READINGS, VERDICTS, checked_readings, checked_spans, checked_verdicts, settled
from features.telemetry.sqlite_read import TimeSpan, check_columns
from features.telemetry.store import Change, Span, WriteReport

SLICE_ROWS = 250_000
"""Readings that are judged at once; bounds the memory of a write."""

_EVER = TimeSpan.between(None, None)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class InfluxTelemetryStore:
    """A `TelemetryStore` in InfluxDB, safe for several threads and, by its side file, several processes.

    Nothing is connected before the store is first used. A write is over when it returns: it is read what is stored,
    decided by the key rule, and only the winners are written, synchronously.

    One point of InfluxDB is one asset and time: the measurement is the pack, the tags are `tenant` and `asset_id`,
    and a signal has the fields `<signal>`, `<signal>__rev` (its revision, where it is not 0) and `<signal>__q` (its
    verdict, where it is or was not good).

    Args:
        server: Which InfluxDB.
        pack_id: The pack, which is the measurement.
        signals: The signals that the pack claims, or their names with their data grades. Others can be written and
            read too; they lie with what is kept for good.
        changes: The side file; see `features.telemetry.influx.changes`. All processes of an installation name the
            same one.
        busy_timeout_seconds: How long to wait for another process that writes.
        now: The clock by which retentions are counted.

    Raises:
        RefusedReadings: If the pack or a signal has a name that InfluxDB cannot carry.
        StoreUnavailable: If the side file cannot be opened.
    """

    def __init__(
        self,
        server: InfluxServer,
        pack_id: str,
        signals: Sequence[Signal | tuple[str, int]],
        changes: Path,
        *,
        busy_timeout_seconds: float = 60.0,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        quoted(pack_id)
        grades = [(each.id, each.grade) if isinstance(each, Signal) else each for each in signals]
        checked_signals(signal for signal, _ in grades)
        self._grades = grades
        self._pack_id = pack_id
        self._now = now
        self._preparing = Lock()
        self._made: InfluxReader | None = None
        self._connection = InfluxConnection(server)
        try:
            self._changes = ChangeLog(changes, busy_timeout_seconds)
        except BaseException:
            self._connection.close()
            raise

    def write(self, tenant: TenantId, readings: pl.DataFrame) -> WriteReport:
        """Keep readings; see `TelemetryStore.write`.

        Raises:
            RefusedLines: If the server refuses some for what they are, and may have taken the others.
        """
        checked = checked_readings(readings)
        if checked.is_empty():
            return WriteReport()
        reader = self._reader()
        check_fits(checked, tenant, reader.layout, self._now())
        batch = settled(checked, key=("asset", "signal", "time"))
        report = WriteReport(duplicates=batch.duplicates, kept=batch.kept)
        with self._writing(reader):
            for part in batch.readings.sort("asset", "time", "signal").iter_slices(SLICE_ROWS):
                report += self._write_slice(reader, tenant, part)
        return report

    def read(
        self,
        tenant: TenantId,
        *,
        assets: Sequence[str] | None = None,
        signals: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> pl.DataFrame:
        """Return readings in the long form; see `TelemetryStore.read`."""
        scope = Scope(tenant, assets, TimeSpan.between(start, end))
        reader = self._reader()
        return reader.stored(scope, _distinct(reader, signals), with_verdicts=False).select(READINGS.names())

    def read_wide(
        self,
        tenant: TenantId,
        *,
        signals: Sequence[str],
        assets: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        with_suspect: bool = False,
    ) -> pl.DataFrame:
        """Return one row for each time; see `TelemetryStore.read_wide`."""
        check_columns(signals)
        scope = Scope(tenant, assets, TimeSpan.between(start, end))
        return self._reader().wide(scope, signals, with_suspect=with_suspect)

    def mark(
        self,
        tenant: TenantId,
        verdicts: pl.DataFrame,
        *,
        assets: Sequence[str],
        signals: Sequence[str],
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> int:
        """Store what readings are worth; see `TelemetryStore.mark`."""
        checked = checked_verdicts(verdicts, assets, signals, start, end).rename({"verdict": "found"})
        reader = self._reader()
        scope = Scope(tenant, assets, TimeSpan.between(start, end))
        with self._writing(reader):
            stored = reader.stored(scope, _distinct(reader, signals))
            judged = stored.join(checked, on=["asset", "signal", "time"], how="left").with_columns(
                pl.col("found").fill_null(0)
            )
            changed = judged.filter(pl.col("found") != pl.col("verdict"))
            marked = changed.select(*READINGS, pl.col("found").alias("verdict"))
            send(self._connection, reader.layout, self._pack_id, tenant, marked, full=False)
        return changed.height

    def mark_all(
        self,
        tenant: TenantId,
        verdicts: pl.DataFrame,
        spans: Mapping[str, Span],
        signals: Sequence[str],
        check: Callable[[], None] | None = None,
    ) -> int:
        """Store what readings of many assets are worth, asset by asset; see `TelemetryStore.mark_all`."""
        checked, changed = checked_spans(verdicts, spans, signals), 0
        for asset, (begin, end) in spans.items():
            if check is not None:
                check()
            mine = checked.filter(pl.col("asset") == asset)
            changed += self.mark(tenant, mine, assets=[asset], signals=signals, start=begin, end=end)
        return changed

    def read_verdicts(
        self,
        tenant: TenantId,
        *,
        assets: Sequence[str] | None = None,
        signals: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> pl.DataFrame:
        """Return the readings that are not good; see `TelemetryStore.read_verdicts`."""
        scope = Scope(tenant, assets, TimeSpan.between(start, end))
        reader = self._reader()
        return reader.verdicts(scope, _distinct(reader, signals)).select(VERDICTS.names())

    def first_times(self, tenant: TenantId, assets: Sequence[str]) -> dict[str, datetime]:
        """Return when each asset was first measured; see `TelemetryStore.first_times`."""
        reader = self._reader()
        firsts = reader.firsts(Scope(tenant, list(assets), _EVER), reader.signals())
        earliest = firsts.group_by("asset").agg(pl.col("time").min().to_physical())
        return {asset: from_microseconds(first) for asset, first in earliest.iter_rows()}

    def forget(self, tenant: TenantId, signals: Sequence[str], before: datetime) -> int:
        """Delete what is older than its retention; see `TelemetryStore.forget`.

        Where the server has a retention for the data grade, it does so by itself. Others may read while this deletes,
        and then miss for a moment what lies beside the deleted readings in the same points.

        Raises:
            StoreRefused: If the server cannot delete (3.x).
        """
        reader = self._reader()
        with self._writing(reader):
            return Forgetting(reader, self._changes).forget(tenant, signals, TimeSpan.between(None, before))

    def span(self, tenant: TenantId) -> pl.DataFrame:
        """Return the assets with readings; see `TelemetryStore.span`."""
        reader = self._reader()
        scope, signals = Scope(tenant, None, _EVER), reader.signals()
        return reader.edges(scope, signals).join(reader.counts(scope, signals), on="asset").sort("asset")

    def changes_since(self, cursor: int, limit: int) -> list[Change]:
        """Return changes after a cursor; see `TelemetryStore.changes_since`."""
        return self._changes.since(cursor, limit)

    def close(self) -> None:
        """Let go of the connections and of the side file."""
        self._connection.close()
        self._changes.close()

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        self.close()

    def _reader(self) -> InfluxReader:
        """Return what asks the server, once its version is known and its places are there."""
        with self._preparing:
            if self._made is None:
                server, version = self._connection.server, self._connection.version
                layout = Layout.of(
                    server.database, self._grades, server.retention_days, has_policies=version.has_policies
                )
                prepare(self._connection, layout.places)
                self._made = InfluxReader(self._connection, self._pack_id, layout)
            return self._made

    @contextmanager
    def _writing(self, reader: InfluxReader) -> Iterator[None]:
        """Be the only writer, with nothing left over of an earlier one."""
        with self._changes.writing():
            Forgetting(reader, self._changes).restore()
            yield

    def _write_slice(self, reader: InfluxReader, tenant: TenantId, part: pl.DataFrame) -> WriteReport:
        assets, signals = part["asset"].unique().to_list(), part["signal"].unique().to_list()
        stored = [reader.stored(Scope(tenant, assets, span), signals) for span in spans(part["time"])]
        judged = judge(part, pl.concat(stored))
        changed = judged.changed(tenant)
        self._changes.intend(changed)
        told = judged.to_write.drop("outcome")
        try:
            send(self._connection, reader.layout, self._pack_id, tenant, told, full=judged.raises_to_zero)
        except StoreUnavailable as error:
            if error.took_nothing:  # else an outage would tell the same change at every attempt
                self._changes.withdraw(changed)
            raise
        self._changes.settle(stretches(tenant, part))
        return judged.report


def _distinct(reader: InfluxReader, signals: Sequence[str] | None) -> list[str]:
    return reader.signals() if signals is None else sorted(set(signals))
