"""Ingest of a bring-your-own folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from features.domain.identifiers import TenantId
from features.domain.packs import Pack
from features.records.database import Records
from features.telemetry.store import TelemetryStore
from pipelines.ingest import events, labels
from pipelines.ingest.assets import take_assets
from pipelines.ingest.events import take_events
from pipelines.ingest.intake import Intake
from pipelines.ingest.labels import take_labels
from pipelines.ingest.layout import FolderLayout, lay_out
from pipelines.ingest.plausible_clock import PlausibleClock
from pipelines.ingest.report import IngestReport
from pipelines.ingest.revisions import is_verdict
from pipelines.ingest.tables import ROW, read_chunks, require_columns

CHUNK_ROWS = 50_000
"""Usual number of rows in memory at once; with 14 signals about 700,000 readings."""

Progress = Callable[[str, int], None]
"""Called with a file's name and the number of its rows that are done."""


def ingest_folder(
    folder: Path,
    pack: Pack,
    tenant: TenantId,
    store: TelemetryStore,
    records: Records,
    progress: Progress | None = None,
    *,
    chunk_rows: int = CHUNK_ROWS,
    rule: PlausibleClock | None = None,
) -> IngestReport:
    """Read a folder into the stores. Doing it again changes nothing and counts duplicates.

    What does not fit is set aside with file, row, signal, reason and content; the other cells of its row are
    kept. Numbers of a signal that the pack does not name are kept in quarantine, and a note says so. A life count
    that stands in for time becomes epoch + life x 1 s.

    Args:
        folder: Holds `telemetry`, and maybe `events`, `assets` and `labels`, as CSV or Parquet.
        pack: The type of its machines.
        tenant: Whose machines.
        store: Where readings go.
        records: Where everything else goes.
        progress: Told after each chunk.
        chunk_rows: Rows in memory at once.
        rule: Which times are believed; None means the usual for the pack.

    Returns:
        What was done.

    Raises:
        NoTelemetry: If there is no telemetry in the folder.
        BadTable: If a file cannot be read as a table.
    """
    layout = lay_out(folder)
    intake = Intake(pack, tenant, store, records, rule=rule)
    intake.tally.notes += layout.notes
    for table in _tables(layout, intake):
        for path in table.paths:
            intake.tally.notes += _take_file(path, layout.source(path), table, chunk_rows, progress)
    return intake.finish()


@dataclass(frozen=True, slots=True)
class _Table:
    """One of the tables of a folder.

    Attributes:
        take: Takes a chunk under the name of its source.
        required: Of each of these sets at least one column must be there.
        columns: The columns that mean anything; None where every column does.
    """

    paths: Sequence[Path]
    take: Callable[[pl.DataFrame, str], None]
    required: tuple[frozenset[str], ...]
    columns: frozenset[str] | None = None


def _tables(layout: FolderLayout, intake: Intake) -> tuple[_Table, ...]:
    """Return the tables in the order in which they are read: whose data it is comes before the data."""
    key = (frozenset({"asset_id"}), frozenset({"time", "life"}))
    label_columns = tuple(frozenset({name}) for name in sorted(labels.COLUMNS))
    return (
        _Table(layout.assets, lambda chunk, source: take_assets(intake, chunk, source), key[:1]),
        _Table(layout.telemetry, intake.take_telemetry, key),
        _Table(
            layout.events,
            lambda chunk, source: take_events(intake, chunk, source),
            (*key, frozenset({"kind"})),
            events.COLUMNS,
        ),
        _Table(layout.labels, lambda chunk, source: take_labels(intake, chunk, source), label_columns, labels.COLUMNS),
    )


def _take_file(path: Path, source: str, table: _Table, chunk_rows: int, progress: Progress | None) -> list[str]:
    """Take a file chunk by chunk; return a note for each column of it that means nothing to us."""
    notes: list[str] = []
    done = 0
    for chunk in read_chunks(path, chunk_rows):
        require_columns(chunk, path.name, *table.required)
        if not done:
            notes = [f"column {name} of {source} is ignored: {why}" for name, why in _ignored(chunk, table)]
        table.take(chunk, source)
        done += chunk.height
        if progress is not None:
            progress(source, done)
    return notes


def _ignored(chunk: pl.DataFrame, table: _Table) -> list[tuple[str, str]]:
    if table.columns is None:
        return [(name, "verdicts are given here, not taken") for name in chunk.columns if is_verdict(name)]
    surplus = [name for name in chunk.columns if name not in table.columns and name != ROW]
    return [(name, "it has no meaning there") for name in surplus]
