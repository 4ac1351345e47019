"""Each fault beside its healthy twin: the same machine, weather and noise, with and without the damage."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.simulate.arrays import FloatArray
from pipelines.simulate.faults.effects import Effects
from pipelines.simulate.faults.registry import (
    FAULT_KIND_IDS,
    FAULT_KINDS,
    USUAL_FAULT_KIND_IDS,
    fault_kinds,
    known_fault_kind_ids,
)
from pipelines.simulate.fleet import site_of
from pipelines.simulate.pump import PumpRecord, simulate_pump
from pipelines.simulate.settings import FleetSettings

SETTINGS = FleetSettings(days=300, with_defects=False)

SIGNATURES = {
    "bearing_wear": {
        "vibration_high_frequency": 1,
        "vibration_drive_end": 1,
        "bearing_temperature_drive_end": 1,
        "motor_current": 1,
    },
    "cavitation": {
        "suction_pressure": -1,
        "vibration_high_frequency": 1,
        "vibration_drive_end": 1,
        "vibration_non_drive_end": 1,
    },
    "seal_leak": {"seal_chamber_pressure": -1, "seal_temperature": 1},
    "impeller_wear": {"vibration_drive_end": 1, "vibration_non_drive_end": 1},
    "shaft_misalignment": {
        "vibration_drive_end": 1,
        "vibration_non_drive_end": 1,
        "bearing_temperature_drive_end": 1,
        "motor_current": 1,
    },
}


def twins(pump: int, kind: str) -> tuple[PumpRecord, PumpRecord, FloatArray]:
    """Return the pump with one kind of fault, its healthy twin, and the rows of the last tenth of the damage."""
    site = site_of(SETTINGS, pump // SETTINGS.pumps_per_station)
    ill = simulate_pump(replace(SETTINGS, fault_kinds=(kind,)), pump, site)
    well = simulate_pump(replace(SETTINGS, fault_kinds=()), pump, site)
    life = ill.history.lives[0]
    rows = np.arange(life.stop_row)
    late = (ill.history.damage[kind][: life.stop_row] > 0.5) & ill.history.running[: life.stop_row]
    return ill, well, rows[late].astype(np.float64)


@pytest.mark.parametrize("kind", FAULT_KIND_IDS)
def test_a_fault_shows_its_signature_beside_its_healthy_twin(kind: str) -> None:
    seen = 0
    for pump in range(12):
        ill, well, late = twins(pump, kind)
        rows = late.astype(np.int64)
        if ill.history.lives[0].failure_mode != kind or len(rows) < 5:
            continue
        seen += 1
        for signal, direction in SIGNATURES[kind].items():
            change = float(np.mean(ill.truth[signal][rows] - well.truth[signal][rows]))
            assert change * direction > 0, (pump, signal, change)
    assert seen >= 3


def test_before_the_onset_a_machine_equals_its_healthy_twin() -> None:
    for kind in ("bearing_wear", "seal_leak"):
        ill, well, _ = twins(4, kind)
        onset = int(np.argmax(ill.history.damage[kind] > 0)) or ill.history.lives[0].stop_row
        for signal, values in ill.truth.items():
            np.testing.assert_array_equal(values[:onset], well.truth[signal][:onset])


def test_bearing_wear_is_heard_before_it_shakes_and_shakes_before_it_warms() -> None:
    ill = next(
        record
        for record, _, late in (twins(pump, "bearing_wear") for pump in range(12))
        if len(late) > 20 and record.history.lives[0].failure_mode == "bearing_wear"
    )
    effects, stop = ill.history.effects, ill.history.lives[0].stop_row

    def crossing(values: FloatArray) -> int:
        path = values[:stop] / values[:stop].max()
        return int(np.argmax(path > 0.15))

    heard = crossing(np.sqrt(effects.high_frequency_energy))
    shaken = crossing(np.sqrt(effects.drive_end_energy))
    warm, heavy = crossing(effects.drive_end_heat_c), crossing(effects.friction)
    assert heard < shaken < warm <= heavy


def test_cavitation_costs_head_so_that_a_throttled_pump_loses_pressure_or_a_driven_one_turns_faster() -> None:
    seen = 0
    for pump in range(12):
        ill, well, late = twins(pump, "cavitation")
        rows = late.astype(np.int64)
        if len(rows) < 5:
            continue
        seen += 1
        head = [record.truth["discharge_pressure"] - record.truth["suction_pressure"] for record in (ill, well)]
        slower_or_equal = ill.truth["speed"][rows].mean() <= well.truth["speed"][rows].mean()
        assert not slower_or_equal or head[0][rows].mean() < head[1][rows].mean()
    assert seen >= 3


def test_worn_impellers_give_less_flow_at_the_same_speed_and_need_more_power_for_it() -> None:
    seen = 0
    for pump in range(12):
        ill, well, late = twins(pump, "impeller_wear")
        rows = late.astype(np.int64)
        if len(rows) < 5:
            continue
        seen += 1
        lift = [record.truth["discharge_pressure"] - record.truth["suction_pressure"] for record in (ill, well)]
        # By the affinity laws head over speed squared is the same at the same flow over speed, unless it is worn.
        square = [np.square(record.truth["speed"][rows]) for record in (ill, well)]
        assert (lift[0][rows] / square[0]).mean() < 0.98 * (lift[1][rows] / square[1]).mean()
        work = [record.truth["flow"][rows] * gain[rows] for record, gain in zip((ill, well), lift, strict=True)]
        per_work = [record.truth["motor_current"][rows] / done for record, done in zip((ill, well), work, strict=True)]
        assert per_work[0].mean() > 1.02 * per_work[1].mean()
        assert not ill.history.effects.high_frequency_energy.any()
        assert not ill.history.effects.drive_end_heat_c.any()
    assert seen >= 3


def test_a_misaligned_shaft_shakes_the_coupling_side_and_is_hardly_heard() -> None:
    ill = next(
        record for record, _, late in (twins(pump, "shaft_misalignment") for pump in range(12)) if len(late) > 20
    )
    effects = ill.history.effects
    at = int(np.argmax(effects.drive_end_energy))
    assert effects.drive_end_energy[at] > 5 * effects.non_drive_end_energy[at]
    assert effects.drive_end_energy[at] > 20 * effects.high_frequency_energy[at]
    assert effects.drive_end_heat_c[at] > 5 * effects.non_drive_end_heat_c[at]


def test_kinds_that_came_later_are_off_unless_asked_for() -> None:
    assert FleetSettings().fault_kinds == USUAL_FAULT_KIND_IDS == ("bearing_wear", "cavitation", "seal_leak")
    assert known_fault_kind_ids(()) == USUAL_FAULT_KIND_IDS
    assert known_fault_kind_ids(("impeller_wear",)) == (*USUAL_FAULT_KIND_IDS, "impeller_wear")


def test_damage_never_falls_within_a_life() -> None:
    ill, _, _ = twins(5, "bearing_wear")
    for life in ill.history.lives:
        path = ill.history.damage["bearing_wear"][life.first_row : life.stop_row]
        assert (np.diff(path) >= 0).all()


def test_kinds_are_told_by_name_in_the_order_of_the_table() -> None:
    assert [kind.id for kind in fault_kinds(("seal_leak", "bearing_wear"))] == ["bearing_wear", "seal_leak"]
    assert len({kind.id for kind in FAULT_KINDS}) == len(FAULT_KINDS)
    assert all((kind.__class__.__doc__ or "").strip() for kind in FAULT_KINDS)


def test_effects_add_up_where_they_overlap() -> None:
    part = replace(Effects.none(3), head_loss=np.array([0.1, 0.1, 0.1]))
    whole = Effects.none(5).added(part, 1, 4).added(part, 2, 5)
    np.testing.assert_allclose(whole.head_loss, [0.0, 0.1, 0.2, 0.2, 0.1])
