"""SQLite's exceptions in our words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.domain.errors import ServiceError
from features.domain.sqlite_files import Trouble, trouble_of
from features.spool.errors import SpoolCorrupt, SpoolFault, SpoolFull, SpoolUnavailable

_FULL_EXTENDED = {sqlite3.SQLITE_IOERR_SHMSIZE}  # the index of the WAL could not grow

_OURS = {
    Trouble.FULL: SpoolFull,
    Trouble.CORRUPT: SpoolCorrupt,
    Trouble.UNAVAILABLE: SpoolUnavailable,
    Trouble.FAULT: SpoolFault,
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
    reason = f"{path}: {error}"
    if getattr(error, "sqlite_errorcode", None) in _FULL_EXTENDED:
        return SpoolFull(reason)
    return _OURS[trouble_of(error)](reason)
