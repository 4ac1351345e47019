from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from experiments.azure.reader import QUANTITIES, Errors, read_events, read_telemetry
from experiments.data_sets import pack_of
from experiments.errors import DataSetUnusable


def write_features(path: Path) -> None:
    row = {f"{name}_rolling{what}_12": 1.0 for name in QUANTITIES for what in ("mean", "std")}
    stamp = datetime(2015, 1, 1, 12)
    rows = [{"dt_truncated": stamp, "machineID": "7", **row, "failure": 1.0, "label_e": 4.0}] * 2
    pl.DataFrame(rows).write_parquet(path)


def test_rows_are_known_at_their_end_and_answers_are_left_behind(tmp_path: Path) -> None:
    write_features(tmp_path / "features.parquet")
    table = read_telemetry(tmp_path / "features.parquet")
    assert table.height == 1
    assert table["time"][0].isoformat() == "2015-01-02T01:00:00+00:00"
    assert set(table.columns) == {"asset_id", "time", *(str(signal.id) for signal in pack_of("azure").signals)}


def test_events_carry_their_component_or_code(tmp_path: Path) -> None:
    for name, column, value in (
        ("PdM_failures", "failure", "comp2"),
        ("PdM_maint", "comp", "comp1"),
        ("PdM_errors", "errorID", "error3"),
    ):
        (tmp_path / f"{name}.csv").write_text(f"datetime,machineID,{column}\n2015-01-05 06:00:00,7,{value}\n")
    events = read_events(tmp_path)
    assert events["time"].to_list() == ["2015-01-05T06:00:00Z"] * 3
    assert events["failure_mode"].to_list() == ["comp2", None, None]
    assert events["component"].to_list() == [None, "comp1", None]
    assert events["code"].to_list() == [None, None, "error3"]


def test_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataSetUnusable, match="PdM_failures"):
        read_events(tmp_path)


def test_errors_alone_are_moved_by_an_hour_or_by_whole_days(tmp_path: Path) -> None:
    for name, column in (("PdM_failures", "failure"), ("PdM_maint", "comp"), ("PdM_errors", "errorID")):
        lines = "".join(f"2015-03-{day:02d} 06:00:00,7,x\n" for day in range(1, 29))
        (tmp_path / f"{name}.csv").write_text(f"datetime,machineID,{column}\n{lines}")
    booked, later, other = (read_events(tmp_path, errors) for errors in Errors)
    for moved in (later, other):
        kept = pl.col("kind") != "error"
        assert moved.filter(kept).equals(booked.filter(kept))
    assert set(later.filter(kind="error")["time"].str.slice(11, 2)) == {"07"}
    days = other.filter(kind="error")["time"]
    assert set(days.str.slice(11, 2)) == {"06"}
    assert days.n_unique() > 10
    assert days.to_list() != booked.filter(kind="error")["time"].to_list()
