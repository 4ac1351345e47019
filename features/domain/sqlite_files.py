"""What every SQLite file of ours needs, whoever owns it: the switch to WAL, and which file lies at a path now."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Protocol

_RETRY_SECONDS = 0.01


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
