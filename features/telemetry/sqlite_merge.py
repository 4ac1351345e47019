"""Writing a settled batch into the SQLite file: a fast way for fresh readings, and the whole rule for the rest."""

import sqlite3
from collections.abc import Iterator

import polars as pl

from features.telemetry.sqlite_file import transaction
from features.telemetry.store import WriteReport

_NEW, _REPLACES, _DUPLICATE, _NEWER_DUPLICATE, _LOSES = range(5)

_INSERT = "INSERT OR IGNORE INTO main.readings (series, time_us, value, revision) VALUES (?, ?, ?, ?)"

_MAKE_BATCH = """CREATE TEMP TABLE IF NOT EXISTS batch (
    series INTEGER, time_us INTEGER, value REAL, revision INTEGER, outcome INTEGER,
    PRIMARY KEY (series, time_us)) WITHOUT ROWID"""

_FILL_BATCH = "INSERT INTO temp.batch (series, time_us, value, revision) VALUES (?, ?, ?, ?)"

_JUDGE = f"""UPDATE temp.batch SET outcome = coalesce((
    SELECT CASE
        WHEN kept.value = batch.value AND batch.revision > kept.revision THEN {_NEWER_DUPLICATE}
        WHEN kept.value = batch.value THEN {_DUPLICATE}
        WHEN (batch.revision, batch.value < 0, abs(batch.value)) > (kept.revision, kept.value < 0, abs(kept.value))
            THEN {_REPLACES}
        ELSE {_LOSES} END
    FROM main.readings AS kept WHERE kept.series = batch.series AND kept.time_us = batch.time_us), {_NEW})"""

_COUNT = "SELECT outcome, count(*) FROM temp.batch GROUP BY outcome"

_KEEP = f"""INSERT OR REPLACE INTO main.readings (series, time_us, value, revision)
    SELECT series, time_us, value, revision FROM temp.batch WHERE outcome IN ({_NEW}, {_REPLACES})"""

# the value stays, and so does what was found about it
_RAISE = f"""UPDATE main.readings SET revision = batch.revision FROM temp.batch
    WHERE batch.outcome = {_NEWER_DUPLICATE} AND readings.series = batch.series AND readings.time_us = batch.time_us"""

_NOTE_JUDGED = f"""INSERT INTO main.changes (tenant, asset, first_us, last_us)
    SELECT tenant, asset, min(time_us), max(time_us)
    FROM temp.batch JOIN main.series ON series.id = batch.series
    WHERE outcome IN ({_NEW}, {_REPLACES}) GROUP BY tenant, asset ORDER BY tenant, asset"""

_MAKE_TOUCHED = (
    "CREATE TEMP TABLE IF NOT EXISTS touched (series INTEGER PRIMARY KEY, first_us INTEGER, last_us INTEGER)"
)

_NOTE_TOUCHED = """INSERT INTO main.changes (tenant, asset, first_us, last_us)
    SELECT tenant, asset, min(first_us), max(last_us)
    FROM temp.touched JOIN main.series ON series.id = touched.series
    GROUP BY tenant, asset ORDER BY tenant, asset"""


class _NotAllFresh(Exception):
    """Some keys were there already; the transaction is undone."""


def merge(connection: sqlite3.Connection, batch: pl.DataFrame) -> WriteReport:
    """Write a batch in one transaction, together with the changes that it makes.

    Args:
        connection: The open file, with no transaction under way.
        batch: Columns series, time_us, value, revision; each key once, sorted by key.
    """
    try:
        return _insert_fresh(connection, batch)
    except _NotAllFresh:
        return _merge_judged(connection, batch)


def _insert_fresh(connection: sqlite3.Connection, batch: pl.DataFrame) -> WriteReport:
    touched = batch.group_by("series").agg(
        pl.col("time_us").min().alias("first"), pl.col("time_us").max().alias("last")
    )
    connection.execute(_MAKE_TOUCHED)
    with transaction(connection, "IMMEDIATE"):
        before = connection.total_changes
        connection.executemany(_INSERT, _rows(batch))
        if connection.total_changes - before < batch.height:
            raise _NotAllFresh
        connection.execute("DELETE FROM temp.touched")
        connection.executemany("INSERT INTO temp.touched VALUES (?, ?, ?)", _rows(touched))
        connection.execute(_NOTE_TOUCHED)
    return WriteReport(written=batch.height)


def _merge_judged(connection: sqlite3.Connection, batch: pl.DataFrame) -> WriteReport:
    connection.execute(_MAKE_BATCH)
    with transaction(connection, "DEFERRED"):  # touches the temporary table only: nobody waits for it
        connection.execute("DELETE FROM temp.batch")
        connection.executemany(_FILL_BATCH, _rows(batch))
    with transaction(connection, "IMMEDIATE"):
        connection.execute(_JUDGE)
        counts = dict(connection.execute(_COUNT).fetchall())
        connection.execute(_KEEP)
        connection.execute(_RAISE)
        connection.execute(_NOTE_JUDGED)
    connection.execute("DELETE FROM temp.batch")
    return WriteReport(
        written=counts.get(_NEW, 0),
        duplicates=counts.get(_DUPLICATE, 0) + counts.get(_NEWER_DUPLICATE, 0),
        replaced=counts.get(_REPLACES, 0),
        kept=counts.get(_LOSES, 0),
    )


def _rows(frame: pl.DataFrame) -> Iterator[tuple[float | int, ...]]:
    return zip(*(column.to_list() for column in frame.get_columns()), strict=True)
