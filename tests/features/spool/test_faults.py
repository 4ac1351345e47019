import sqlite3
from pathlib import Path

import pytest

from features.domain.errors import ServiceError, Unavailable
from features.spool.errors import SpoolCorrupt, SpoolFault, SpoolFull, SpoolUnavailable
from features.spool.faults import ours, translated

PATH = Path("spool.sqlite")
FAMILIES = """
ABORT AUTH BUSY CANTOPEN CONSTRAINT CORRUPT ERROR FORMAT FULL INTERNAL INTERRUPT IOERR LOCKED MISMATCH MISUSE
NOLFS NOMEM NOTADB NOTFOUND PERM PROTOCOL RANGE READONLY SCHEMA TOOBIG
"""
CODES = {
    name: code for name, code in vars(sqlite3).items() if name.removeprefix("SQLITE_").split("_")[0] in FAMILIES.split()
}


def every_subclass(kind: type[Exception]) -> set[type[Exception]]:
    return {kind} | {each for child in kind.__subclasses__() for each in every_subclass(child)}


EXCEPTIONS = every_subclass(sqlite3.Error) | {sqlite3.Warning}


def raised_with(code: int) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError("something happened")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize("kind", sorted(EXCEPTIONS, key=str))
def test_every_exception_of_sqlite3_becomes_ours(kind: type[Exception]) -> None:
    with pytest.raises(ServiceError) as caught, translated(PATH):
        raise kind("something happened")
    assert isinstance(caught.value.__cause__, kind)
    assert "something happened" in str(caught.value)


def test_every_code_of_sqlite_becomes_ours() -> None:
    kinds = {type(ours(raised_with(code), PATH)) for code in CODES.values()}
    assert len(CODES) > 80
    assert kinds == {SpoolUnavailable, SpoolFull, SpoolCorrupt, SpoolFault}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, SpoolUnavailable),
        (sqlite3.SQLITE_BUSY_RECOVERY, SpoolUnavailable),
        (sqlite3.SQLITE_IOERR_FSYNC, SpoolUnavailable),
        (sqlite3.SQLITE_CANTOPEN, SpoolUnavailable),
        (sqlite3.SQLITE_READONLY, SpoolUnavailable),
        (sqlite3.SQLITE_FULL, SpoolFull),
        (sqlite3.SQLITE_IOERR_SHMSIZE, SpoolFull),
        (sqlite3.SQLITE_CORRUPT, SpoolCorrupt),
        (sqlite3.SQLITE_NOTADB, SpoolCorrupt),
        (sqlite3.SQLITE_MISUSE, SpoolFault),
        (sqlite3.SQLITE_CONSTRAINT, SpoolFault),
    ],
)
def test_the_code_of_sqlite_decides(code: int, expected: type[ServiceError]) -> None:
    assert type(ours(raised_with(code), PATH)) is expected


def test_what_may_heal_by_itself_can_be_tried_again() -> None:
    assert issubclass(SpoolUnavailable, Unavailable)
    assert not any(issubclass(each, Unavailable) for each in (SpoolFull, SpoolCorrupt, SpoolFault))
