from pathlib import Path

import numpy as np
import pytest

from experiments.cmapss.reader import departures, engine_tracks, read_answers, read_engines, read_subset
from experiments.errors import DataSetUnusable
from features.domain.events import EventKind
from features.packs.loader import load_pack
from tests.experiments.cmapss.nasa_files import engine_rows, nasa_text, write_subset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_subset(tmp_path, "FD001", training=4, tests=3)
    return tmp_path


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_engines_come_with_cycles_and_all_24_columns(tmp_path: Path) -> None:
    rows = np.concatenate([engine_rows(unit, 7 + unit, 90, np.random.default_rng(unit)) for unit in (1, 2)])
    (tmp_path / "train_FD001.txt").write_text(nasa_text(rows))
    first, second = read_engines(tmp_path / "train_FD001.txt")
    assert (first.unit, second.unit) == (1, 2)
    assert second.cycle.tolist() == list(range(1, 10))
    np.testing.assert_allclose(second.values, rows[8:, 2:], atol=5e-5)


def test_subset_has_all_that_the_folder_holds(folder: Path) -> None:
    subset = read_subset(folder, "FD001")
    assert (len(subset.training), len(subset.tests)) == (4, 3)
    assert subset.answers is not None
    assert subset.answers.shape == (3,)


def test_missing_answers_are_none(folder: Path) -> None:
    (folder / "RUL_FD001.txt").unlink()
    assert read_subset(folder, "FD001").answers is None


def test_files_that_are_not_the_originals_are_told(folder: Path) -> None:
    assert [words.split()[0] for words in read_subset(folder, "FD001").departures] == [
        "train_FD001.txt",
        "test_FD001.txt",
        "RUL_FD001.txt",
    ]


def test_originals_are_recognised(data_directory: Path) -> None:
    folder = data_directory / "cmapss"
    assert departures([folder / name for name in ("train_FD001.txt", "test_FD001.txt", "RUL_FD001.txt")]) == ()


def test_channels_follow_the_pack_by_name(tmp_path: Path) -> None:
    pack = load_pack("turbofan")
    (tmp_path / "train_FD001.txt").write_text(nasa_text(engine_rows(3, 30, 90, np.random.default_rng(0))))
    engine = read_engines(tmp_path / "train_FD001.txt")[0]
    (track,) = engine_tracks([engine], pack, EventKind.FAILURE)
    assert track.epoch.asset == "engine-003"
    assert track.epoch.is_failure
    assert track.rows.values[:, :3].tolist() == engine.values[:, :3].tolist()  # altitude, Mach number, throttle
    assert track.rows.values[:, 3].tolist() == engine.values[:, 4].tolist()  # t24: the second sensor
    assert track.rows.values[:, -1].tolist() == engine.values[:, -1].tolist()  # w32: the last one
    assert track.time_us[-1] == 30_000_000


def test_missing_folder_says_where_the_data_can_be_had(tmp_path: Path) -> None:
    with pytest.raises(DataSetUnusable, match=r"absent must exist.*cmapss-download"):
        read_subset(tmp_path / "absent", "FD001")


@pytest.mark.parametrize("name", ["train_FD001.txt", "test_FD001.txt"])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataSetUnusable, match=name):
        read_subset(folder, "FD001")


def test_file_cut_short_names_its_last_line(folder: Path) -> None:
    path = folder / "test_FD001.txt"
    text = path.read_text()
    path.write_text(text[: len(text) - 90])
    with pytest.raises(DataSetUnusable, match=rf"Line {text.count(chr(10))} of .* must hold 26 finite numbers"):
        read_engines(path)


@pytest.mark.parametrize("broken", ["518.67x", "nan", "1,5", "inf", "518.67 1", "µ"])
def test_broken_row_is_named(folder: Path, broken: str) -> None:
    path = folder / "train_FD001.txt"
    rewrite(path, "\n1 4 ", f"\n{broken} 4 ")
    with pytest.raises(DataSetUnusable, match=r"Line 4 of|codec can't decode"):
        read_engines(path)


def test_gap_in_the_cycles_is_named(folder: Path) -> None:
    lines = (folder / "train_FD001.txt").read_text().splitlines(keepends=True)
    (folder / "train_FD001.txt").write_text("".join(lines[:10] + lines[11:]))
    with pytest.raises(DataSetUnusable, match=r"Cycles of engine 1 .* without a gap"):
        read_engines(folder / "train_FD001.txt")


def test_empty_file_is_told(folder: Path) -> None:
    (folder / "train_FD001.txt").write_text("\n")
    with pytest.raises(DataSetUnusable, match="it is empty"):
        read_engines(folder / "train_FD001.txt")


def test_engine_numbers_must_be_whole(folder: Path) -> None:
    rewrite(folder / "train_FD001.txt", "1 1 ", "1.5 1 ")
    with pytest.raises(DataSetUnusable, match="must number engines"):
        read_engines(folder / "train_FD001.txt")


@pytest.mark.parametrize("text", ["1 \n2 \n", "1 \n2 \n3 \n4 \n", "1 \n-2 \n3 \n"])
def test_answers_must_fit_the_engines(tmp_path: Path, text: str) -> None:
    (tmp_path / "RUL_FD001.txt").write_text(text)
    with pytest.raises(DataSetUnusable, match="one remaining life for each of 3 engines"):
        read_answers(tmp_path / "RUL_FD001.txt", 3)


def test_single_answer_is_enough_for_a_single_engine(tmp_path: Path) -> None:
    (tmp_path / "RUL_FD001.txt").write_text("12 \n")
    assert read_answers(tmp_path / "RUL_FD001.txt", 1).tolist() == [12.0]
