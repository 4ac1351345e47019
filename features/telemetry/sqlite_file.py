"""The SQLite file under the telemetry store: opening, transactions, and its errors in our words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.domain.errors import ServiceError
from features.domain.sqlite_files import Trouble, make_folder, switch_to_wal, trouble_of
from features.telemetry.errors import StoreCorrupt, StoreFault, StoreFull, StoreUnavailable

FORMAT = 2
"""Version of the tables below, kept in the file as `user_version`."""

_TABLES = (
    """CREATE TABLE series (
        id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, asset TEXT NOT NULL, signal TEXT NOT NULL,
        UNIQUE (tenant, asset, signal))""",
    """CREATE TABLE readings (
        series INTEGER NOT NULL, time_us INTEGER NOT NULL, value REAL NOT NULL, revision INTEGER NOT NULL,
        verdict INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (series, time_us)) WITHOUT ROWID""",
    """CREATE TABLE changes (
        cursor INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, asset TEXT NOT NULL,
        first_us INTEGER NOT NULL, last_us INTEGER NOT NULL)""",
    _SUSPECTS := "CREATE INDEX suspects ON readings (series, time_us, verdict) WHERE verdict <> 0",
    f"PRAGMA user_version = {FORMAT}",
)

_STEPS = {
    0: _TABLES,
    1: (
        "ALTER TABLE readings ADD COLUMN verdict INTEGER NOT NULL DEFAULT 0",
        _SUSPECTS,
        f"PRAGMA user_version = {FORMAT}",
    ),
}
"""What brings a file of each earlier format to this one; 0 is an empty file."""

_OURS = {
    Trouble.FULL: StoreFull,
    Trouble.CORRUPT: StoreCorrupt,
    Trouble.UNAVAILABLE: StoreUnavailable,
    Trouble.FAULT: StoreFault,
}


def open_database(path: Path, busy_timeout_seconds: float) -> sqlite3.Connection:
    """Open or make the file, in WAL mode, with every commit on disk before it returns.

    Raises:
        StoreUnavailable: If the file cannot be reached, or another process holds it for too long.
        StoreCorrupt: If the file is no telemetry store, or one of a later format.
    """
    try:
        make_folder(path.parent)
    except OSError as error:
        raise StoreUnavailable(f"{path.parent} cannot be made ({error})") from error
    with translated(path):
        connection = sqlite3.connect(path, timeout=busy_timeout_seconds, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path, busy_timeout_seconds)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    """Run the block in one transaction: `DEFERRED` to read one moment, `IMMEDIATE` to write."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn every sqlite3 exception of the block into one of ours."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise ours(error, path) from error


def ours(error: Exception, path: Path) -> ServiceError:
    """Return our error for one of sqlite3's; SQLite's own code decides where it gave one."""
    return _OURS[trouble_of(error)](f"{path}: {error}")


def _prepare(connection: sqlite3.Connection, path: Path, busy_timeout_seconds: float) -> None:
    switch_to_wal(connection, busy_timeout_seconds)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -65536")  # 64 MiB
    connection.execute("PRAGMA temp_store = MEMORY")
    if _format_of(connection) in _STEPS:
        with transaction(connection, "IMMEDIATE"):  # another process may have been first
            for statement in _STEPS.get(_format_of(connection), ()):
                connection.execute(statement)
    if _format_of(connection) != FORMAT:
        raise StoreCorrupt(f"{path}: format {_format_of(connection)}, and this version knows {FORMAT}")


def _format_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
