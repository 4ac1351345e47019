"""The side file of an InfluxDB store: who writes now, and what has changed.

InfluxDB lets the last write win and tells nobody what is new. So every installation keeps a small SQLite file beside
it, shared by all its processes, for two things.

*One writer at a time.* Reading what is stored, deciding by the key rule and writing must not interleave with another
writer's. A lock on a second file (`<name>.lock`) sees to that; it ends with the process that holds it.

*The log of changes*, such that a change is never missed, whatever dies in between:

1. Before InfluxDB is written to, the stretch that will change is noted as an *intent*, and is on disk.
2. When the write succeeded, the intent becomes a change, in one transaction.
3. An intent that was left over, because the process died or the write failed without telling how far it came, is
   told as a change as soon as somebody else holds the lock, and it stays until a later write that covers its stretch
   has succeeded; then it is told once more. Only then is it certain what lies there: a request that timed out may
   still be carried out.

So a change may be told for readings that turn out not to have changed, which costs some work downstream; the other
way round it cannot happen. The same file holds what a deletion has to write back (see `forgetting`).
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from features.domain.identifiers import AssetId, TenantId
from features.domain.sqlite_files import file_at, make_folder, switch_to_wal
from features.domain.time import from_microseconds
from features.telemetry.errors import StoreCorrupt, StoreUnavailable
from features.telemetry.sqlite_file import transaction, translated
from features.telemetry.store import Change

_FORMAT = 1
_APPLICATION = 0x4D494C58  # "MILX"
_MOST_TOLD = 10_000

_TABLES = (
    """CREATE TABLE changes (cursor INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, asset TEXT NOT NULL,
        first_us INTEGER NOT NULL, last_us INTEGER NOT NULL)""",
    """CREATE TABLE intents (id INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, asset TEXT NOT NULL,
        first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, is_told INTEGER NOT NULL DEFAULT 0,
        UNIQUE (tenant, asset, first_us, last_us))""",
    "CREATE TABLE rescues (id INTEGER PRIMARY KEY, place TEXT NOT NULL, lines BLOB NOT NULL)",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_FORMAT}",
)
_INTEND = """INSERT INTO intents (tenant, asset, first_us, last_us) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET is_told = 0"""
_UNTOLD = "SELECT 1 FROM intents WHERE NOT is_told LIMIT 1"
_TELL = "INSERT INTO changes (tenant, asset, first_us, last_us) SELECT tenant, asset, first_us, last_us FROM intents"
_WITHDRAW = "UPDATE intents SET is_told = 1 WHERE tenant = ? AND asset = ? AND first_us = ? AND last_us = ?"
_COVERED = "tenant = ? AND asset = ? AND first_us >= ? AND last_us <= ?"
_FORGET_OLDEST = "DELETE FROM intents WHERE is_told AND id <= (SELECT max(id) FROM intents) - ?"


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when something of one asset is touched, in microseconds since the epoch, both inside."""

    tenant: str
    asset: str
    first_us: int
    last_us: int

    @property
    def row(self) -> tuple[str, str, int, int]:
        """The form of it in the tables."""
        return self.tenant, self.asset, self.first_us, self.last_us


class ChangeLog:
    """The side file, safe for several threads and several processes.

    Args:
        path: The file; it and the one for the lock are made if need be.
        busy_timeout_seconds: How long to wait for another writer.

    Raises:
        StoreUnavailable: If it cannot be opened.
        StoreCorrupt: If it is another file.
    """

    def __init__(self, path: Path, busy_timeout_seconds: float = 60.0) -> None:
        self._path = path
        self._busy_timeout_seconds = busy_timeout_seconds
        self._threads = RLock()
        self._writers = RLock()
        try:
            make_folder(path.parent)
        except OSError as error:
            raise StoreUnavailable(f"{path.parent} cannot be made ({error})") from error
        with translated(path):
            self._log = _opened(path, busy_timeout_seconds)
            self._lock = _connected(path.with_name(path.name + ".lock"), busy_timeout_seconds)
        self._file = file_at(path)
        self.recover()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer of the installation for the length of the block.

        Raises:
            StoreUnavailable: If another one does not finish in time, or the file is gone.
        """
        with self._writers:
            with translated(self._path):
                self._lock.execute("BEGIN EXCLUSIVE")
            try:
                self._tell()
                yield
            finally:
                self._lock.rollback()

    def intend(self, stretches: Sequence[Stretch]) -> None:
        """Note what is about to change; when this returns it is on disk."""
        if not stretches:
            return
        with self._held(), transaction(self._log, "IMMEDIATE"):
            self._log.executemany(_INTEND, [stretch.row for stretch in stretches])

    def withdraw(self, stretches: Sequence[Stretch]) -> None:
        """Do not tell intents whose write took nothing for certain; what an earlier one left in doubt stays so."""
        with self._held(), transaction(self._log, "IMMEDIATE"):
            self._log.executemany(_WITHDRAW, [stretch.row for stretch in stretches])

    def settle(self, covered: Sequence[Stretch]) -> None:
        """Make changes of all intents within what a write that succeeded covered."""
        with self._held():
            if not self._log.execute("SELECT 1 FROM intents LIMIT 1").fetchone():
                return
            with transaction(self._log, "IMMEDIATE"):
                for stretch in covered:
                    self._log.execute(f"{_TELL} WHERE {_COVERED} ORDER BY id", stretch.row)
                    self._log.execute(f"DELETE FROM intents WHERE {_COVERED}", stretch.row)
                self._log.execute(_FORGET_OLDEST, (_MOST_TOLD,))

    def recover(self) -> None:
        """Tell the intents that were left over, unless somebody is writing just now."""
        with self._held():
            if not self._log.execute(_UNTOLD).fetchone():
                return
        if not self._writers.acquire(blocking=False):
            return
        try:
            if self._is_locked_at_once():
                try:
                    self._tell()
                finally:
                    self._lock.rollback()
        finally:
            self._writers.release()

    def since(self, cursor: int, limit: int) -> list[Change]:
        """Return at most `limit` changes after a cursor."""
        self.recover()
        question = "SELECT cursor, tenant, asset, first_us, last_us FROM changes WHERE cursor > ? ORDER BY 1 LIMIT ?"
        with self._held():
            rows = self._log.execute(question, (cursor, limit)).fetchall()
        return [
            Change(at, TenantId(tenant), AssetId(asset), from_microseconds(first), from_microseconds(last))
            for at, tenant, asset, first, last in rows
        ]

    def keep(self, place: str, lines: bytes) -> None:
        """Keep lines that will have to be written back; when this returns they are on disk."""
        with self._held():
            self._log.execute("INSERT INTO rescues (place, lines) VALUES (?, ?)", (place, lines))

    def kept(self) -> list[tuple[int, str, bytes]]:
        """Return what has to be written back: number, place, lines."""
        with self._held():
            return self._log.execute("SELECT id, place, lines FROM rescues ORDER BY id").fetchall()

    def drop(self, number: int) -> None:
        """Forget lines that were written back."""
        with self._held():
            self._log.execute("DELETE FROM rescues WHERE id = ?", (number,))

    def close(self) -> None:
        """Let go of the files; closing twice is allowed."""
        with self._threads, translated(self._path):
            self._log.close()
            self._lock.close()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the connection, and make sure that it leads to the file that lies at the path now."""
        with self._threads, translated(self._path):
            if file_at(self._path) != self._file:
                raise StoreUnavailable(f"{self._path} is gone, or is another file now; open the store anew")
            yield

    def _is_locked_at_once(self) -> bool:
        """Become the only writer if that can be had without waiting."""
        with translated(self._path):
            self._lock.execute("PRAGMA busy_timeout = 0")
            try:
                self._lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:  # another process writes; it tells them when it is done
                return False
            finally:
                self._lock.execute(f"PRAGMA busy_timeout = {int(self._busy_timeout_seconds * 1000)}")
        return True

    def _tell(self) -> None:
        """Tell what is left over; whoever holds the lock knows that nobody is still at work on it."""
        with self._held():
            if not self._log.execute(_UNTOLD).fetchone():
                return
            with transaction(self._log, "IMMEDIATE"):
                self._log.execute(f"{_TELL} WHERE NOT is_told ORDER BY id")
                self._log.execute("UPDATE intents SET is_told = 1 WHERE NOT is_told")


def _connected(path: Path, busy_timeout_seconds: float) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=busy_timeout_seconds, isolation_level=None, check_same_thread=False)


def _opened(path: Path, busy_timeout_seconds: float) -> sqlite3.Connection:
    connection = _connected(path, busy_timeout_seconds)
    try:
        switch_to_wal(connection, busy_timeout_seconds)
        connection.execute("PRAGMA synchronous = FULL")
        if _format_of(connection) == (0, 0):
            with transaction(connection, "IMMEDIATE"):  # another process may have been first
                for statement in _TABLES if _format_of(connection) == (0, 0) else ():
                    connection.execute(statement)
        if _format_of(connection) != (_APPLICATION, _FORMAT):
            raise StoreCorrupt(f"{path}: no log of changes that this version knows")
    except BaseException:
        connection.close()
        raise
    return connection


def _format_of(connection: sqlite3.Connection) -> tuple[int, int]:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(application), int(version)
