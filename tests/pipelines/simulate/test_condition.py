"""The truth of the condition: intervals, and the same beside every row."""

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal, assert_series_equal

from features.domain.conditions import ConditionVerdict
from pipelines.simulate.changes.registry import OPERATION_KIND_IDS
from pipelines.simulate.condition import STANDSTILL, condition_of_rows, condition_truth
from pipelines.simulate.faults.registry import FAULT_KIND_IDS
from pipelines.simulate.fleet import SimulatedFleet, simulate_fleet
from pipelines.simulate.instruments.registry import INSTRUMENT_KIND_IDS
from pipelines.simulate.path_faults.registry import PATH_KIND_IDS
from pipelines.simulate.settings import FleetSettings

SETTINGS = FleetSettings(
    pumps=8,
    days=180,
    fault_kinds=FAULT_KIND_IDS,
    instrument_fault_rate=25.0,
    path_fault_rate=15.0,
    operation_change_rate=10.0,
)


@pytest.fixture(scope="module")
def fleet() -> SimulatedFleet:
    return simulate_fleet(SETTINGS)


@pytest.fixture(scope="module")
def truth(fleet: SimulatedFleet) -> pl.DataFrame:
    return condition_truth(fleet)


def causes(truth: pl.DataFrame, verdict: ConditionVerdict) -> set[str]:
    return set(truth.filter(pl.col("verdict") == verdict.value)["cause"])


def test_every_verdict_but_normal_has_its_causes(truth: pl.DataFrame) -> None:
    assert causes(truth, ConditionVerdict.MACHINE) <= set(FAULT_KIND_IDS)
    assert len(causes(truth, ConditionVerdict.MACHINE)) >= 4
    assert causes(truth, ConditionVerdict.INSTRUMENT) == set(INSTRUMENT_KIND_IDS)
    assert causes(truth, ConditionVerdict.DATA_PATH) > set(PATH_KIND_IDS)
    assert causes(truth, ConditionVerdict.OPERATION_CHANGE) == set(OPERATION_KIND_IDS)
    assert causes(truth, ConditionVerdict.UNDETERMINED) <= {*FAULT_KIND_IDS, "drift", STANDSTILL}
    assert causes(truth, ConditionVerdict.NORMAL) == set()
    assert (truth["from"] <= truth["to"]).all()


def test_a_fault_is_undetermined_until_it_is_visible_and_the_machines_until_its_life_ends(
    fleet: SimulatedFleet, truth: pl.DataFrame
) -> None:
    machine = truth.filter(pl.col("verdict") == "machine")
    ends = fleet.truth.lives.select("asset_id", to="ended_at")
    assert machine.join(ends, on=["asset_id", "to"], how="anti").is_empty()
    before = truth.filter((pl.col("verdict") == "undetermined") & (pl.col("cause") != STANDSTILL))
    met = machine.join(before, left_on=["asset_id", "from", "cause"], right_on=["asset_id", "to", "cause"])
    assert met.height >= 0.9 * machine.height


def test_copies_are_told_by_when_they_came(fleet: SimulatedFleet, truth: pl.DataFrame) -> None:
    came = truth.filter(pl.col("cause") == "replayed")
    measured = fleet.truth.defects.filter(pl.col("kind") == "replayed")
    assert came.height == measured.height > 0
    pairs = came.sort("asset_id", "from").hstack(measured.sort("asset_id", "from").select(measured="to"))
    assert (pairs["from"] > pairs["measured"]).all()


def test_rows_tell_the_same_as_the_intervals(fleet: SimulatedFleet, truth: pl.DataFrame) -> None:
    rows = condition_of_rows(fleet)
    assert_frame_equal(rows.select("asset_id", "time"), fleet.telemetry.select("asset_id", "time"))
    others = [verdict.value for verdict in ConditionVerdict if verdict is not ConditionVerdict.NORMAL]
    assert (rows["normal"] != rows.select(pl.any_horizontal(others)).to_series()).all()
    own = rows.filter((pl.col("asset_id") == "p-002") & ~pl.col("data_path"))
    for verdict in ("machine", "instrument", "operation_change"):
        spans = truth.filter((pl.col("asset_id") == "p-002") & (pl.col("verdict") == verdict))
        inside = pl.any_horizontal(
            pl.lit(value=False), *(pl.col("time").is_between(*span) for span in spans.select("from", "to").iter_rows())
        )
        assert_series_equal(own[verdict], own.select(inside).to_series(), check_names=False)


def test_a_copy_and_a_wrong_time_are_the_data_paths_alone(fleet: SimulatedFleet) -> None:
    rows = condition_of_rows(fleet)
    foreign = fleet.truth.faulty_readings.filter(pl.col("kind").is_in(PATH_KIND_IDS))
    own = rows.join(foreign, on=["asset_id", "time", "arrived_at"], how="semi")
    assert own.height > 100
    assert own["data_path"].all()
    assert not own.select(pl.any_horizontal("machine", "instrument", "operation_change", "undetermined").any()).item()


def test_the_healthy_twin_on_a_perfect_path_is_normal_throughout() -> None:
    calm = simulate_fleet(FleetSettings(pumps=2, days=60, fault_kinds=(), with_defects=False))
    truth = condition_truth(calm)
    assert set(truth["cause"]) <= {STANDSTILL}
    rows = condition_of_rows(calm)
    assert (rows["normal"] | rows["undetermined"]).all()


def test_changes_of_operation_alone_leave_machine_noise_and_other_truth_as_they_are() -> None:
    one = replace(SETTINGS, pumps=2, days=60, fault_kinds=())
    other = replace(one, operation_change_rate=0.0)
    with_changes, without = simulate_fleet(one), simulate_fleet(other)
    assert_frame_equal(with_changes.truth.defects, without.truth.defects)
    key = ["asset_id", "episode", "kind", "signal", "from", "to"]
    assert_frame_equal(with_changes.truth.instrument_faults.select(key), without.truth.instrument_faults.select(key))
    assert not with_changes.truth.operation_changes.is_empty()
    usual = pl.col("kind") != "recipe_changed"
    assert_frame_equal(with_changes.events.filter(usual), without.events)
