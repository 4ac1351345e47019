from pathlib import Path

import polars as pl
import pytest

from experiments.cnc.reader import SIGNALS, read_experiment, write_folder
from experiments.data_sets import pack_of
from experiments.errors import DataSetUnusable

HEADER = [*SIGNALS, "Machining_Process", "M1_CURRENT_FEEDRATE"]


def lines(rows: int) -> list[str]:
    return [",".join(HEADER), *(",".join([*(["1.5"] * len(SIGNALS)), "Layer 1 Up", "6"]) for _ in range(rows))]


def test_carriage_returns_are_line_ends_too(tmp_path: Path) -> None:
    path = tmp_path / "experiment_12.csv"
    path.write_bytes("\r".join(lines(3)).encode())
    table = read_experiment(path, 12)
    assert table["life"].to_list() == [12.0, 12.0001, 12.0002]
    assert table["stage"].to_list() == [2.0] * 3
    assert set(table.columns) == {"asset_id", "life", *(str(signal.id) for signal in pack_of("cnc").signals)}


def test_every_experiment_is_a_cycle_with_its_label(tmp_path: Path) -> None:
    for number in range(1, 19):
        (tmp_path / f"experiment_{number:02d}.csv").write_text("\n".join(lines(2)))
    pl.DataFrame({"No": range(1, 19), "tool_condition": ["worn", "unworn"] * 9}).write_csv(tmp_path / "train.csv")
    out = tmp_path / "out"
    out.mkdir()
    write_folder(tmp_path, out)
    assert pl.read_parquet(out / "telemetry.parquet")["experiment"].n_unique() == 18
    assert pl.read_csv(out / "labels.csv").row(0) == ("mill", 1.0, 2.0, "tool_condition", "worn")


def test_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataSetUnusable, match=r"train\.csv"):
        write_folder(tmp_path, tmp_path)
