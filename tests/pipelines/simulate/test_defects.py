from dataclasses import replace

import polars as pl
import pytest

from pipelines.simulate.fleet import SimulatedFleet, simulate_fleet
from pipelines.simulate.signals import SIGNALS

KEY = ["asset_id", "time"]


@pytest.fixture(scope="module")
def clean(fleet: SimulatedFleet) -> SimulatedFleet:
    return simulate_fleet(replace(fleet.settings, with_defects=False))


def total(fleet: SimulatedFleet, kind: str) -> int:
    return int(fleet.truth.defects.filter(pl.col("kind") == kind)["count"].sum())


def without_copies(fleet: SimulatedFleet) -> pl.DataFrame:
    return fleet.telemetry.unique(KEY, keep="first", maintain_order=True)


def test_a_clean_fleet_has_every_row_once_in_order_of_time(clean: SimulatedFleet) -> None:
    assert clean.telemetry.height == clean.settings.pumps * clean.settings.rows
    assert clean.telemetry["time"].is_sorted()
    assert clean.telemetry.null_count().sum_horizontal().item() == 0
    assert clean.truth.defects.is_empty()


def test_every_kind_of_defect_occurs(fleet: SimulatedFleet) -> None:
    assert set(fleet.truth.defects["kind"]) == {
        "gateway_silence",
        "gateway_backlog",
        "signal_gap",
        "impossible_value",
        "non_finite_value",
        "late_row",
        "duplicate_row",
        "conflicting_row",
    }


def test_rows_that_are_gone_were_lost_to_a_silent_gateway(fleet: SimulatedFleet, clean: SimulatedFleet) -> None:
    lost = clean.telemetry.join(fleet.telemetry, on=KEY, how="anti").height
    assert lost == total(fleet, "gateway_silence") > 0


def test_copies_are_the_duplicates_and_conflicts_of_the_truth(fleet: SimulatedFleet) -> None:
    surplus = fleet.telemetry.height - fleet.telemetry.select(KEY).n_unique()
    assert surplus == total(fleet, "duplicate_row") + total(fleet, "conflicting_row")
    assert fleet.telemetry.height - fleet.telemetry.n_unique() == total(fleet, "duplicate_row") > 0
    assert total(fleet, "conflicting_row") > 0


def test_null_bad_and_non_finite_values_are_counted_in_the_truth(fleet: SimulatedFleet) -> None:
    cells = without_copies(fleet).select(SIGNALS)
    nulls = int(cells.null_count().sum_horizontal().item())
    bad = int(cells.select(pl.all().is_in([-999.0, 65_535.0]).sum()).sum_horizontal().item())
    infinite = int(cells.select(pl.all().is_finite().not_().sum()).sum_horizontal().item())
    assert nulls == total(fleet, "signal_gap") > 0
    assert bad == total(fleet, "impossible_value") > 0
    assert infinite == total(fleet, "non_finite_value") > 0


def test_untouched_values_are_those_of_the_clean_fleet(fleet: SimulatedFleet, clean: SimulatedFleet) -> None:
    touched = fleet.truth.defects.filter(pl.col("signal") == "flow")["count"].sum()
    both = without_copies(fleet).join(clean.telemetry.select(*KEY, truth="flow"), on=KEY)
    assert both.filter(pl.col("flow").ne_missing(pl.col("truth"))).height <= touched


def test_rows_lie_in_order_of_arrival_and_some_arrive_out_of_order(fleet: SimulatedFleet) -> None:
    arrivals = fleet.truth.arrivals
    assert arrivals["arrived_at"].is_sorted()
    assert arrivals.select(KEY).equals(fleet.telemetry.select(KEY))
    firsts = arrivals.unique(KEY, keep="first", maintain_order=True)
    late = firsts.filter(pl.col("arrived_at") - pl.col("time") > pl.duration(minutes=2))
    assert not fleet.telemetry["time"].is_sorted()
    assert 0.95 * total(fleet, "late_row") <= late.height <= total(fleet, "late_row") + total(fleet, "gateway_backlog")


def test_a_silent_gateway_silences_every_pump_of_its_station(fleet: SimulatedFleet) -> None:
    silences = fleet.truth.defects.filter(pl.col("kind").str.starts_with("gateway"))
    sites = silences.join(fleet.assets.select("asset_id", "site"), on="asset_id")
    pumps = sites.group_by("site", "from", "to").agg(pl.col("asset_id").n_unique())
    assert (pumps["asset_id"] == fleet.settings.pumps_per_station).all()
