"""SQLite's exceptions in our words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.domain.errors import ServiceError
from features.spool.errors import SpoolCorrupt, SpoolFault, SpoolFull, SpoolUnavailable

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_TOOBIG}
_FULL_EXTENDED = {sqlite3.SQLITE_IOERR_SHMSIZE}  # the index of the WAL could not grow
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


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn every sqlite3 exception of the block into one of ours."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise ours(error, path) from error


def ours(error: Exception, path: Path) -> ServiceError:
    """Return our error for one of sqlite3's; SQLite's own code decides where it gave one."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF  # the low byte of an extended code is the primary one
    reason = f"{path}: {error}"
    if primary in _FULL or code in _FULL_EXTENDED:
        return SpoolFull(reason)
    if primary in _CORRUPT:
        return SpoolCorrupt(reason)
    if primary in _UNAVAILABLE or (primary is None and isinstance(error, sqlite3.OperationalError)):
        return SpoolUnavailable(reason)
    return SpoolFault(reason)
