"""What every SQLite file of ours needs: the switch to WAL, which file lies at a path, what an exception means."""

import os
import sqlite3
import time
from enum import Enum
from pathlib import Path
from typing import Protocol

_RETRY_SECONDS = 0.01

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_TOOBIG}
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_SCHEMA}
_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOMEM,
}


class Trouble(Enum):
    """What an exception of sqlite3 means to whoever owns the file.

    `full` leaves no room, `corrupt` is no sound file of ours, `unavailable` may go by itself, and `fault`
    is a defect of ours.
    """

    FULL = "full"
    CORRUPT = "corrupt"
    UNAVAILABLE = "unavailable"
    FAULT = "fault"


def trouble_of(error: Exception) -> Trouble:
    """Say what an exception of sqlite3 means; SQLite's own code decides where it gave one."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF  # the low byte of an extended code is the primary one
    if primary in _FULL:
        return Trouble.FULL
    if primary in _CORRUPT:
        return Trouble.CORRUPT
    if primary in _UNAVAILABLE or (primary is None and isinstance(error, sqlite3.OperationalError)):
        return Trouble.UNAVAILABLE
    return Trouble.FAULT


class SqlCursor(Protocol):
    """As much of a cursor as is needed here."""

    def execute(self, operation: str, /) -> object:
        """Run one statement."""
        ...

    def close(self) -> object:
        """Let go of the cursor."""
        ...


class SqlConnection(Protocol):
    """As much of a connection as is needed here; sqlite3's own has it, and so has a connection of a pool."""

    def cursor(self) -> SqlCursor:
        """Open a cursor."""
        ...


def switch_to_wal(connection: SqlConnection, busy_timeout_seconds: float) -> None:
    """Switch a database to WAL; SQLite does not wait by itself when two processes do so at once.

    Raises:
        sqlite3.OperationalError: If another process holds the file for longer than the timeout.
    """
    deadline = time.monotonic() + busy_timeout_seconds
    cursor = connection.cursor()
    try:
        while not _is_switched(cursor, deadline):
            time.sleep(_RETRY_SECONDS)
    finally:
        cursor.close()


def file_at(path: Path) -> tuple[int, int] | None:
    """Return which file lies at a path now, by device and number, or None if none does.

    SQLite goes on writing into a file that was moved away. Whoever compares this before and after a write notices.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def make_folder(folder: Path) -> None:
    """Make a folder with its parents, so that they are still there after the power failed.

    Raises:
        OSError: If one of them cannot be made.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    keep_folder(folder.parent)


def keep_folder(folder: Path) -> None:
    """Bring the names in a folder onto the disk: a new file is lost with its content as long as its name is not there.

    Raises:
        OSError: If the folder cannot be opened or synchronised.
    """
    if os.name != "posix":  # elsewhere a folder cannot be opened, and its names are kept with the files
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_switched(cursor: SqlCursor, deadline: float) -> bool:
    try:
        cursor.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
            raise
        return False
    return True
