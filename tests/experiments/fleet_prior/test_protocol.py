from functools import cache

import numpy as np
import pytest

from experiments.fleet_prior import changes
from experiments.fleet_prior.fleet import DAY, Pump
from experiments.fleet_prior.protocol import DAYS, judge, leave_one_out, members_of, prior_without
from features.domain.identifiers import AssetId
from models.condition.alarms.budget import AlarmBudget
from models.condition.history import History, Level

SIGNALS = (changes.SWAPPED, changes.CREEPING)


@cache
def pumps(count: int = 8) -> tuple[Pump, ...]:
    """Machines with a row a day that lie three deviations apart, and vary with the season of their own."""
    random = np.random.default_rng(3)

    def pump(number: int) -> Pump:
        noise = random.normal(size=(DAYS, 2))
        level = np.array([40.0, 2.0]) + 3.0 * random.normal(size=2)
        return Pump(AssetId(f"p-{number}"), "one kind", History(DAY * np.arange(DAYS, dtype=np.float64), level + noise))

    return tuple(pump(number) for number in range(count))


def told(done: int, total: int) -> None:
    assert 0 < done <= total


def test_a_right_expectation_has_the_density_of_a_normal_distribution_and_a_wrong_level_its_distance() -> None:
    later = np.array([[-1.0, 10.0], [1.0, 30.0], [-1.0, 10.0], [1.0, 30.0]])  # deviations 1 and 10
    right = judge(Level.of_values(later), later)
    assert (right.density, right.error, right.far) == pytest.approx((0.5 * np.log(2 * np.pi) + 0.5, 0.0, 1.0))
    off = judge(Level(np.array([2.0, 20.0]), np.array([1.0, 10.0])), later)
    assert off.error == pytest.approx(np.sqrt(2.0))
    assert off.density == pytest.approx(right.density + 1.0)


def test_the_machine_that_is_left_out_teaches_nothing_of_itself() -> None:
    fleet = pumps()
    members = members_of(fleet)
    assert prior_without(members, fleet[0].asset).machines[None] == len(fleet) - 1
    assert fleet[0].between(0, 240).seconds[-1] < 240 * DAY


def test_borrowing_is_better_than_pooling_and_than_few_own_days_and_no_worse_than_many() -> None:
    fleet = pumps()
    figures = leave_one_out(fleet, members_of(fleet), told)
    days = figures["days"]
    assert isinstance(days, dict)
    assert list(days) == ["0", "1", "7", "30", "90"]
    assert days["0"]["borrowed"] == 1.0
    assert days["90"]["borrowed"] < 0.05
    assert days["0"]["machines_with_own"] == 0
    assert days["7"]["prior"]["density"] < days["7"]["own"]["density"]
    assert days["7"]["prior"]["density"] < days["7"]["pooled"]["density"]
    assert figures["no_worse_at_day_90"] is True


@pytest.mark.slow
def test_told_changes_are_learnt_untold_ones_are_not() -> None:
    fleet = pumps()
    figures = changes.follow_changes(SIGNALS, fleet, members_of(fleet), AlarmBudget(5.0), told)["cases"]
    assert isinstance(figures, dict)
    assert figures["nothing"]["alarmed"] < 0.05
    for name in ("sensor_swapped", "repair"):
        assert figures[name]["off"] < 1.0
        assert figures[name]["at_last"] < 0.05
    for name in ("sensor_swapped_untold", "slow_fault"):
        assert figures[name]["off"] > 6.0
        assert figures[name]["at_last"] == 1.0
