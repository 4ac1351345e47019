"""The truth of measurement: which reading, as written, was not sound."""

import json
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.simulate.files import write_fleet
from pipelines.simulate.fleet import SimulatedFleet, simulate_fleet
from pipelines.simulate.instruments.registry import INSTRUMENT_KIND_IDS
from pipelines.simulate.settings import FleetSettings

SETTINGS = FleetSettings(pumps=8, days=120, instrument_fault_rate=30.0, path_fault_rate=20.0)
ROW = ["asset_id", "time", "arrived_at"]


@pytest.fixture(scope="module")
def faulty() -> SimulatedFleet:
    return simulate_fleet(SETTINGS)


def test_every_faulty_reading_is_a_row_of_the_telemetry_by_time_as_written_and_arrival(faulty: SimulatedFleet) -> None:
    rows = faulty.telemetry.with_columns(faulty.truth.arrivals["arrived_at"])
    assert faulty.truth.faulty_readings.height > 1_000
    assert faulty.truth.faulty_readings.join(rows, on=ROW, how="anti").is_empty()


def test_whole_rows_have_no_signal_and_instruments_always_one(faulty: SimulatedFleet) -> None:
    kinds = faulty.truth.faulty_readings.with_columns(whole=pl.col("signal").is_null())
    assert set(kinds.filter("whole")["kind"]) == {"clock_off", "replayed", "replayed_as_new"}
    assert set(kinds.filter(~pl.col("whole"))["kind"]) > set(INSTRUMENT_KIND_IDS)


def test_episodes_hold_their_readings_and_say_what_was_drawn(faulty: SimulatedFleet) -> None:
    episodes = faulty.truth.instrument_faults
    readings = faulty.truth.faulty_readings.filter(pl.col("kind").is_in(INSTRUMENT_KIND_IDS))
    inside = readings.join(episodes, on=["asset_id", "signal", "kind"]).filter(
        pl.col("measured_at").is_between(pl.col("from"), pl.col("to"))
    )
    assert inside.height == readings.height
    units = episodes.filter(pl.col("kind") == "unit_changed")["parameters"].to_list()
    assert {"from_unit", "to_unit"} == set(json.loads(units[0]))
    spikes = episodes.filter(pl.col("kind") == "spike")
    assert (spikes["from"] == spikes["to"]).all()


def test_faults_of_the_path_are_among_the_defects(faulty: SimulatedFleet) -> None:
    counts = faulty.truth.defects.group_by("kind").agg(pl.col("count").sum())
    told = dict(counts.iter_rows())
    marked = faulty.truth.faulty_readings.filter(pl.col("signal").is_null())["kind"].to_list()
    for kind in ("clock_off", "replayed", "replayed_as_new"):
        assert told[kind] == marked.count(kind) > 0


def test_the_truth_of_measurement_is_written_only_where_its_faults_were_asked_for(
    faulty: SimulatedFleet, tmp_path: Path
) -> None:
    write_fleet(faulty, tmp_path)
    stored = pl.read_parquet(tmp_path / "truth" / "faulty_readings.parquet")
    assert_frame_equal(stored, faulty.truth.faulty_readings)
    assert (tmp_path / "truth" / "instrument_faults.parquet").exists()
    write_fleet(simulate_fleet(FleetSettings(pumps=1, days=20)), tmp_path, "csv", overwrite=True)
    assert not list((tmp_path / "truth").glob("*faul*"))


def test_a_fleet_with_faults_is_repeatable_and_a_pump_the_same_in_any_size(faulty: SimulatedFleet) -> None:
    small = simulate_fleet(FleetSettings(pumps=4, days=120, instrument_fault_rate=30.0, path_fault_rate=20.0))
    own = pl.col("asset_id").is_in(small.assets["asset_id"].implode())
    assert_frame_equal(small.telemetry, faulty.telemetry.filter(own), check_exact=True)
    assert_frame_equal(small.truth.instrument_faults, faulty.truth.instrument_faults.filter(own), check_exact=True)
    assert_frame_equal(small.truth.faulty_readings, faulty.truth.faulty_readings.filter(own), check_exact=True)
