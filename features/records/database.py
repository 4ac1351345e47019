"""Opening the records database, its transactions, and SQLAlchemy's errors in our words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from features.domain.errors import ServiceError
from features.domain.sqlite_files import file_at, make_folder, switch_to_wal
from features.records.errors import (
    ConflictingRecord,
    RecordsCorrupt,
    RecordsFault,
    RecordsUnavailable,
    RefusedRecord,
)
from features.records.migration import bring_to_head

Records = Engine
"""What `open_records` gives and the record classes take; others need not know the vendor's name for it."""

_IMMEDIATE = "millwright_immediate"
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_UNAVAILABLE: tuple[type[exc.SQLAlchemyError], ...] = (
    exc.OperationalError,
    exc.InterfaceError,
    exc.DisconnectionError,
    exc.TimeoutError,
    exc.PendingRollbackError,
)


def open_records(url: str, *, busy_timeout_seconds: float = 30.0) -> Records:
    """Open the records and bring their tables up to date.

    A SQLite file is made, with its folder, where there is none; it runs in WAL mode with a busy timeout and
    foreign keys. Two processes may open at once. Where the tables are up to date, nothing is done.

    Args:
        url: An SQLAlchemy address, such as `sqlite:///var/records.sqlite`.
        busy_timeout_seconds: How long a connection to SQLite waits for another process that writes.

    Raises:
        RecordsUnavailable: If the database cannot be reached.
        RecordsCorrupt: If the file is no database.
        RecordsTooNew: If a later version of the program made it.
    """
    with translated():
        address = make_url(url)
        if address.get_backend_name() == "sqlite":
            engine = _sqlite_engine(address, busy_timeout_seconds)
        else:
            engine = create_engine(address, pool_pre_ping=True)
        try:
            bring_to_head(engine, writing)
        except BaseException:
            engine.dispose()
            raise
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection on which all questions of the block see one moment."""
    with translated(), engine.begin() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that holds the write lock from its beginning; committed at the end."""
    with translated(), engine.execution_options(**{_IMMEDIATE: True}).begin() as connection:
        yield connection


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an insert that knows `on_conflict_do_…` in the words of the database at hand."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


@contextmanager
def translated() -> Iterator[None]:
    """Turn every SQLAlchemy exception of the block into one of ours."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        raise ours(error) from error


def ours(error: exc.SQLAlchemyError) -> ServiceError:
    """Return our error for one of SQLAlchemy's, without statement and values, which may be confidential."""
    cause = getattr(error, "orig", None)
    if isinstance(cause, ServiceError):  # one of ours, raised while values were being bound
        return cause
    reason = str(error.args[0] if cause is None and error.args else cause or type(error).__name__)
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _CORRUPT:
        return RecordsCorrupt(reason)
    if isinstance(error, exc.IntegrityError):
        return ConflictingRecord(
            "a record", must="not contradict those on record", found=reason, remedy="Correct it or use another key."
        )
    if isinstance(error, exc.DataError):
        return RefusedRecord(
            "a record", must="fit the database's types", found=reason, remedy="Correct the value at its source."
        )
    if isinstance(error, _UNAVAILABLE) or getattr(error, "connection_invalidated", False):
        return RecordsUnavailable(reason)
    return RecordsFault(reason)


def _sqlite_engine(address: URL, busy_timeout_seconds: float) -> Engine:
    _make_folder(address.database)
    engine = create_engine(address, connect_args={"timeout": busy_timeout_seconds})

    def prepare(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        switch_to_wal(connection, busy_timeout_seconds)
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
        record.info["file"] = file_at(Path(address.database or ":memory:"))

    def check(connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: object) -> None:
        """Refuse a connection whose file was moved away or replaced: what it keeps would be lost."""
        found = file_at(Path(address.database or ":memory:"))
        if found is None and record.info["file"] is not None:
            raise RecordsUnavailable("its file is gone")
        if found != record.info["file"]:
            raise exc.DisconnectionError("its file was replaced")  # the pool opens another

    event.listen(engine, "connect", prepare)
    event.listen(engine, "checkout", check)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(database: str | None) -> None:
    if not database or database == ":memory:":
        return
    folder = Path(database).parent
    try:
        make_folder(folder)
    except OSError as error:
        raise RecordsUnavailable(f"{folder} cannot be made ({error})") from error


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(_IMMEDIATE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
