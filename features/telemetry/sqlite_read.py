"""Reading from the SQLite file: series by series through numpy, then one polars frame."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.domain.time import from_microseconds, microseconds
from features.telemetry.errors import RefusedReadings
from features.telemetry.readings import READINGS

Series = tuple[int, str, str]
"""Number, asset, signal."""

_TIME = pl.Datetime("us", "UTC")
_LONG_ROW = np.dtype([("time", "i8"), ("value", "f8"), ("revision", "i8")])
_WIDE_ROW = np.dtype([("time", "i8"), ("value", "f8")])
_EARLIEST, _LATEST = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """From `first` (inside) to `end` (outside), in microseconds since the epoch."""

    first: int
    end: int

    @classmethod
    def between(cls, start: datetime | None, end: datetime | None) -> "TimeSpan":
        """Return the span between two times; None means without bound.

        Raises:
            NaiveTime: If a time has no zone.
        """
        return cls(_EARLIEST if start is None else microseconds(start), _LATEST if end is None else microseconds(end))


def check_columns(signals: Sequence[str]) -> None:
    """Check that signals can stand beside each other as columns.

    Raises:
        RefusedReadings: If one is named twice, or is called like a column of the key.
    """
    if len(set(signals)) < len(signals) or {"asset", "time"} & set(signals):
        raise RefusedReadings(
            "the signals of a wide table",
            must="differ from each other and from the columns asset and time",
            found=list(signals),
            remedy="Ask for each signal once; rename a signal that is called like a key.",
        )


def series_of(
    connection: sqlite3.Connection, tenant: str, assets: Sequence[str] | None, signals: Sequence[str] | None
) -> list[Series]:
    """Return the series of a tenant, sorted by asset and signal; None means all."""
    question = "SELECT id, asset, signal FROM series WHERE tenant = ?"
    if assets is None:
        found: Iterable[Series] = connection.execute(f"{question} ORDER BY asset, signal", (tenant,))
    else:
        by_asset = f"{question} AND asset = ? ORDER BY signal"
        found = (row for asset in sorted(set(assets)) for row in connection.execute(by_asset, (tenant, asset)))
    wanted = None if signals is None else set(signals)
    return [row for row in found if wanted is None or row[2] in wanted]


def long_frame(connection: sqlite3.Connection, series: Sequence[Series], span: TimeSpan) -> pl.DataFrame:
    """Return the readings of some series, in their order."""
    question = "SELECT time_us, value, revision FROM readings WHERE series = ? AND time_us >= ? AND time_us < ?"
    parts: list[pl.DataFrame] = [READINGS.to_frame()]
    for number, asset, signal in series:
        rows = np.fromiter(connection.execute(question, (number, span.first, span.end)), _LONG_ROW)
        if rows.size:
            parts.append(
                pl.DataFrame({name: np.ascontiguousarray(rows[name]) for name in _LONG_ROW.names or ()}).select(
                    pl.lit(asset).alias("asset"), pl.lit(signal).alias("signal"), as_time(), "value", "revision"
                )
            )
    return pl.concat(parts)


def wide_frame(
    connection: sqlite3.Connection,
    series: Sequence[Series],
    signals: Sequence[str],
    span: TimeSpan,
    *,
    with_suspect: bool,
) -> pl.DataFrame:
    """Return one row for each asset and time, one column for each signal."""
    question = "SELECT time_us, value FROM readings WHERE series = ? AND time_us >= ? AND time_us < ?"
    if not with_suspect:
        question += " AND verdict = 0"
    schema = pl.Schema({"asset": pl.String(), "time": _TIME} | {signal: pl.Float64() for signal in signals})
    parts: list[pl.DataFrame] = [schema.to_frame()]
    for asset, of_asset in groupby(series, key=lambda each: each[1]):
        columns = {
            signal: np.fromiter(connection.execute(question, (number, span.first, span.end)), _WIDE_ROW)
            for number, _, signal in of_asset
        }
        parts.append(_pivoted(asset, columns, signals))
    return pl.concat(parts)


def span_frame(connection: sqlite3.Connection, tenant: str) -> pl.DataFrame:
    """Return first and last time and the count of readings of each asset."""
    question = """SELECT asset, min(time_us), max(time_us), count(*)
        FROM series JOIN readings ON readings.series = series.id WHERE tenant = ? GROUP BY asset ORDER BY asset"""
    schema = {"asset": pl.String, "first": pl.Int64, "last": pl.Int64, "count": pl.Int64}
    rows = connection.execute(question, (tenant,)).fetchall()
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(as_time("first"), as_time("last"))


def first_times(connection: sqlite3.Connection, series: Sequence[Series]) -> dict[str, datetime]:
    """Return the earliest time of each asset with readings; one look at the beginning of each series."""
    question = "SELECT min(time_us) FROM readings WHERE series = ?"
    found: dict[str, int] = {}
    for number, asset, _ in series:
        (first,) = connection.execute(question, (number,)).fetchone()
        if first is not None:
            found[asset] = min(first, found.get(asset, first))
    return {asset: from_microseconds(first) for asset, first in found.items()}


def as_time(name: str = "time") -> pl.Expr:
    """Return a column of microseconds since the epoch as times in UTC."""
    return pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias(name)


def _pivoted(asset: str, columns: dict[str, NDArray[np.void]], signals: Sequence[str]) -> pl.DataFrame:
    """Put the series of one asset side by side on the union of their times."""
    times = np.unique(np.concatenate([rows["time"] for rows in columns.values()]))
    wide: dict[str, NDArray[np.int64] | NDArray[np.float64]] = {"time": times}
    for signal in signals:
        values = np.full(times.size, np.nan)
        if signal in columns:
            values[np.searchsorted(times, columns[signal]["time"])] = columns[signal]["value"]
        wide[signal] = values
    # a stored value is finite, so NaN can only mean "not measured"
    frame = pl.DataFrame(wide, nan_to_null=True)
    return frame.select(pl.lit(asset).alias("asset"), as_time(), *(pl.col(signal) for signal in signals))
