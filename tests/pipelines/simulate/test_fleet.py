from dataclasses import fields, replace
from hashlib import sha256

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from features.domain.events import EventKind
from features.domain.identifiers import Identifier, IdentifierScheme
from pipelines.simulate.fleet import FleetTruth, SimulatedFleet, simulate_fleet
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SIGNALS

SMALL = FleetSettings(pumps=6, days=120)


def test_the_same_settings_give_the_same_fleet() -> None:
    first, second = simulate_fleet(SMALL), simulate_fleet(SMALL)
    for name in ("telemetry", "events", "assets"):
        assert_frame_equal(getattr(first, name), getattr(second, name), check_exact=True)
    for field in fields(FleetTruth):
        assert_frame_equal(getattr(first.truth, field.name), getattr(second.truth, field.name), check_exact=True)


def test_a_known_seed_gives_known_bytes() -> None:
    """A change that moves these moves every figure of the demonstration; it is made on purpose or not at all."""
    known = simulate_fleet(FleetSettings(pumps=5, days=60))
    tables = [known.telemetry, known.events, known.truth.arrivals, known.truth.defects]
    digests = [sha256(table.write_csv().encode()).hexdigest()[:16] for table in tables]
    assert digests == ["856d85232681e190", "f7155152bae716fc", "c77c22b4328d451a", "29f594ce642fa57b"]


def test_another_seed_gives_another_fleet() -> None:
    other = simulate_fleet(replace(SMALL, seed=7))
    assert not other.telemetry["flow"].equals(simulate_fleet(SMALL).telemetry["flow"])


def test_a_pump_is_the_same_in_a_fleet_of_any_size() -> None:
    ten, many = (simulate_fleet(FleetSettings(pumps=pumps, days=60)) for pumps in (10, 50))
    for pump in ten.assets["asset_id"]:
        own = pl.col("asset_id") == pump
        for name in ("telemetry", "events", "assets"):
            assert_frame_equal(getattr(ten, name).filter(own), getattr(many, name).filter(own), check_exact=True)
        for field in fields(FleetTruth):
            assert_frame_equal(
                getattr(ten.truth, field.name).filter(own),
                getattr(many.truth, field.name).filter(own),
                check_exact=True,
            )


def test_the_default_fleet_has_lives_and_failures_enough(fleet: SimulatedFleet) -> None:
    ended = fleet.truth.lives.filter(pl.col("end") != "end_of_observation")
    failures = ended.filter(pl.col("end") == "failure")
    assert 1_500 <= float(ended["running_hours"].median()) <= 2_500  # type: ignore[arg-type]
    assert failures.height >= 0.6 * ended.height
    assert set(failures["failure_mode"]) == set(fleet.settings.fault_kinds)
    assert min(failures["failure_mode"].value_counts()["count"]) >= 15
    lives_per_pump = fleet.truth.lives.group_by("asset_id").len()["len"]
    assert 2 <= float(lives_per_pump.median()) <= 5  # type: ignore[arg-type]


def test_a_random_quarter_of_the_pumps_sees_over_twenty_failures(fleet: SimulatedFleet) -> None:
    failed = fleet.truth.lives.filter(pl.col("end") == "failure")["asset_id"].to_list()
    counts = np.array([failed.count(pump) for pump in fleet.assets["asset_id"]])
    rng = np.random.default_rng(0)
    quarters = [counts[rng.permutation(len(counts))[: len(counts) // 4]].sum() for _ in range(500)]
    assert np.quantile(quarters, 0.05) > 22


def test_no_life_fails_without_damage_of_its_mode(fleet: SimulatedFleet) -> None:
    failures = fleet.truth.lives.filter(pl.col("end") == "failure")
    own = failures.join(
        fleet.truth.courses, left_on=["asset_id", "life", "failure_mode"], right_on=["asset_id", "life", "kind"]
    )
    assert own.height == failures.height
    assert own["damage_at_end"].min() > 0.05  # type: ignore[operator]
    assert own.filter(pl.col("onset_at").is_null() | (pl.col("onset_at") > pl.col("ended_at"))).is_empty()


@pytest.mark.parametrize(("days", "minutes"), [(1, 1_440), (2, 1), (40, 360)])
def test_other_lengths_and_intervals_work(days: int, minutes: int) -> None:
    tiny = simulate_fleet(FleetSettings(pumps=3, days=days, interval_minutes=minutes, with_defects=False))
    assert tiny.telemetry.height == 3 * days * 1_440 // minutes
    assert tiny.telemetry["flow"].is_finite().all()


def test_without_fault_kinds_nothing_fails() -> None:
    healthy = simulate_fleet(replace(SMALL, fault_kinds=()))
    assert "failure" not in healthy.events["kind"].to_list()
    assert healthy.truth.damage.is_empty()


def test_preventive_replacements_are_censored_in_the_truth(fleet: SimulatedFleet) -> None:
    replaced = fleet.truth.lives.filter(pl.col("end") == "preventive_replacement")
    assert replaced.height >= 10
    assert replaced["failure_mode"].null_count() == replaced.height
    reported = fleet.events.filter(pl.col("kind") == "preventive_replacement")
    key = ["asset_id", "time"]
    assert_frame_equal(
        reported.select(key).sort(key), replaced.select("asset_id", time="ended_at").sort(key), check_exact=True
    )


def test_every_failure_is_reported_at_its_time_but_its_mode_not_always_rightly(fleet: SimulatedFleet) -> None:
    failures = fleet.truth.lives.filter(pl.col("end") == "failure")
    reported = fleet.events.filter(pl.col("kind") == "failure")
    both = failures.join(reported, left_on=["asset_id", "ended_at"], right_on=["asset_id", "time"])
    assert both.height == failures.height == reported.height
    right = (both["failure_mode"] == both["failure_mode_right"]).fill_null(value=False).mean()
    assert 0.75 < right < 1.0  # type: ignore[operator]


def test_the_machine_stands_while_it_is_down(fleet: SimulatedFleet) -> None:
    down = fleet.truth.lives.filter(pl.col("end") == "failure").select("asset_id", "ended_at", "back_at")
    stops = (down["back_at"] - down["ended_at"]).dt.total_hours()
    assert stops.is_between(23, 120).all()
    rows = (
        fleet.telemetry.select("asset_id", "time", "speed", "flow")
        .sort("time")
        .join_asof(down.sort("ended_at"), left_on="time", right_on="ended_at", by="asset_id", strategy="backward")
        .filter((pl.col("time") > pl.col("ended_at")) & (pl.col("time") < pl.col("back_at")))
        .filter(pl.col("speed").is_finite() & (pl.col("speed").is_in([-999.0, 65_535.0]).not_()))
    )
    assert rows.height > 1_000
    assert rows["speed"].max() == 0.0


def test_the_counter_counts_on_through_failures_and_starts_anew_with_a_controller(fleet: SimulatedFleet) -> None:
    clean = simulate_fleet(replace(fleet.settings, pumps=12, with_defects=False))
    steps = (
        clean.telemetry.sort("asset_id", "time")
        .select("asset_id", "time", step=pl.col("running_hours").diff().over("asset_id"))
        .drop_nulls()
    )
    resets = clean.events.filter(pl.col("component") == "controller").height
    assert resets > 0
    assert steps.filter(pl.col("step") < 0).height == resets
    assert steps.filter(pl.col("step") > 2.01).is_empty()


def test_every_event_kind_is_one_of_the_domain(fleet: SimulatedFleet) -> None:
    assert set(fleet.events["kind"]) <= {kind.value for kind in EventKind}
    ends = fleet.events.filter(pl.col("kind") == "end_of_observation")
    assert ends.height == fleet.settings.pumps
    assert fleet.events["time"].max() <= ends["time"].max()  # type: ignore[operator]


def test_identifiers_follow_their_schemes(fleet: SimulatedFleet) -> None:
    for scheme in (IdentifierScheme.HANDLE, IdentifierScheme.UUID):
        values = fleet.assets[f"identifier_{scheme.value}"].to_list()
        assert len({Identifier(scheme, value).value for value in values}) == fleet.assets.height


def test_clean_readings_lie_within_what_the_pack_calls_plausible(fleet: SimulatedFleet) -> None:
    clean = simulate_fleet(replace(fleet.settings, pumps=16, with_defects=False)).telemetry
    temperatures = [signal for signal in SIGNALS if "temperature" in signal]
    pressures = [signal for signal in SIGNALS if "pressure" in signal]
    vibrations = [signal for signal in SIGNALS if "vibration" in signal]
    limits = {
        "speed": (0, 3_600),
        "flow": (0, 600),
        "motor_current": (0, 400),
        **dict.fromkeys(temperatures, (-40, 180)),
        **dict.fromkeys(pressures, (0, 2_500)),
        **dict.fromkeys(vibrations, (0, 60)),
        "suction_pressure": (0, 600),
    }
    for signal, (low, high) in limits.items():
        assert clean[signal].is_between(low, high).all(), signal


@pytest.mark.parametrize("signal", SIGNALS)
def test_every_signal_is_a_float_column(fleet: SimulatedFleet, signal: str) -> None:
    assert fleet.telemetry.schema[signal] == pl.Float64
    assert fleet.telemetry.schema["time"] == pl.Datetime("us", "UTC")
