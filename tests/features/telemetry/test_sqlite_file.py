import sqlite3
from pathlib import Path

import pytest

from features.domain.errors import ServiceError, Unavailable
from features.telemetry.errors import StoreCorrupt, StoreFault, StoreFull, StoreUnavailable
from features.telemetry.sqlite_file import ours, translated

PATH = Path("telemetry.sqlite")


def every_subclass(kind: type[Exception]) -> set[type[Exception]]:
    return {kind} | {each for child in kind.__subclasses__() for each in every_subclass(child)}


EXCEPTIONS = every_subclass(sqlite3.Error) | {sqlite3.Warning}


@pytest.mark.parametrize("kind", sorted(EXCEPTIONS, key=str))
def test_every_exception_of_sqlite3_becomes_ours(kind: type[Exception]) -> None:
    with pytest.raises(ServiceError) as caught, translated(PATH):
        raise kind("something happened")
    assert isinstance(caught.value.__cause__, kind)
    assert "something happened" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, StoreUnavailable),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreUnavailable),
        (sqlite3.SQLITE_IOERR_READ, StoreUnavailable),
        (sqlite3.SQLITE_CANTOPEN, StoreUnavailable),
        (sqlite3.SQLITE_READONLY, StoreUnavailable),
        (sqlite3.SQLITE_FULL, StoreFull),
        (sqlite3.SQLITE_CORRUPT, StoreCorrupt),
        (sqlite3.SQLITE_CORRUPT_INDEX, StoreCorrupt),
        (sqlite3.SQLITE_NOTADB, StoreCorrupt),
        (sqlite3.SQLITE_ERROR, StoreFault),
        (sqlite3.SQLITE_MISUSE, StoreFault),
    ],
)
def test_the_code_of_sqlite_decides(code: int, expected: type[ServiceError]) -> None:
    error = sqlite3.OperationalError("something happened")
    error.sqlite_errorcode = code
    assert type(ours(error, PATH)) is expected


def test_an_unavailable_store_is_told_from_a_fault() -> None:
    assert isinstance(ours(sqlite3.OperationalError("x"), PATH), Unavailable)
    assert isinstance(ours(sqlite3.ProgrammingError("x"), PATH), StoreFault)
