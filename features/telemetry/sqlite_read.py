"""Reading from the SQLite file: series by series through numpy, then one polars frame."""

import json
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
_WIDE_ROW = np.dtype([("series", "i8"), ("time", "i8"), ("value", "f8")])
_ASSETS_AT_ONCE = 256
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
    """Return one row for each asset and time, one column for each signal; series come by asset."""
    # one statement for many series, each looked up by itself: the order of the join must not be SQLite's choice
    question = f"""SELECT readings.series, time_us, readings.value FROM json_each(?) AS wanted CROSS JOIN readings
        ON series = wanted.value AND time_us >= ? AND time_us < ?{"" if with_suspect else " AND verdict = 0"}"""
    schema = pl.Schema({"asset": pl.String(), "time": _TIME} | {signal: pl.Float64() for signal in signals})
    parts: list[pl.DataFrame] = [schema.to_frame()]
    by_asset = [list(of_asset) for _, of_asset in groupby(series, key=lambda each: each[1])]
    for start in range(0, len(by_asset), _ASSETS_AT_ONCE):
        group = by_asset[start : start + _ASSETS_AT_ONCE]
        numbers = json.dumps([number for of_asset in group for number, _, _ in of_asset])
        rows = np.fromiter(connection.execute(question, (numbers, span.first, span.end)), _WIDE_ROW)
        parts.append(_pivoted(group, rows, signals))
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


def _pivoted(by_asset: Sequence[Sequence[Series]], rows: NDArray[np.void], signals: Sequence[str]) -> pl.DataFrame:
    """Put the series of each asset side by side on the union of their times."""
    column = {signal: place for place, signal in enumerate(signals)}
    places = [(number, asset, column[name]) for asset, of_asset in enumerate(by_asset) for number, _, name in of_asset]
    number, asset, signal = np.array(sorted(places), np.int64).reshape(-1, 3).T
    of_row = np.searchsorted(number, rows["series"])
    order = np.lexsort((rows["time"], asset[of_row]))
    assets, times = asset[of_row][order], rows["time"][order]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (np.diff(times) != 0) | (np.diff(assets) != 0)
    values = np.full((int(begins.sum()), len(signals)), np.nan, order="F")
    values[np.cumsum(begins) - 1, signal[of_row][order]] = rows["value"][order]
    names = pl.Series("asset", [of_asset[0][1] for of_asset in by_asset], pl.String)
    # a stored value is finite, so NaN can only mean "not measured"
    measured = pl.DataFrame({name: values[:, place] for place, name in enumerate(signals)}, nan_to_null=True)
    keys = pl.DataFrame({"asset": names.gather(assets[begins]), "time": times[begins]}).with_columns(as_time())
    return keys.hstack(measured)
