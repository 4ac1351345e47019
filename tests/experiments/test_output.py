from pathlib import Path

import pytest

from experiments.errors import OutputUnwritable
from experiments.output import check_writable, write_whole


def test_check_makes_the_folder_and_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "p.csv"
    check_writable(path)
    assert list(path.parent.iterdir()) == []
    path.write_text("earlier")
    check_writable(path)
    assert path.read_text() == "earlier"


def test_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputUnwritable, match="must be a file or not exist"):
        check_writable(tmp_path)


def test_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputUnwritable, match="must be a place to write to"):
        check_writable(tmp_path / "file" / "p.csv")
    with pytest.raises(OutputUnwritable, match="must be a place to write to"):
        write_whole(tmp_path / "absent" / "p.csv", "text")


def test_write_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("earlier")
    write_whole(path, "unit\n1\n")
    assert path.read_bytes() == b"unit\n1\n"
    assert list(tmp_path.iterdir()) == [path]
