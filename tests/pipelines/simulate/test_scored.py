from dataclasses import replace

import numpy as np
import pytest

from pipelines.simulate.codes import CODES
from pipelines.simulate.instruments.registry import INSTRUMENT_KIND_IDS
from pipelines.simulate.path_faults.registry import PATH_KIND_IDS
from pipelines.simulate.scored import ScoredPump, scored_pump, scored_station
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SIGNALS

SETTINGS = FleetSettings(days=14, interval_minutes=5, instrument_fault_rate=400.0, path_fault_rate=120.0)


@pytest.fixture(scope="module")
def station() -> tuple[ScoredPump, ...]:
    return scored_station(SETTINGS, 0)


def test_rows_lie_in_order_of_arrival_and_every_array_has_their_shape(station: tuple[ScoredPump, ...]) -> None:
    assert [pump.asset for pump in station] == ["p-001", "p-002", "p-003", "p-004"]
    for pump in station:
        rows = len(pump.time_us)
        assert (np.diff(pump.arrived_us) >= 0).all()
        assert pump.arrived_us.shape == pump.measured_us.shape == pump.row_codes.shape == (rows,)
        assert pump.values.shape == pump.clean.shape == pump.value_codes.shape == (rows, len(SIGNALS))
        assert np.isfinite(pump.clean).all()
        assert (pump.arrived_us > pump.measured_us).all()


def test_every_reading_that_differs_from_a_sound_one_is_covered_by_a_kind(station: tuple[ScoredPump, ...]) -> None:
    for pump in station:
        covered = np.any([pump.covered_by(kind) for kind in CODES[1:]], axis=0)
        assert not (pump.altered & ~covered).any()
        assert not (pump.sound & covered).any()
        # NaN that were written count as covered, and what was not measured is a gap.
        assert (covered | np.isfinite(pump.values)).all()


def test_every_kind_is_met_among_a_few_stations() -> None:
    pumps = [pump for station in range(3) for pump in scored_station(SETTINGS, station)]
    for kind in (*INSTRUMENT_KIND_IDS, *PATH_KIND_IDS):
        assert any(pump.covered_by(kind).any() for pump in pumps), kind


def test_episodes_name_what_the_masks_cover(station: tuple[ScoredPump, ...]) -> None:
    for pump in station:
        for kind in INSTRUMENT_KIND_IDS:
            rows, channels = np.nonzero(pump.value_codes == CODES.index(kind))
            told = [episode for episode in pump.episodes if episode.kind == kind]
            for at, signal in zip(pump.measured_us[rows], np.array(SIGNALS)[channels], strict=True):
                assert any(each.from_us <= at <= each.to_us and signal in each.signals for each in told)


def test_only_wrong_clocks_and_replays_as_new_write_another_time(station: tuple[ScoredPump, ...]) -> None:
    for pump in station:
        codes = {CODES[code] for code in pump.row_codes[pump.time_us != pump.measured_us]}
        assert codes <= {"clock_off", "replayed_as_new"}


def test_a_wrong_clock_befalls_all_pumps_of_its_station(station: tuple[ScoredPump, ...]) -> None:
    stretches = [
        {(each.from_us // 7_200_000_000, each.parameters["note"]) for each in pump.episodes if each.kind == "clock_off"}
        for pump in station
    ]
    assert stretches[0]
    assert all(each == stretches[0] for each in stretches)


def test_a_pump_alone_is_the_same_as_in_its_station(station: tuple[ScoredPump, ...]) -> None:
    alone = scored_pump(SETTINGS, 2)
    assert np.array_equal(alone.values, station[2].values, equal_nan=True)
    assert alone.episodes == station[2].episodes


def test_instrument_faults_leave_machine_and_noise_as_they_are() -> None:
    faulty = scored_pump(replace(SETTINGS, path_fault_rate=0.0, with_defects=False), 1)
    sound = scored_pump(replace(SETTINGS, path_fault_rate=0.0, with_defects=False, instrument_fault_rate=0.0), 1)
    assert sound.sound.all()
    assert not sound.altered.any()
    assert np.array_equal(faulty.clean, sound.values)
    assert np.array_equal(faulty.values[faulty.sound], sound.values[faulty.sound])
