"""How a folder itself writes the moments of its rows, so that answers can repeat them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import polars as pl

from features.domain.time import format_time, from_microseconds, life_of_time
from pipelines.ingest.keys import asset_texts
from pipelines.ingest.layout import lay_out
from pipelines.ingest.moments import moments_of_lives, moments_of_times
from pipelines.ingest.tables import read_chunks

_ROWS = 100_000


def named_assets(folder: Path) -> frozenset[str]:
    """Return the machines that the telemetry of a folder names.

    Raises:
        NoTelemetry: If there is no telemetry in it.
    """
    found: set[str] = set()
    for chunk in _chunks(folder):
        found.update(chunk["asset"].drop_nulls().unique().to_list())
    return frozenset(found)


def given_moments(folder: Path, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Return the `time` or `life` of rows as the telemetry writes it.

    Args:
        folder: As it was brought.
        wanted: Machines and moments, microseconds since EPOCH.

    Returns:
        A text for each that is found.
    """
    rows = pl.DataFrame(list(wanted), schema={"asset": pl.String, "time_us": pl.Int64}, orient="row").unique()
    found: dict[tuple[str, int], str] = {}
    for chunk in _chunks(folder):
        for asset, time_us, given in rows.join(chunk, on=["asset", "time_us"]).iter_rows():
            found.setdefault((asset, time_us), _text(given))
    return found


def given_rows(folder: Path) -> pl.DataFrame:
    """Return every row of the telemetry of a folder that names its machine and its moment, as it stands there.

    Returns:
        Columns `asset`, `time_us` (microseconds since EPOCH) and `given`, the `time` or `life` as it is written.
    """
    schema = pl.Schema({"asset": pl.String, "time_us": pl.Int64, "given": pl.String})
    parts = [
        chunk.with_columns(given=pl.Series([_text(cell) for cell in chunk["given"]], dtype=pl.String))
        for chunk in _chunks(folder)
    ]
    return pl.concat([pl.DataFrame(schema=schema), *(part.cast(schema) for part in parts)])


def written_moment(time_us: int, *, is_count: bool) -> str:
    """Write a moment that the folder itself does not write: as a life count, or as RFC 3339 in UTC."""
    moment = from_microseconds(time_us)
    return f"{life_of_time(moment):.12g}" if is_count else format_time(moment)


def _chunks(folder: Path) -> Iterator[pl.DataFrame]:
    """Yield machine, moment in microseconds, and the cell that said it, of every row of telemetry."""
    for path in lay_out(folder).telemetry:
        for chunk in read_chunks(path, _ROWS):
            if "asset_id" not in chunk.columns:
                continue
            asset = asset_texts(chunk["asset_id"])
            for name, read in (("time", moments_of_times), ("life", moments_of_lives)):
                if name not in chunk.columns:
                    continue
                time_us = read(chunk[name]).times.dt.timestamp("us")
                yield pl.DataFrame({"asset": asset, "time_us": time_us, "given": chunk[name]}).drop_nulls()


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        return format_time(cell)
    return f"{cell:.12g}" if isinstance(cell, float) else str(cell).strip()
