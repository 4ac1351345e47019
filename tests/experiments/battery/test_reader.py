from pathlib import Path

import numpy as np
import polars as pl
import pytest

from experiments.battery.reader import read_cells, write_folder
from experiments.errors import DataSetUnusable


def write_table(folder: Path, capacity: list[float]) -> None:
    count = len(capacity)
    table = {"battery": ["B1"] * count, "cycle_num": list(range(1, count + 1)), "capacity": capacity}
    pl.DataFrame({**table, "duration_s": [3600.0] * count, "t_max": [38.0] * count}).write_csv(folder / "cycles.csv")


def test_cell_fails_at_its_first_discharge_of_so_little_and_nothing_later_is_kept(tmp_path: Path) -> None:
    write_table(tmp_path, [1.8, 1.5, 1.4, 1.6, 1.3])
    cells = read_cells(tmp_path, ("B1",))
    assert cells[0].end == 3.0
    write_folder(cells, tmp_path)
    assert pl.read_csv(tmp_path / "telemetry.csv")["life"].to_list() == [1.0, 2.0, 3.0]
    assert pl.read_csv(tmp_path / "events.csv").row(0) == ("B1", 3.0, "failure", "capacity_fade")


def test_cell_that_never_gets_there_is_cut_off_and_a_capacity_of_nothing_is_no_reading(tmp_path: Path) -> None:
    write_table(tmp_path, [1.8, float("nan"), 1.7])
    cells = read_cells(tmp_path, ("B1",))
    assert cells[0].end is None
    write_folder(cells, tmp_path)
    assert pl.read_csv(tmp_path / "events.csv")["kind"].to_list() == ["end_of_observation"]
    assert np.isnan(pl.read_csv(tmp_path / "telemetry.csv")["capacity"].to_numpy()[1])


def test_missing_table_or_cell_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataSetUnusable, match="--data"):
        read_cells(tmp_path, ("B1",))
    write_table(tmp_path, [1.8])
    with pytest.raises(DataSetUnusable, match="B2"):
        read_cells(tmp_path, ("B2",))
