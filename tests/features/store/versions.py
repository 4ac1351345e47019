"""Feature rows as versions, in the form that offline rows take."""

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from features.store.files import Files, LocalFiles, open_files
from features.store.rows import OfflineRows

T0 = datetime(2026, 1, 1, tzinfo=UTC)
TIME = pl.Datetime("us", "UTC")
SCHEMA = pl.Schema(
    {"tenant": pl.String(), "asset": pl.String(), "event_time": TIME, "created_time": TIME, "x": pl.Int64()}
)
Version = tuple[str, str, int, int, int]
"""Tenant, asset, hour of the event, hour of creation, value."""


def versions(*listed: Version) -> pl.DataFrame:
    made = [
        (tenant, asset, T0 + timedelta(hours=at), T0 + timedelta(hours=created), x)
        for tenant, asset, at, created, x in listed
    ]
    return pl.DataFrame(made, schema=SCHEMA, orient="row")


def found(rows: OfflineRows) -> Counter[Version]:
    """Return how often each version is there."""
    read = rows.reading(lambda snapshot: snapshot.read() if snapshot.parts else versions())
    hours = [((pl.col(name) - T0).dt.total_hours()).alias(name) for name in ("event_time", "created_time")]
    return Counter(read.with_columns(hours).select(SCHEMA.names()).iter_rows())


def files_of(kind: str, folder: Path) -> Files:
    """Return new files on the disk, or in the memory of fsspec, which stands for object storage."""
    return LocalFiles(folder) if kind == "local" else open_files(f"memory://{uuid.uuid4().hex}")
