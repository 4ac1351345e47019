"""A connection to the spool's file that follows the file: never one that was moved away."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from features.domain.sqlite_files import file_at, keep_folder, make_folder, switch_to_wal
from features.spool.errors import SpoolCorrupt, SpoolFault, SpoolUnavailable
from features.spool.faults import translated
from features.spool.tables import FORMAT, create

SETTINGS: tuple[str, ...] = (
    "PRAGMA synchronous = FULL",  # every commit is on disk before it returns
    "PRAGMA fullfsync = ON",  # on macOS: through the disk's own cache; without effect elsewhere
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA wal_autocheckpoint = 0",  # see `SpoolFile.checkpoint`
    "PRAGMA journal_size_limit = 8388608",
    "PRAGMA secure_delete = OFF",  # some builds overwrite what is forgotten, through the WAL
    "PRAGMA cell_size_check = ON",
    "PRAGMA cache_size = -8192",  # KiB
    "PRAGMA temp_store = MEMORY",
)
"""What every connection is told after it was opened."""


class Link:
    """One connection, used by one thread at a time, to whatever spool lies at the path now.

    Args:
        path: The spool's file; made, with its folder, where there is none.
        busy_timeout_seconds: How long to wait for another process that writes.
        settings: Statements that a new connection runs first.

    Raises:
        SpoolUnavailable: If the file cannot be opened.
        SpoolCorrupt: If it is no spool.
    """

    def __init__(self, path: Path, busy_timeout_seconds: float, settings: Sequence[str]) -> None:
        self._path = path
        self._busy_timeout_seconds = busy_timeout_seconds
        self._settings = tuple(settings)
        self._lock = RLock()
        self._is_closed = False
        self._connection = self._open()
        self._file = file_at(path)

    @contextmanager
    def held(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to this thread alone, opened anew if another file lies at the path.

        SQLite goes on writing into a file that was moved away; what it keeps there would be lost.

        Raises:
            SpoolUnavailable: If no file lies at the path.
        """
        with self._lock, translated(self._path):
            if self._is_closed:
                raise SpoolFault(f"{self._path} is closed")
            found = file_at(self._path)
            if found is None:
                raise SpoolUnavailable(f"{self._path} is gone")
            if found != self._file:
                self._connection.close()
                self._connection, self._file = self._open(), file_at(self._path)
            yield self._connection

    def check(self) -> None:
        """Make sure that the file which was just written still lies at the path.

        Raises:
            SpoolUnavailable: If it was moved meanwhile.
        """
        if file_at(self._path) != self._file:
            raise SpoolUnavailable(f"{self._path} was moved away while it was written")

    def close(self) -> None:
        """Let go of the file; closing twice is allowed."""
        with self._lock, translated(self._path):
            self._is_closed = True
            self._connection.close()

    def _open(self) -> sqlite3.Connection:
        is_new = file_at(self._path) is None
        try:
            make_folder(self._path.parent)
        except OSError as error:
            raise SpoolUnavailable(f"{self._path.parent} cannot be made ({error})") from error
        with translated(self._path):
            connection = sqlite3.connect(
                self._path, timeout=self._busy_timeout_seconds, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(connection)
                if is_new:
                    keep_folder(self._path.parent)
            except OSError as error:
                connection.close()
                raise SpoolUnavailable(f"{self._path.parent} cannot be brought to the disk ({error})") from error
            except BaseException:
                connection.close()
                raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # takes effect in an empty file alone
        switch_to_wal(connection, self._busy_timeout_seconds)
        for statement in self._settings:
            connection.execute(statement).fetchall()
        if _format_of(connection) == 0:
            with transaction(connection, "IMMEDIATE"):
                if _format_of(connection) == 0:  # another process may have been first
                    create(connection)
        if _format_of(connection) != FORMAT:
            raise SpoolCorrupt(f"{self._path}: format {_format_of(connection)}, and this version knows {FORMAT}")


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


def _format_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
