import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, exc, insert, text

from features.domain.errors import ServiceError
from features.records.database import open_records, ours, reading, translated, writing
from features.records.errors import (
    ConflictingRecord,
    RecordsCorrupt,
    RecordsFault,
    RecordsTooNew,
    RecordsUnavailable,
    RefusedRecord,
)
from features.records.tables import components, cursors

OPENER = """
import sys
from features.records.database import open_records
from features.records.cursors import Cursors

engine = open_records(sys.argv[1])
Cursors(engine).advance("mine", int(sys.argv[2]))
engine.dispose()
"""


def every_subclass(kind: type[exc.SQLAlchemyError]) -> set[type[exc.SQLAlchemyError]]:
    return {kind} | {each for child in kind.__subclasses__() for each in every_subclass(child)}


@pytest.mark.parametrize("kind", sorted(every_subclass(exc.SQLAlchemyError), key=str))
def test_every_exception_of_sqlalchemy_becomes_ours(kind: type[exc.SQLAlchemyError]) -> None:
    error = kind.__new__(kind)
    with pytest.raises(ServiceError) as caught, translated():
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        (exc.OperationalError, sqlite3.SQLITE_BUSY, RecordsUnavailable),
        (exc.OperationalError, sqlite3.SQLITE_FULL, RecordsUnavailable),
        (exc.DatabaseError, sqlite3.SQLITE_NOTADB, RecordsCorrupt),
        (exc.DatabaseError, sqlite3.SQLITE_CORRUPT_INDEX, RecordsCorrupt),
        (exc.IntegrityError, sqlite3.SQLITE_CONSTRAINT_UNIQUE, ConflictingRecord),
        (exc.ProgrammingError, sqlite3.SQLITE_MISUSE, RecordsFault),
        (exc.DataError, sqlite3.SQLITE_TOOBIG, RefusedRecord),
    ],
)
def test_kind_and_code_decide(kind: type[exc.DBAPIError], code: int, expected: type[ServiceError]) -> None:
    cause = sqlite3.DatabaseError("it happened")
    cause.sqlite_errorcode = code
    found = ours(kind("SELECT secret", {"secret": "1234"}, cause))
    assert type(found) is expected
    assert "it happened" in str(found)
    assert "secret" not in str(found)


def test_a_new_database_is_made_with_its_folder_in_wal_mode_with_foreign_keys(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    engine = open_records(f"sqlite:///{tmp_path / 'a' / 'b' / 'records.sqlite'}")
    with reading(engine) as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        assert connection.execute(text("PRAGMA busy_timeout")).scalar_one() == 30_000
    engine.dispose()
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_foreign_keys_hold(records: Engine) -> None:
    with pytest.raises(ConflictingRecord), writing(records) as connection:
        connection.execute(insert(components).values(tenant="t", asset="nobody", id="c", place=0, name="c"))


def test_a_failed_block_leaves_nothing_behind(records: Engine) -> None:
    rows = [{"name": "mine", "position": 1}, {"name": "mine", "position": 2}]
    with pytest.raises(ConflictingRecord), writing(records) as connection:
        connection.execute(insert(cursors), rows)
    with reading(records) as connection:
        assert connection.execute(cursors.select()).all() == []


def test_several_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'records.sqlite'}"
    command = [sys.executable, "-c", OPENER, url]
    openers = [subprocess.Popen([*command, str(number)], cwd=Path.cwd()) for number in range(1, 4)]
    assert [opener.wait(timeout=60) for opener in openers] == [0, 0, 0]
    engine = open_records(url)
    with reading(engine) as connection:
        assert connection.execute(cursors.select()).all() == [("mine", 3)]
    engine.dispose()


def test_a_plain_opening_does_not_load_alembic(records: Engine) -> None:
    script = (
        "import sys; from features.records.database import open_records;"
        "open_records(sys.argv[1]).dispose(); assert 'alembic' not in sys.modules"
    )
    command = [sys.executable, "-c", script, records.url.render_as_string()]
    subprocess.run(command, cwd=Path.cwd(), check=True, timeout=60)


def test_a_locked_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    engine = open_records(f"sqlite:///{path}", busy_timeout_seconds=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsUnavailable, match="locked"), writing(engine):
        pass
    other.close()
    with writing(engine) as connection:
        connection.execute(insert(cursors).values(name="mine", position=1))
    engine.dispose()


def test_a_file_that_is_no_database_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    path.write_bytes(b"no database at all\n" * 200)
    with pytest.raises(RecordsCorrupt, match="not a database"):
        open_records(f"sqlite:///{path}")


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecordsUnavailable, match="cannot be made"):
        open_records(f"sqlite:///{tmp_path / 'file' / 'records.sqlite'}")


@pytest.mark.parametrize("url", ["not an address", "nodatabase://here"])
def test_a_bad_address_is_one_of_our_errors(url: str) -> None:
    with pytest.raises(RecordsFault):
        open_records(url)


def test_a_database_of_a_later_version_is_refused(records: Engine) -> None:
    with writing(records) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RecordsTooNew, match="9999"):
        open_records(records.url.render_as_string())


def test_records_whose_file_is_taken_away_while_open_are_unavailable_and_come_back(tmp_path: Path) -> None:
    engine = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    for file in tmp_path.glob("records.sqlite*"):
        file.rename(tmp_path / f"aside-{file.name}")
    with pytest.raises(RecordsUnavailable, match="gone"), writing(engine):
        pass
    assert not (tmp_path / "records.sqlite").exists()
    open_records(f"sqlite:///{tmp_path / 'records.sqlite'}").dispose()
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM assets").scalar_one() == 0
    engine.dispose()
