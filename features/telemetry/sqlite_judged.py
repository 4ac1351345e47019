"""What readings are worth, and until when they are kept, in the SQLite file."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence

import polars as pl

from features.telemetry.readings import VERDICTS
from features.telemetry.sqlite_file import transaction
from features.telemetry.sqlite_read import Series, TimeSpan, as_time

_MAKE_MARKS = """CREATE TEMP TABLE IF NOT EXISTS marks (
    series INTEGER, time_us INTEGER, verdict INTEGER, PRIMARY KEY (series, time_us)) WITHOUT ROWID"""

# the index `suspects` holds the few readings that are not good: only they are looked at
_CLEAR = """UPDATE main.readings SET verdict = 0
    WHERE series = ? AND time_us >= ? AND time_us < ? AND verdict <> 0 AND NOT EXISTS (
        SELECT 1 FROM temp.marks WHERE marks.series = readings.series AND marks.time_us = readings.time_us)"""

# one by one through the primary key: as one statement over both tables SQLite may choose to walk all readings
_SET = "UPDATE main.readings SET verdict = ?3 WHERE series = ?1 AND time_us = ?2 AND verdict <> ?3"

_SUSPECTS = """SELECT readings.series, time_us FROM json_each(?) AS wanted CROSS JOIN readings
    ON series = wanted.value AND time_us >= ? AND time_us < ? AND verdict <> 0"""

_READ = """SELECT time_us, verdict FROM readings
    WHERE series = ? AND time_us >= ? AND time_us < ? AND verdict <> 0 ORDER BY time_us"""

_FORGET = "DELETE FROM readings WHERE series = ? AND time_us >= ? AND time_us < ?"


def mark(connection: sqlite3.Connection, series: Sequence[Series], verdicts: pl.DataFrame, span: TimeSpan) -> int:
    """Give readings their verdict, and all others of these series within the span a good one, in one transaction.

    Args:
        connection: The open file, with no transaction under way.
        series: What was judged.
        verdicts: The form `VERDICTS`; keys of other series are ignored.
        span: From when to when it was judged.

    Returns:
        Number of readings whose verdict changed.
    """
    numbers = pl.DataFrame(series, schema={"series": pl.Int64, "asset": pl.String, "signal": pl.String}, orient="row")
    marks = verdicts.join(numbers, on=["asset", "signal"]).select("series", pl.col("time").to_physical(), "verdict")
    connection.execute(_MAKE_MARKS)
    connection.execute("DELETE FROM temp.marks")
    connection.executemany("INSERT INTO temp.marks VALUES (?, ?, ?)", marks.iter_rows())
    with transaction(connection, "IMMEDIATE"):
        cleared = sum(
            connection.execute(_CLEAR, (number, span.first, span.end)).rowcount for number, _asset, _signal in series
        )
        before = connection.total_changes
        connection.executemany(_SET, marks.iter_rows())
        changed = cleared + connection.total_changes - before
    connection.execute("DELETE FROM temp.marks")
    return changed


def mark_all(
    connection: sqlite3.Connection,
    series: Sequence[Series],
    verdicts: pl.DataFrame,
    spans: Mapping[str, TimeSpan],
    check: Callable[[], None] | None = None,
) -> int:
    """Do what `mark` does for assets that were judged in stretches of their own, in one transaction.

    Args:
        connection: The open file, with no transaction under way.
        series: What was judged.
        verdicts: The form `VERDICTS`; keys of other series are ignored.
        spans: From when to when each asset was judged.
        check: Called before the commit, with the write lock held; if it raises, nothing is written.

    Returns:
        Number of readings whose verdict changed.
    """
    span_of = {number: spans[asset] for number, asset, _ in series}
    number_of = {(asset, signal): number for number, asset, signal in series}
    times = verdicts["time"].to_physical()
    keys = zip(verdicts["asset"], verdicts["signal"], times, verdicts["verdict"], strict=True)
    marks = {
        (number_of[asset, signal], time_us): verdict
        for asset, signal, time_us, verdict in keys
        if (asset, signal) in number_of
    }
    first, end = (
        min((each.first for each in spans.values()), default=0),
        max((each.end for each in spans.values()), default=0),
    )
    with transaction(connection, "IMMEDIATE"):
        suspects = connection.execute(_SUSPECTS, (json.dumps(list(span_of)), first, end)).fetchall()
        over = [
            (number, time_us, 0)
            for number, time_us in suspects
            if (number, time_us) not in marks and span_of[number].first <= time_us < span_of[number].end
        ]
        before = connection.total_changes
        connection.executemany(_SET, [*over, *((*key, verdict) for key, verdict in marks.items())])
        if check is not None:
            check()
        return connection.total_changes - before


def verdict_frame(connection: sqlite3.Connection, series: Sequence[Series], span: TimeSpan) -> pl.DataFrame:
    """Return the readings of some series that are not good, in the order of the series."""
    rows = [
        (asset, signal, time_us, verdict)
        for number, asset, signal in series
        for time_us, verdict in connection.execute(_READ, (number, span.first, span.end))
    ]
    schema = {**VERDICTS, "time": pl.Int64()}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(as_time())


def forget(connection: sqlite3.Connection, series: Sequence[Series], span: TimeSpan) -> int:
    """Delete the readings of some series within a span, series by series, so that nobody waits long."""
    deleted = 0
    for number, _asset, _signal in series:
        with transaction(connection, "IMMEDIATE"):
            deleted += connection.execute(_FORGET, (number, span.first, span.end)).rowcount
    return deleted
