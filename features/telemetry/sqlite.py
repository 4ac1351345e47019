"""Readings in one SQLite file: the store of a single machine, with nothing to start."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

import polars as pl

from features.domain.identifiers import AssetId, TenantId
from features.domain.sqlite_files import file_at
from features.domain.time import from_microseconds
from features.telemetry import sqlite_judged, sqlite_merge, sqlite_read
from features.telemetry.errors import StoreUnavailable
from features.telemetry.readings import checked_readings, checked_spans, checked_verdicts, settled
from features.telemetry.sqlite_file import open_database, transaction, translated
from features.telemetry.store import Change, Span, WriteReport

SLICE_ROWS = 250_000
"""Rows of one transaction: bounds the time for which others wait for the write lock (about half a second)."""


class SqliteTelemetryStore:
    """A `TelemetryStore` in one SQLite file (WAL), safe for several threads and several processes.

    Args:
        path: The file; its folder is made if need be.
        busy_timeout_seconds: How long to wait for another process that writes.

    Raises:
        StoreUnavailable: If the file cannot be opened.
        StoreCorrupt: If it is no telemetry store.
    """

    def __init__(self, path: Path, *, busy_timeout_seconds: float = 30.0) -> None:
        self._path = path
        self._lock = RLock()
        self._busy_timeout_seconds = busy_timeout_seconds
        self._connection = open_database(path, busy_timeout_seconds)
        self._file = file_at(path)

    def write(self, tenant: TenantId, readings: pl.DataFrame) -> WriteReport:
        """Keep readings; see `TelemetryStore.write`."""
        checked = checked_readings(readings)
        if checked.is_empty():
            return WriteReport()
        with self._held():
            batch = settled(self._with_series(tenant, checked), key=("series", "time_us"))
            report = WriteReport(duplicates=batch.duplicates, kept=batch.kept)
            for part in batch.readings.iter_slices(SLICE_ROWS):
                report += sqlite_merge.merge(self._connection, part)
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
        span = sqlite_read.TimeSpan.between(start, end)
        with self._held(), transaction(self._connection, "DEFERRED"):
            series = sqlite_read.series_of(self._connection, tenant, assets, signals)
            return sqlite_read.long_frame(self._connection, series, span)

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
        sqlite_read.check_columns(signals)
        span = sqlite_read.TimeSpan.between(start, end)
        with self._held(), transaction(self._connection, "DEFERRED"):
            series = sqlite_read.series_of(self._connection, tenant, assets, signals)
            return sqlite_read.wide_frame(self._connection, series, signals, span, with_suspect=with_suspect)

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
        checked = checked_verdicts(verdicts, assets, signals, start, end)
        span = sqlite_read.TimeSpan.between(start, end)
        with self._held():
            series = sqlite_read.series_of(self._connection, tenant, assets, signals)
            return sqlite_judged.mark(self._connection, series, checked, span)

    def mark_all(
        self,
        tenant: TenantId,
        verdicts: pl.DataFrame,
        spans: Mapping[str, Span],
        signals: Sequence[str],
        check: Callable[[], None] | None = None,
    ) -> int:
        """Store what readings of many assets are worth, in one transaction; see `TelemetryStore.mark_all`."""
        checked = checked_spans(verdicts, spans, signals)
        by_asset = {asset: sqlite_read.TimeSpan.between(begin, end) for asset, (begin, end) in spans.items()}
        with self._held():
            series = sqlite_read.series_of(self._connection, tenant, list(spans), signals)
            return sqlite_judged.mark_all(self._connection, series, checked, by_asset, check)

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
        span = sqlite_read.TimeSpan.between(start, end)
        with self._held(), transaction(self._connection, "DEFERRED"):
            series = sqlite_read.series_of(self._connection, tenant, assets, signals)
            return sqlite_judged.verdict_frame(self._connection, series, span)

    def first_times(self, tenant: TenantId, assets: Sequence[str]) -> dict[str, datetime]:
        """Return when each asset was first measured; see `TelemetryStore.first_times`."""
        with self._held(), transaction(self._connection, "DEFERRED"):
            series = sqlite_read.series_of(self._connection, tenant, assets, signals=None)
            return sqlite_read.first_times(self._connection, series)

    def forget(self, tenant: TenantId, signals: Sequence[str], before: datetime) -> int:
        """Delete what is older than its retention; see `TelemetryStore.forget`."""
        span = sqlite_read.TimeSpan.between(None, before)
        with self._held():
            series = sqlite_read.series_of(self._connection, tenant, None, signals)
            return sqlite_judged.forget(self._connection, series, span)

    def span(self, tenant: TenantId) -> pl.DataFrame:
        """Return the assets with readings; see `TelemetryStore.span`."""
        with self._held():
            return sqlite_read.span_frame(self._connection, tenant)

    def changes_since(self, cursor: int, limit: int) -> list[Change]:
        """Return changes after a cursor; see `TelemetryStore.changes_since`."""
        question = "SELECT cursor, tenant, asset, first_us, last_us FROM changes WHERE cursor > ? ORDER BY 1 LIMIT ?"
        with self._held():
            rows = self._connection.execute(question, (cursor, limit)).fetchall()
        return [
            Change(at, TenantId(tenant), AssetId(asset), from_microseconds(first), from_microseconds(last))
            for at, tenant, asset, first, last in rows
        ]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock, translated(self._path):
            self._connection.close()

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        self.close()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the connection, and make sure that it leads to the file that lies at the path now.

        SQLite goes on writing into a file that was moved away; what it keeps there would be lost.
        """
        with self._lock, translated(self._path):
            found = file_at(self._path)
            if found is None:
                raise StoreUnavailable(f"{self._path} is gone")
            if found != self._file:
                self._connection.close()
                self._connection, self._file = open_database(self._path, self._busy_timeout_seconds), found
            yield

    def _with_series(self, tenant: TenantId, readings: pl.DataFrame) -> pl.DataFrame:
        """Put the number of its series, and the time as an integer, in place of each reading's names."""
        wanted = readings.select("asset", "signal").unique().sort("asset", "signal")
        known = self._known_series(tenant, wanted)
        if known.height < wanted.height:
            unknown = wanted.join(known, on=["asset", "signal"], how="anti")
            self._add_series(tenant, unknown)
            known = self._known_series(tenant, wanted)
        return readings.join(known, on=["asset", "signal"], how="inner").select(
            "series", pl.col("time").to_physical().alias("time_us"), "value", "revision"
        )

    def _known_series(self, tenant: TenantId, wanted: pl.DataFrame) -> pl.DataFrame:
        assets = wanted["asset"].unique().to_list()
        rows = sqlite_read.series_of(self._connection, tenant, assets, signals=None)
        frame = pl.DataFrame(rows, schema={"series": pl.Int64, "asset": pl.String, "signal": pl.String}, orient="row")
        return frame.join(wanted, on=["asset", "signal"], how="semi")

    def _add_series(self, tenant: TenantId, unknown: pl.DataFrame) -> None:
        statement = "INSERT OR IGNORE INTO series (tenant, asset, signal) VALUES (?, ?, ?)"
        with transaction(self._connection, "IMMEDIATE"), closing(self._connection.cursor()) as cursor:
            cursor.executemany(statement, ((tenant, asset, signal) for asset, signal in unknown.iter_rows()))
