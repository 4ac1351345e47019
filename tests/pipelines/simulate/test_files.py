from datetime import UTC
from pathlib import Path

import polars as pl
import pytest

from features.domain.time import parse_time
from pipelines.simulate.condition import condition_truth
from pipelines.simulate.errors import FolderNotEmpty
from pipelines.simulate.files import write_fleet
from pipelines.simulate.fleet import SimulatedFleet, simulate_fleet
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SIGNALS


@pytest.fixture(scope="module")
def small() -> SimulatedFleet:
    return simulate_fleet(FleetSettings(pumps=4, days=120))


def test_parquet_keeps_the_fleet_as_it_is(small: SimulatedFleet, tmp_path: Path) -> None:
    write_fleet(small, tmp_path)
    stored = pl.read_parquet(tmp_path / "telemetry.parquet")
    assert stored.equals(small.telemetry)
    assert stored.columns == ["asset_id", "time", *SIGNALS]
    assert pl.read_parquet(tmp_path / "truth" / "lives.parquet").equals(small.truth.lives)


def test_csv_times_carry_their_zone_and_missing_differs_from_non_finite(small: SimulatedFleet, tmp_path: Path) -> None:
    write_fleet(small, tmp_path, "csv")
    text = pl.read_csv(tmp_path / "telemetry.csv", infer_schema=False)
    assert parse_time(text["time"][0]).tzinfo is UTC
    assert text["time"].str.ends_with("Z").all()
    assert text["flow"].null_count() == small.telemetry["flow"].null_count()
    assert (text["flow"] == "NaN").sum() == small.telemetry["flow"].is_nan().sum()
    events = pl.read_csv(tmp_path / "events.csv", infer_schema=False)
    assert events.columns == ["asset_id", "time", "kind", "failure_mode", "component", "note"]
    assert events["time"].str.ends_with("Z").all()


def test_conditions_are_always_written_and_changes_where_asked_for(small: SimulatedFleet, tmp_path: Path) -> None:
    write_fleet(small, tmp_path)
    conditions = pl.read_parquet(tmp_path / "truth" / "conditions.parquet")
    assert conditions.equals(condition_truth(small))
    assert not (tmp_path / "truth" / "operation_changes.parquet").exists()
    changing = simulate_fleet(FleetSettings(pumps=2, days=60, operation_change_rate=60.0, operation_kinds=("product",)))
    write_fleet(changing, tmp_path, "csv", overwrite=True)
    assert (tmp_path / "truth" / "operation_changes.csv").exists()
    assert "recipe_changed" in changing.events["kind"]


def test_a_folder_that_holds_something_is_refused(small: SimulatedFleet, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FolderNotEmpty, match="--overwrite"):
        write_fleet(small, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_overwriting_leaves_one_fleet_and_foreign_files(small: SimulatedFleet, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    write_fleet(small, tmp_path, "csv", overwrite=True)
    write_fleet(small, tmp_path, "parquet", overwrite=True)
    assert (tmp_path / "notes.txt").exists()
    assert not (tmp_path / "telemetry.csv").exists()
    assert not list((tmp_path / "truth").glob("*.csv"))
