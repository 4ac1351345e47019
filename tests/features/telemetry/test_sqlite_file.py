import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from features.domain.errors import ServiceError, Unavailable
from features.domain.identifiers import DEFAULT_TENANT
from features.domain.time import EPOCH
from features.telemetry.errors import StoreCorrupt, StoreFault, StoreFull, StoreUnavailable
from features.telemetry.sqlite import SqliteTelemetryStore
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


def test_a_file_of_the_first_format_is_brought_up_to_date_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(
            """CREATE TABLE series (id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, asset TEXT NOT NULL,
                   signal TEXT NOT NULL, UNIQUE (tenant, asset, signal));
               CREATE TABLE readings (series INTEGER NOT NULL, time_us INTEGER NOT NULL, value REAL NOT NULL,
                   revision INTEGER NOT NULL, PRIMARY KEY (series, time_us)) WITHOUT ROWID;
               CREATE TABLE changes (cursor INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL,
                   asset TEXT NOT NULL, first_us INTEGER NOT NULL, last_us INTEGER NOT NULL);
               INSERT INTO series VALUES (1, 'local', 'a', 'speed');
               INSERT INTO readings VALUES (1, 0, 1480.5, 2);
               PRAGMA user_version = 1;"""
        )
    for _ in range(2):
        with SqliteTelemetryStore(path) as store:
            assert store.read(DEFAULT_TENANT).rows() == [("a", "speed", EPOCH, 1480.5, 2)]
            assert store.read_verdicts(DEFAULT_TENANT).is_empty()
