from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from pipelines.demo.fleet import going_on, moved, write_demo_fleet
from pipelines.simulate.fleet import simulate_fleet
from pipelines.simulate.settings import FleetSettings

SETTINGS = FleetSettings(pumps=2, days=30)


def test_the_newest_reading_is_from_now_in_whole_hours(tmp_path: Path) -> None:
    now = datetime(2026, 5, 3, 10, 20, tzinfo=UTC)
    write_demo_fleet(tmp_path / "data", SETTINGS, now)
    (table,) = [pl.read_parquet(path) for path in (tmp_path / "data").glob("telemetry*.parquet")]
    newest = table["time"].max()
    assert isinstance(newest, datetime)
    assert timedelta(0) <= now - newest < timedelta(hours=4)


def test_nothing_but_times_moves() -> None:
    fleet, by = simulate_fleet(SETTINGS), timedelta(hours=5)
    later = moved(fleet, by)
    assert later.telemetry.drop("time").equals(fleet.telemetry.drop("time"))
    assert (later.telemetry["time"] - fleet.telemetry["time"]).unique().to_list() == [by]
    assert later.events.drop("time").equals(fleet.events.drop("time"))


def test_the_machines_of_the_demonstration_go_on() -> None:
    fleet = simulate_fleet(SETTINGS)
    kinds = going_on(fleet).events["kind"].to_list()
    assert "end_of_observation" in fleet.events["kind"].to_list()
    assert kinds == [kind for kind in fleet.events["kind"].to_list() if kind != "end_of_observation"]
