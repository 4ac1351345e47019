from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.domain.alarms import Told
from features.domain.conditions import ConditionVerdict
from models.condition.alarms.alarm import AlarmRule
from models.condition.alarms.budget import LEVELS, AlarmBudget, alarm_rate, counted, fit_threshold
from models.condition.alarms.lifecycle import WEEK, LifeCycleRule, Transition
from models.condition.alarms.scored import Scored

RULE = LifeCycleRule(AlarmRule(1.0), on_delay=0.0, off_delay=3600.0)
BUDGET = AlarmBudget(5.0)


def quiet(machines: int, weeks: float, seed: int = 0, every: float = 3600.0) -> list[Scored]:
    """Scores with the tail of an exponential: log of the rate of alarms falls with the threshold."""
    generator, rows = np.random.default_rng(seed), int(weeks * WEEK / every)
    seconds = np.arange(rows + 1, dtype=np.float64) * every
    return [Scored(f"m{n}", seconds, generator.exponential(0.4, rows + 1)) for n in range(machines)]


def test_threshold_keeps_the_budget_with_its_bound() -> None:
    found = fit_threshold(quiet(40, 8), RULE, BUDGET)
    assert found.reason is None
    assert found.threshold is not None
    assert found.rate.per_100_machine_weeks < found.rate.bound <= 5.0
    assert found.rate.machine_weeks == pytest.approx(320.0)
    assert found.rate.machines == 40
    # scores of hours are independent: rate per 100 machine-weeks = 100 · 168 · P(score > threshold)
    assert 100 * 168 * np.exp(-found.threshold / 0.4) < 5.0


def test_next_level_down_is_refused() -> None:
    healthy = quiet(40, 8)
    found = fit_threshold(healthy, RULE, BUDGET)
    assert found.threshold is not None
    below = LEVELS[found.threshold > LEVELS][0]
    assert alarm_rate(healthy, RULE.at(below), BUDGET).bound > 5.0


def test_too_little_seen_gives_no_threshold_and_says_how_much_it_takes() -> None:
    found = fit_threshold(quiet(10, 5), RULE, BUDGET)
    assert found.threshold is None
    assert "60 healthy machine-weeks" in str(found.reason)
    assert "found 50.0 machine-weeks of 10 machines, with 0 alarms at the highest score" in str(found.reason)
    assert fit_threshold(quiet(10, 6.05), RULE, BUDGET).threshold is not None


def test_nothing_seen_gives_no_threshold() -> None:
    found = fit_threshold([], RULE, BUDGET)
    assert found.threshold is None
    assert "found 0.0 machine-weeks of 0 machines" in str(found.reason)


def test_machines_that_always_raise_alarms_give_no_threshold_and_say_so() -> None:
    healthy = [Scored(f"m{n}", 3600.0 * np.arange(1600.0), np.tile([9e3, 0.0], 800)) for n in range(8)]
    found = fit_threshold(healthy, RULE, BUDGET)
    assert found.threshold is None
    assert "highest score tried" in str(found.reason)


def test_budget_is_one_of_machines_whose_alarms_come_in_clusters() -> None:
    healthy = quiet(60, 8)
    loud = Scored("m0", healthy[0].seconds, np.where(np.arange(len(healthy[0].scores)) % 300 == 7, 50.0, 0.0))
    rate = alarm_rate([loud, *healthy[1:]], RULE.at(20.0), BUDGET)
    assert rate.alarms == 5
    assert rate.low < rate.per_100_machine_weeks < rate.bound
    assert rate.clusters == pytest.approx(5.0, rel=0.1)
    assert rate.bound > 100 * 10.5 / rate.machine_weeks  # 10.5: bound of five that come on their own


def test_alarms_that_all_machines_raise_in_one_week_are_one_cluster() -> None:
    seconds = 3600.0 * np.arange(8 * 168.0)
    healthy = [Scored(f"m{n}", seconds, np.where(np.arange(len(seconds)) == 500 + n, 50.0, 0.0)) for n in range(40)]
    assert alarm_rate(healthy, RULE.at(20.0), BUDGET).clusters > 20.0


def test_threshold_that_is_always_passed_is_not_quiet() -> None:
    steady = [Scored(f"m{n}", 3600.0 * np.arange(8 * 168.0 + 1), np.full(8 * 168 + 1, 1.5)) for n in range(20)]
    rate = alarm_rate(steady, RULE.at(1.0), BUDGET)
    assert rate.alarms == 180  # at the first row and after each of eight weeks
    found = fit_threshold(steady, RULE, BUDGET)
    assert found.threshold is not None
    assert found.threshold > 1.5


def test_budget_holds_where_every_alarm_is_acknowledged_when_it_is_raised() -> None:
    seconds = 1800.0 * np.arange(8 * 336.0 + 1)
    daily = np.where(seconds % 86_400.0 < 7200.0, 1.5, 0.0)
    fleet = [Scored(f"m{n}", seconds, daily if n < 3 else np.zeros(len(seconds))) for n in range(40)]
    assert alarm_rate(fleet, RULE.at(1.0), BUDGET).alarms == 3 * 57  # one a day, and not one a week
    found = fit_threshold(fleet, RULE, AlarmBudget(20.0))
    assert found.threshold is not None
    assert found.threshold > 1.5


def test_alarm_that_stands_again_and_again_counts_once_a_week() -> None:
    raised, again, over = Told.RAISED, Told.AGAIN, Told.RETURNED
    days = ((0, raised), (1, over), (3, again), (4, over), (8, again), (9, over), (14, again), (16, over), (40, raised))
    told = [Transition(86_400.0 * day, what, ConditionVerdict.MACHINE) for day, what in days]
    assert [at / 86_400.0 for at in counted(told, end=86_400.0 * 50)] == [0, 8, 15, 40, 47]


def test_machines_in_which_no_alarm_can_be_raised_promise_nothing() -> None:
    fleet = quiet(20, 12, every=14_400.0)
    fleet = [replace(each, verdicts=(ConditionVerdict.DATA_PATH,) * len(each.scores)) for each in fleet]
    found = fit_threshold(fleet, RULE, BUDGET)
    assert (found.threshold, found.rate.machine_weeks) == (None, 0.0)


def test_stretches_of_one_machine_are_one_unit() -> None:
    parts = [Scored("m0", each.seconds + n * 10 * WEEK, each.scores) for n, each in enumerate(quiet(6, 2))]
    rate = alarm_rate(parts, RULE.at(1.0), BUDGET)
    assert (rate.machines, round(rate.machine_weeks)) == (1, 12)


def test_life_counts_have_a_week_of_their_own() -> None:
    flights = [Scored(f"m{n}", np.arange(200.0), np.zeros(200)) for n in range(10)]
    assert alarm_rate(flights, RULE, AlarmBudget(5.0, week=20.0)).machine_weeks == pytest.approx(99.5)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000), st.floats(3.0, 40.0), st.floats(1.0, 30.0))
def test_larger_budget_never_asks_for_a_higher_threshold(seed: int, budget: float, more: float) -> None:
    healthy = quiet(12, 6, seed, every=14_400.0)
    small, large = (fit_threshold(healthy, RULE, AlarmBudget(each)).threshold for each in (budget, budget + more))
    assert small is None or (large is not None and large <= small)
