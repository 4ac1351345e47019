from dataclasses import replace

import numpy as np
import pytest

from pipelines.simulate.fleet import site_of
from pipelines.simulate.pump import PumpRecord, simulate_pump
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import INSTRUMENTED, SENSORS

SETTINGS = FleetSettings(days=300, with_defects=False)


@pytest.fixture(scope="module")
def pumps() -> list[PumpRecord]:
    return [simulate_pump(SETTINGS, number, site_of(SETTINGS, number // 4)) for number in range(8)]


def test_damage_is_seen_after_its_onset_and_within_its_life(pumps: list[PumpRecord]) -> None:
    delays = []
    for pump in pumps:
        lives = {life.number: life for life in pump.history.lives}
        for each in pump.visible:
            life = lives[each.life]
            onset = min(course.onset_at for course in life.courses if course.onset_at is not None)
            if each.row is not None:
                assert onset <= each.row * SETTINGS.step_hours
                assert life.first_row <= each.row < life.stop_row
                delays.append(each.row * SETTINGS.step_hours - onset)
    assert len(delays) >= 10
    assert np.median(delays) > 24


def test_without_damage_nothing_is_visible() -> None:
    healthy = simulate_pump(replace(SETTINGS, fault_kinds=()), 0, site_of(SETTINGS, 0))
    assert healthy.visible == ()


def test_the_scatter_is_that_of_a_healthy_pump_beside_its_operating_point(pumps: list[PumpRecord]) -> None:
    healthy = simulate_pump(replace(SETTINGS, fault_kinds=()), 1, site_of(SETTINGS, 0))
    assert set(healthy.scatter) == set(INSTRUMENTED)
    noise = healthy.clean[:, 4:14] - np.column_stack([healthy.truth[signal] for signal in SENSORS])
    for channel, signal in enumerate(SENSORS):
        measured = float(np.std(noise[healthy.history.running, channel]))
        assert measured < 1.3 * healthy.scatter[signal]  # the instrument is a part of it
    # Process noise alone moves the high frequency by about a seventh of its level.
    level = float(np.mean(healthy.truth["vibration_high_frequency"][healthy.history.running]))
    assert 0.1 * level < healthy.scatter["vibration_high_frequency"] < 0.8 * level
