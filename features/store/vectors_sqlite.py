"""Online vectors in one SQLite file: the store of an installation of one machine."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from features.domain.errors import ServiceError
from features.domain.identifiers import AssetId, TenantId
from features.domain.sqlite_files import Trouble, file_at, keep_folder, make_folder, switch_to_wal, trouble_of
from features.store.errors import CursorMoved, FeatureStoreFault, FeatureStoreUnavailable
from features.store.packed import Cursor, PackedState, PackedVector, require_owner, times_of, views_of

FORMAT = 1
"""Version of the tables below, kept in the file as `user_version`."""

PART = "online store"

_TABLES = (
    "CREATE TABLE views (view TEXT PRIMARY KEY) WITHOUT ROWID",
    """CREATE TABLE vectors (
        view TEXT NOT NULL, tenant TEXT NOT NULL, asset TEXT NOT NULL, event_us INTEGER NOT NULL,
        created_us INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (view, tenant, asset)) WITHOUT ROWID""",
    """CREATE TABLE states (
        view TEXT NOT NULL, tenant TEXT NOT NULL, asset TEXT NOT NULL, content BLOB NOT NULL,
        PRIMARY KEY (view, tenant, asset))""",
    "CREATE TABLE cursors (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    f"PRAGMA user_version = {FORMAT}",
)
_PUT_VECTOR = """INSERT INTO vectors VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (view, tenant, asset) DO UPDATE
    SET event_us = excluded.event_us, created_us = excluded.created_us, content = excluded.content
    WHERE (excluded.event_us, excluded.created_us) {newer} (event_us, created_us)"""
_REPLACE_VECTOR = "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?, ?, ?)"
_TAKE_VECTOR = "DELETE FROM vectors WHERE view = ? AND tenant = ? AND asset = ?"
_PUT_STATE = """INSERT INTO states VALUES (?, ?, ?, ?)
    ON CONFLICT (view, tenant, asset) DO UPDATE SET content = excluded.content"""
_PUT_CURSOR = "INSERT INTO cursors VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
_READ = """SELECT asset, content FROM {table}
    WHERE view = ? AND tenant = ? AND asset IN (SELECT value FROM json_each(?))"""


class SqliteVectorStore:
    """A `VectorStore` in one SQLite file (WAL); open it after forking. Nothing is opened before it is used.

    Args:
        path: The file; `create` makes it, with its folder, and nothing else does.
        busy_timeout_seconds: How long to wait for another process that writes.
    """

    def __init__(self, path: Path, *, busy_timeout_seconds: float = 10.0) -> None:
        self._path = path
        self._busy_timeout_seconds = busy_timeout_seconds
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._is_closed = False

    def create(self, view: str) -> None:
        """Make room for a view, and the file where there is none; see `VectorStore.create`."""
        with self._lock, translated(self._path):
            if file_at(self._path) is None:
                self._make()
        with self._held() as connection, self._transaction(connection):
            connection.execute("INSERT INTO views VALUES (?) ON CONFLICT DO NOTHING", (view,))

    def drop(self, view: str) -> None:
        """Forget a view with its vectors and states; see `VectorStore.drop`."""
        if file_at(self._path) is None:
            return
        with self._held() as connection, self._transaction(connection):
            for table in ("vectors", "states", "views"):
                connection.execute(f"DELETE FROM {table} WHERE view = ?", (view,))  # a table of the tuple above

    def write(
        self,
        vectors: Sequence[PackedVector],
        states: Sequence[PackedState] = (),
        cursor: Cursor | None = None,
        *,
        or_equal: bool = True,
    ) -> int:
        """Write vectors, states and a cursor in one transaction; see `VectorStore.write`."""
        require_owner(vectors, cursor)
        put = _PUT_VECTOR.format(newer=">=" if or_equal else ">")
        with self._held() as connection, self._transaction(connection):
            for view in views_of(vectors, states):
                _require_view(connection, view)
            _require_cursor(connection, cursor)
            written = sum(connection.execute(*_statement(each, put)).rowcount for each in vectors)
            connection.executemany(_PUT_STATE, [(*_key(each), each.content) for each in states])
            if cursor is not None:
                connection.execute(_PUT_CURSOR, (cursor.name, cursor.value))
        return written

    def read(self, tenant: TenantId, view: str, assets: Sequence[AssetId]) -> dict[AssetId, bytes]:
        """Return the packed vectors of assets in one statement; see `VectorStore.read`."""
        return self._read("vectors", tenant, view, assets)

    def state(self, tenant: TenantId, view: str, assets: Sequence[AssetId]) -> dict[AssetId, bytes]:
        """Return the streaming states of assets in one statement; see `VectorStore.state`."""
        return self._read("states", tenant, view, assets)

    def cursor(self, name: str) -> int | None:
        """Return how far a stream was read; see `VectorStore.cursor`."""
        with self._held() as connection:
            return _cursor(connection, name)

    def close(self) -> None:
        """Let go of the file; closing twice is allowed."""
        with self._lock, translated(self._path):
            self._is_closed = True
            self._let_go()

    def _read(self, table: str, tenant: TenantId, view: str, assets: Sequence[AssetId]) -> dict[AssetId, bytes]:
        with self._held() as connection:
            asked = view, tenant, json.dumps(assets)
            found: dict[AssetId, bytes] = dict(connection.execute(_READ.format(table=table), asked))
            if not found:
                _require_view(connection, view)
            return found

    @contextmanager
    def _held(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to this thread alone, to whatever file lies at the path now."""
        with self._lock, translated(self._path):
            if self._is_closed:
                raise FeatureStoreFault(f"{self._path} is closed")
            found = file_at(self._path)
            if found is None:
                self._let_go()
                raise FeatureStoreUnavailable(PART, f"its file {self._path} is gone. Build the features again")
            if self._connection is None or found != self._file:
                self._let_go()
                self._connection, self._file = self._open("rw"), found
            yield self._connection

    @contextmanager
    def _transaction(self, connection: sqlite3.Connection) -> Iterator[None]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
        if file_at(self._path) != self._file:  # SQLite goes on writing into a file that was moved away
            raise FeatureStoreUnavailable(PART, f"{self._path} was moved away while it was written")

    def _make(self) -> None:
        try:
            make_folder(self._path.parent)
            self._open("rwc").close()
            keep_folder(self._path.parent)
        except OSError as error:
            raise FeatureStoreUnavailable(PART, f"{self._path.parent} cannot be made ({error})") from error

    def _open(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=self._busy_timeout_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            switch_to_wal(connection, self._busy_timeout_seconds)
            connection.execute("PRAGMA synchronous = FULL")
            _prepare(connection, self._path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn every sqlite3 exception of the block into one of ours."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise ours(error, path) from error


def ours(error: Exception, path: Path) -> ServiceError:
    """Return our error for one of sqlite3's; SQLite's own code decides where it gave one."""
    trouble, reason = trouble_of(error), f"{path}: {error}"
    if trouble is Trouble.FAULT:
        return FeatureStoreFault(reason)
    if trouble is Trouble.CORRUPT:
        reason += ". Move the file away and build the features again"
    return FeatureStoreUnavailable(PART, reason)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables in an empty file: two processes may do so at once."""
    if _format_of(connection) == 0:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in _TABLES if _format_of(connection) == 0 else ():
                connection.execute(statement)
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
    if _format_of(connection) != FORMAT:
        found = f"{path}: format {_format_of(connection)}, and this version knows {FORMAT}"
        raise FeatureStoreUnavailable(PART, f"{found}. Move the file away and build the features again")


def _format_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statement(vector: PackedVector, put: str) -> tuple[str, tuple[object, ...]]:
    key, content = _key(vector), vector.content
    if content is None:
        return _TAKE_VECTOR, key
    return _REPLACE_VECTOR if vector.replaces else put, (*key, *times_of(content), content)


def _key(each: PackedVector | PackedState) -> tuple[str, str, str]:
    return each.key.view, each.key.tenant, each.key.asset


def _require_view(connection: sqlite3.Connection, view: str) -> None:
    if connection.execute("SELECT 1 FROM views WHERE view = ?", (view,)).fetchone() is None:
        raise FeatureStoreUnavailable(PART, f"it holds no view {view}. Build the features again")


def _require_cursor(connection: sqlite3.Connection, cursor: Cursor | None) -> None:
    if cursor is None or cursor.before is None:
        return
    found = _cursor(connection, cursor.name)
    if found != cursor.before:
        raise CursorMoved(cursor.name, cursor.before, found)


def _cursor(connection: sqlite3.Connection, name: str) -> int | None:
    row = connection.execute("SELECT value FROM cursors WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])
