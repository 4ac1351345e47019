from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from pipelines.simulate.changes.registry import OPERATION_KIND_IDS
from pipelines.simulate.changes.schedule import changed, plan_operation_changes
from pipelines.simulate.fleet import site_of
from pipelines.simulate.pump import simulate_pump
from pipelines.simulate.settings import FleetSettings

BUSY = FleetSettings(days=420, operation_change_rate=8.0)
HEALTHY = FleetSettings(days=60, operation_change_rate=60.0, fault_kinds=(), with_defects=False)


def test_without_a_rate_nothing_is_planned_and_surroundings_are_untouched() -> None:
    assert plan_operation_changes(FleetSettings(), 0) == ()
    surroundings = site_of(FleetSettings(days=5), 0).surroundings
    assert changed(FleetSettings(days=5), surroundings, (), 0) is surroundings


def test_the_rate_is_per_station_and_year_and_every_kind_occurs() -> None:
    episodes = [episode for station in range(40) for episode in plan_operation_changes(BUSY, station)]
    expected = 40 * 8.0 * 420 / 365.25
    assert 0.75 * expected < len(episodes) <= 1.1 * expected
    counts = Counter(episode.kind for episode in episodes)
    assert set(counts) == set(OPERATION_KIND_IDS)
    reported = [episode.kind for episode in episodes if episode.is_reported]
    assert set(reported) == {"recipe", "product"}


def test_a_pump_is_in_one_change_at_a_time_and_runs_as_usual_for_a_day_between_two() -> None:
    for station in range(10):
        episodes = plan_operation_changes(BUSY, station)
        for slot in range(BUSY.pumps_per_station):
            own = [episode.rows for episode in episodes if episode.concerns(slot)]
            assert all(later.start - earlier.stop >= 12 for earlier, later in pairwise(own))


@pytest.mark.parametrize(("days", "minutes"), [(1, 1_440), (1, 720), (2, 1)])
def test_short_observations_work_at_any_sampling(days: int, minutes: int) -> None:
    settings = FleetSettings(days=days, interval_minutes=minutes, operation_change_rate=2_000.0)
    simulate_pump(settings, 1, site_of(settings, 0))


@pytest.mark.parametrize("kind", OPERATION_KIND_IDS)
def test_outside_of_its_changes_a_pump_reads_as_its_twin_and_inside_it_does_not(kind: str) -> None:
    seen = 0
    for pump in range(3):
        settings = replace(HEALTHY, operation_kinds=(kind,))
        altered = simulate_pump(settings, pump, site_of(settings, 0))
        plain = replace(settings, operation_change_rate=0.0)
        twin = simulate_pump(plain, pump, site_of(plain, 0))
        inside = np.zeros(settings.rows, dtype=np.bool_)
        for episode in altered.changes:
            inside[episode.rows] = True
            assert (altered.clean[episode.rows] != twin.clean[episode.rows]).any()
            seen += 1
        settled = ~inside & np.roll(~inside, 6) & np.roll(~inside, 3)  # temperatures follow within hours
        settled[:12] = ~inside[:12]
        np.testing.assert_allclose(altered.clean[settled, :14], twin.clean[settled, :14], atol=0.11)
    assert seen >= 3


def test_a_lighter_product_gives_less_pressure_for_the_same_head_and_less_current() -> None:
    settings, seen = replace(HEALTHY, operation_kinds=("product",)), 0
    for station in range(6):
        record = simulate_pump(settings, 4 * station, site_of(settings, station))
        plain = replace(settings, operation_change_rate=0.0)
        twin = simulate_pump(plain, 4 * station, site_of(plain, station))
        for episode in record.changes:
            running = np.flatnonzero(record.history.running[episode.rows]) + episode.rows.start
            if len(running) and episode.alteration.density < 0.97:
                seen += 1
                for signal in ("discharge_pressure", "motor_current"):
                    assert record.truth[signal][running].mean() < twin.truth[signal][running].mean()
    assert seen


def test_a_station_change_befalls_all_its_pumps_and_a_recipe_one() -> None:
    for station in range(8):
        for episode in plan_operation_changes(BUSY, station):
            pumps = [slot for slot in range(BUSY.pumps_per_station) if episode.concerns(slot)]
            assert len(pumps) == (1 if episode.kind == "recipe" else BUSY.pumps_per_station)
