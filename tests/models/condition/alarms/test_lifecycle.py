import math
import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.domain.alarms import Stage, Told
from features.domain.conditions import ConditionVerdict
from models.condition.alarms.alarm import AlarmRule
from models.condition.alarms.annunciator import Input, Row, in_order
from models.condition.alarms.lifecycle import HOUR, AlarmLife, LifeCycleRule, Observation, Transition

RULE = LifeCycleRule(AlarmRule(1.0, release=0.0), on_delay=120.0, off_delay=HOUR)
MACHINE, INSTRUMENT = ConditionVerdict.MACHINE, ConditionVerdict.INSTRUMENT


def follow(rows: Sequence[Observation], rule: LifeCycleRule = RULE) -> tuple[AlarmLife, list[Transition]]:
    life = AlarmLife()
    told: list[Transition] = []
    for row in rows:
        life, new = life.after(row, rule)
        told += new
    return life, told


def rows(*scores: float, every: float = 60.0, **how: object) -> list[Observation]:
    return [Observation(every * place, score, **how) for place, score in enumerate(scores)]  # type: ignore[arg-type]


def kinds(told: Sequence[Transition]) -> list[tuple[float, str]]:
    return [(each.seconds, each.told.value) for each in told]


def test_deviation_that_does_not_last_for_the_on_delay_is_no_alarm() -> None:
    assert follow(rows(2.0, 2.0, 0.5, 2.0, 2.0, 0.5))[1] == []
    assert kinds(follow(rows(2.0, 2.0, 2.0))[1]) == [(120.0, "raised")]


def test_alarm_returns_when_the_score_was_normal_for_the_off_delay() -> None:
    _, told = follow(rows(2.0, 2.0, 2.0, *[0.5] * 61))
    assert kinds(told) == [(120.0, "raised"), (180.0 + HOUR, "returned")]


def test_score_in_the_deadband_keeps_an_alarm_and_begins_none() -> None:
    rule = LifeCycleRule(AlarmRule(1.0, release=0.0, deadband=0.2), on_delay=0.0, off_delay=0.0)
    assert follow(rows(0.9), rule)[1] == []
    assert kinds(follow(rows(1.1, 0.9, 0.81, 0.79), rule)[1]) == [(0.0, "raised"), (180.0, "returned")]


@settings(max_examples=30)
@given(st.lists(st.sampled_from([0.5, 0.95, 1.05, 3.0]), max_size=120), st.sampled_from([10.0, 60.0, 1900.0]))
def test_two_alarms_are_an_off_delay_apart_however_a_score_chatters(scores: list[float], every: float) -> None:
    _, told = follow(rows(*scores, every=every))
    raised = [each.seconds for each in told if each.told is Told.RAISED]
    assert all(later - sooner >= HOUR for sooner, later in pairwise(raised))


def test_row_that_says_nothing_of_the_machine_changes_nothing() -> None:
    life, _ = follow(rows(2.0, 2.0, 2.0))
    for row in (Observation(1e9, math.nan), Observation(1e9, 0.0, ConditionVerdict.DATA_PATH)):
        assert life.after(row, RULE) == (life, ())
    assert follow(rows(*[9.0] * 10, verdict=ConditionVerdict.OPERATION_CHANGE))[1] == []


def test_delays_do_not_count_across_a_stretch_in_which_nothing_was_known() -> None:
    rule = replace(RULE, silence=300.0)
    unknown = [Observation(60.0 * n, 9.0, ConditionVerdict.DATA_PATH) for n in range(1, 60)]
    life, told = follow([Observation(0.0, 2.0), *unknown, Observation(3600.0, 2.0)], rule)
    assert told == []
    life, told_now = life.after(Observation(3720.0, 2.0), rule)
    assert kinds(told_now) == [(3720.0, "raised")]
    life, _ = life.after(Observation(3780.0, 0.5), rule)
    life, told_now = life.after(Observation(3780.0 + HOUR, 0.5), rule)
    assert (told_now, life.stage) == ((), Stage.UNACKNOWLEDGED)
    assert kinds(follow([Observation(0.0, 2.0), *unknown[:4], Observation(300.0, 2.0)], rule)[1]) == [(300.0, "raised")]


def test_verdict_of_normal_counts_as_no_score() -> None:
    assert follow(rows(*[9.0] * 10, verdict=ConditionVerdict.NORMAL))[1] == []


def test_fault_of_the_machine_behind_another_cause_is_told_once() -> None:
    seen = rows(2.0, 2.0, 2.0, verdict=INSTRUMENT)
    seen += [Observation(180.0 + 60.0 * n, 2.0, MACHINE if n % 9 else INSTRUMENT) for n in range(40)]
    _, told = follow(seen)
    assert [(each.told, each.cause) for each in told] == [(Told.RAISED, INSTRUMENT), (Told.WORSENED, MACHINE)]


def test_planned_work_holds_alarms_back_and_says_so_and_what_lasts_is_raised_afterwards() -> None:
    seen = rows(*[2.0] * 6, planned="planned work") + [Observation(360.0 + 60.0 * n, 2.0) for n in range(4)]
    _, told = follow(seen)
    assert kinds(told) == [(120.0, "suppressed"), (480.0, "raised")]
    assert told[0].reason == "planned work"


def test_what_planned_work_put_right_is_never_raised() -> None:
    seen = rows(*[2.0] * 6, planned="planned work") + [Observation(360.0 + 60.0 * n, 0.5) for n in range(99)]
    assert kinds(follow(seen)[1]) == [(120.0, "suppressed")]


def test_alarm_that_stands_outlasts_planned_work() -> None:
    life, _ = follow(rows(2.0, 2.0, 2.0) + [Observation(200.0 + n, 2.0, planned="planned work") for n in range(9)])
    assert life.stage is Stage.UNACKNOWLEDGED


@pytest.mark.parametrize(
    ("latching", "acknowledged", "stage"),
    [
        (False, True, Stage.NORMAL),
        (False, False, Stage.RETURNED),
        (True, True, Stage.NORMAL),
        (True, False, Stage.LATCHED),
    ],
)
def test_stage_after_return(latching: bool, acknowledged: bool, stage: Stage) -> None:
    rule = LifeCycleRule(AlarmRule(1.0), on_delay=0.0, off_delay=0.0, is_latching=latching)
    life, _ = follow(rows(2.0), rule)
    if acknowledged:
        life, told = life.acknowledged(10.0, "an operator")
        assert told[0].reason == "an operator"
        assert life.stage is Stage.ACKNOWLEDGED
    life, told = life.after(Observation(60.0, 0.1), rule)
    assert (life.stage, [each.told for each in told]) == (stage, [Told.RETURNED])
    life, _ = life.acknowledged(70.0, "an operator")
    assert life.stage is Stage.NORMAL


def test_alarm_that_nobody_acknowledged_is_the_same_when_it_stands_again_within_a_week() -> None:
    rule = LifeCycleRule(AlarmRule(1.0), on_delay=0.0, off_delay=0.0, again=1000.0)
    seen = [Observation(at, score) for at, score in ((0, 2.0), (60, 0.5), (900, 2.0), (960, 0.5), (1961, 2.0))]
    assert kinds(follow(seen, rule)[1]) == [
        (0, "raised"),
        (60, "returned"),
        (900, "again"),
        (960, "returned"),
        (1961, "raised"),
    ]


def test_alarm_that_was_acknowledged_after_its_return_is_another_when_it_comes_back() -> None:
    life, _ = follow(rows(2.0, 2.0, 2.0, *[0.5] * 61))
    life, _ = life.acknowledged(4000.0, "an operator")
    told: list[Transition] = []
    for row in (Observation(5000.0, 2.0), Observation(5120.0, 2.0)):
        life, new = life.after(row, RULE)
        told += new
    assert kinds(told) == [(5120.0, "raised")]


def test_acknowledging_where_there_is_no_alarm_changes_nothing() -> None:
    assert AlarmLife().acknowledged(0.0, "an operator") == (AlarmLife(), ())


def test_what_waits_for_its_on_delay_can_be_raised_at_once() -> None:
    life, told = follow(rows(2.0, 2.0, verdict=MACHINE))
    assert told == []
    life, told_now = life.raised_now(61.0, RULE)
    assert [(each.seconds, each.told, each.cause) for each in told_now] == [(61.0, Told.RAISED, MACHINE)]
    assert life.raised_now(62.0, RULE) == (life, ())
    assert AlarmLife().raised_now(0.0, RULE) == (AlarmLife(), ())


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from([0.5, 1.5, 3.0])), max_size=60),
    st.randoms(use_true_random=False),
)
def test_shuffled_and_doubled_rows_tell_the_same_once_sorted(
    given: list[tuple[int, float]], order: random.Random
) -> None:
    again: list[Input] = [Row("m", Observation(60.0 * at, score)) for at, score in (*given, *given)]
    order.shuffle(again)
    highest = {at: max(score for when, score in given if when == at) for at, _ in given}  # of two that contradict
    resorted = [each.seen for each in in_order(again) if isinstance(each, Row)]
    assert follow(resorted) == follow([Observation(60.0 * at, highest[at]) for at in sorted(highest)])
