from itertools import pairwise

import pytest

from pipelines.simulate.path_faults.registry import PATH_KIND_IDS
from pipelines.simulate.path_faults.schedule import damage_path, plan_path_faults
from pipelines.simulate.settings import FleetSettings
from tests.pipelines.simulate.path_faults.drafts import counting_draft

BUSY = FleetSettings(days=420, path_fault_rate=20.0)


def test_without_a_rate_nothing_is_planned() -> None:
    assert plan_path_faults(FleetSettings(), 0) == ()


def test_a_gateway_has_one_fault_at_a_time() -> None:
    for station in range(10):
        faults = plan_path_faults(BUSY, station)
        assert all(earlier.over_us <= later.begin_us for earlier, later in pairwise(faults))


def test_the_rate_is_per_gateway_and_year_and_every_kind_occurs() -> None:
    faults = [fault for station in range(40) for fault in plan_path_faults(BUSY, station)]
    expected = 40 * 20.0 * 420 / 365.25
    assert 0.8 * expected < len(faults) <= 1.1 * expected
    assert {fault.kind for fault in faults} == set(PATH_KIND_IDS)


@pytest.mark.parametrize(("days", "minutes"), [(1, 1_440), (1, 720), (2, 1)])
def test_short_observations_work_at_any_sampling(days: int, minutes: int) -> None:
    plan_path_faults(FleetSettings(days=days, interval_minutes=minutes, path_fault_rate=2_000.0), 0)


def test_everything_done_is_told_once() -> None:
    settings = FleetSettings(days=1, interval_minutes=1, path_fault_rate=1_000.0, path_kinds=("clock_off",))
    draft = counting_draft(settings.rows)
    done = damage_path("p-001", draft, plan_path_faults(settings, 0))
    assert {defect.kind for defect in done} == {"clock_off"}
    assert sum(defect.count for defect in done) == int((draft.row_codes != 0).sum()) > 0
