"""What the online store in a file promises beyond the contract: it follows its file, and never makes one by itself."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from features.domain.errors import ServiceError, Unavailable
from features.store import vectors_sqlite
from features.store.errors import FeatureStoreFault, FeatureStoreUnavailable
from features.store.packed import Cursor
from features.store.vectors_sqlite import SqliteVectorStore, ours, translated
from tests.features.store.test_vectors import MINE, VIEW, A, state, values, vector


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "vectors.sqlite"


@pytest.fixture
def store(path: Path) -> SqliteVectorStore:
    made = SqliteVectorStore(path)
    made.create(VIEW)
    made.write([vector(A, 5, 1)])
    return made


def test_opening_makes_no_file_and_no_question_does(path: Path) -> None:
    store = SqliteVectorStore(path)
    for ask in (lambda: store.read(MINE, VIEW, [A]), lambda: store.cursor("spool"), lambda: store.write([])):
        with pytest.raises(FeatureStoreUnavailable, match="gone"):
            ask()
    store.drop(VIEW)
    assert not path.parent.exists()


def test_store_that_is_open_notices_that_its_file_was_taken_away_or_replaced(
    store: SqliteVectorStore, path: Path, tmp_path: Path
) -> None:
    aside = tmp_path / "aside.sqlite"
    store.close()
    store = SqliteVectorStore(path)
    assert values(store) == {A: 1}
    path.rename(aside)
    for ask in (lambda: store.read(MINE, VIEW, [A]), lambda: store.write([vector(A, 6, 2)])):
        with pytest.raises(FeatureStoreUnavailable, match="gone"):
            ask()
    assert not path.exists()
    shutil.copy(aside, path)
    SqliteVectorStore(path).write([vector(A, 7, 3)])
    assert values(store) == {A: 3}


def test_write_into_a_file_that_was_moved_meanwhile_is_not_told_as_done(
    store: SqliteVectorStore, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def move(*_: object) -> None:
        path.rename(tmp_path / "aside.sqlite")

    monkeypatch.setattr(vectors_sqlite, "_require_cursor", move)  # called within the transaction
    with pytest.raises(FeatureStoreUnavailable, match="moved away"):
        store.write([vector(A, 6, 2)])


@pytest.mark.parametrize("damage", ["folder", "garbage", "empty"])
def test_what_is_no_store_of_ours_is_unavailability(store: SqliteVectorStore, path: Path, damage: str) -> None:
    store.close()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"no database, but long enough to be looked at" * 50 if damage == "garbage" else b"")
    later = SqliteVectorStore(path)
    for ask in (lambda: later.read(MINE, VIEW, [A]), lambda: later.write([vector(A, 6, 2)])):
        with pytest.raises(FeatureStoreUnavailable) as failed:
            ask()
        assert isinstance(failed.value, Unavailable)
        assert failed.value.part == "online store"


def test_file_of_a_later_format_is_left_alone(store: SqliteVectorStore, path: Path) -> None:
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(FeatureStoreUnavailable, match="format 9"):
        SqliteVectorStore(path).read(MINE, VIEW, [A])


def test_file_is_in_wal_mode_with_every_commit_on_disk(store: SqliteVectorStore, path: Path) -> None:
    assert store._connection is not None
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_busy_file_is_unavailability_and_nothing_is_written(store: SqliteVectorStore, path: Path) -> None:
    impatient = SqliteVectorStore(path, busy_timeout_seconds=0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(FeatureStoreUnavailable, match="locked"):
        impatient.write([vector(A, 6, 2)])
    assert values(impatient) == {A: 1}  # who reads does not wait
    other.rollback()
    other.close()
    assert impatient.write([vector(A, 6, 2)]) == 1


def test_an_error_in_the_midst_of_a_batch_takes_all_of_it_back(store: SqliteVectorStore) -> None:
    with pytest.raises((FeatureStoreFault, OverflowError)):
        store.write([vector(A, 6, 2)], [state(A, b"two")], Cursor("spool", 2**80))
    assert (values(store), store.state(MINE, VIEW, [A]), store.cursor("spool")) == ({A: 1}, {}, None)
    assert store.write([vector(A, 6, 2)], [state(A, b"two")], Cursor("spool", 8)) == 1


def test_hundred_assets_are_read_by_one_statement(store: SqliteVectorStore) -> None:
    told: list[str] = []
    assert store._connection is not None
    store._connection.set_trace_callback(told.append)
    store.read(MINE, VIEW, [A] * 100)
    assert len(told) == 1


def test_closed_store_is_a_fault(store: SqliteVectorStore) -> None:
    store.close()
    with pytest.raises(FeatureStoreFault, match="closed"):
        store.read(MINE, VIEW, [A])


def _classes_of_sqlite() -> list[type[Exception]]:
    found = [each for each in vars(sqlite3).values() if isinstance(each, type) and issubclass(each, Exception)]
    return [each for each in found if each.__module__ == "sqlite3"]


def test_every_error_of_sqlite_becomes_one_of_ours(path: Path) -> None:
    assert len(_classes_of_sqlite()) > 8
    for kind in _classes_of_sqlite():
        with pytest.raises(ServiceError) as failed, translated(path):
            raise kind("said so")
        assert isinstance(failed.value, FeatureStoreUnavailable | FeatureStoreFault)
    assert isinstance(ours(sqlite3.ProgrammingError("x"), path), FeatureStoreFault)
    assert isinstance(ours(sqlite3.OperationalError("x"), path), FeatureStoreUnavailable)
