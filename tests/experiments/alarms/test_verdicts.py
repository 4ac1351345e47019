from dataclasses import replace

import pytest

from experiments.alarms.verdicts import FLEET, judge_fleet
from models.condition.alarms.budget import AlarmBudget


@pytest.mark.slow
def test_table_threshold_and_count_are_of_different_machines() -> None:
    fleet = replace(FLEET, pumps=18, days=50, pumps_per_station=3)
    found = judge_fleet(0, AlarmBudget(60.0), fleet)
    assert found is not None
    threshold, bound, counted = found
    assert threshold >= 1.0
    assert bound <= 60.0
    assert counted.machines == 3  # of the six that did not teach
