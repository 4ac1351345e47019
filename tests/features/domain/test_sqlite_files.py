import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from features.domain.sqlite_files import file_at, make_folder, switch_to_wal


def test_a_file_is_known_by_what_it_is_and_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert file_at(path) is None
    path.touch()
    first = file_at(path)
    away = path.rename(tmp_path / "away")
    assert file_at(path) is None
    path.touch()
    assert file_at(path) != first
    assert file_at(away) == first


def test_folders_are_made_with_their_parents(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "c"
    make_folder(folder)
    make_folder(folder)
    assert folder.is_dir()


def test_a_folder_in_whose_place_a_file_lies_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        make_folder(tmp_path / "file" / "folder")


def test_the_switch_to_wal_waits_for_who_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / "database"
    with closing(sqlite3.connect(path, timeout=0, check_same_thread=False)) as holder:
        holder.execute("CREATE TABLE some (thing)")
        holder.execute("BEGIN EXCLUSIVE")
        with closing(sqlite3.connect(path, timeout=0)) as other:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                switch_to_wal(other, 0.05)
            threading.Timer(0.1, holder.rollback).start()
            switch_to_wal(other, 10)
            assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
