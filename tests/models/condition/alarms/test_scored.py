import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.domain.alarms import Told
from features.domain.conditions import ConditionVerdict
from models.condition.alarms.alarm import AlarmRule
from models.condition.alarms.annunciator import AnnunciatorRule, AssetTransition, Row, announce
from models.condition.alarms.lifecycle import AlarmLife, LifeCycleRule, Transition
from models.condition.alarms.scored import Scored

VERDICTS = (
    ConditionVerdict.UNDETERMINED,
    ConditionVerdict.MACHINE,
    ConditionVerdict.DATA_PATH,
    ConditionVerdict.NORMAL,
)
ROW = st.tuples(
    st.sampled_from([0.0, 0.8, 0.95, 1.1, 2.0, float("nan")]),
    st.sampled_from(VERDICTS),
    st.sampled_from([None, None, "planned work"]),
    st.sampled_from([60.0, 300.0, 5000.0]),
)


@settings(max_examples=60)
@given(
    st.lists(ROW, max_size=60),
    st.sampled_from([0.0, 100.0]),
    st.sampled_from([0.0, 400.0]),
    st.booleans(),
    st.booleans(),
)
def test_passing_over_quiet_rows_tells_what_every_row_tells(
    rows: list[tuple[float, ConditionVerdict, str | None, float]], on: float, off: float, latching: bool, known: bool
) -> None:
    scores, verdicts, planned, between = zip(*rows, strict=True) if rows else ((), (), (), ())
    scored = Scored("m", np.cumsum(between), np.array(scores), tuple(verdicts), None, tuple(planned))
    alarm = AlarmRule(1.0, release=0.5, deadband=0.1)
    rule = LifeCycleRule(alarm, on_delay=on, off_delay=off, is_latching=latching)
    life = AlarmLife()
    expected: list[Transition] = []
    for row in range(len(rows)):
        life, told = life.after(scored.observation(row), rule)
        expected += told
        life = life.acknowledged(float(scored.seconds[row]), "")[0] if known else life
    assert str(list(scored.transitions(rule, is_acknowledged=known))) == str(expected)


@settings(max_examples=60)
@given(st.lists(ROW, max_size=60), st.sampled_from([0.0, 400.0]), st.sampled_from([250.0, 1000.0]))
def test_one_machine_is_told_of_as_the_annunciator_tells_of_it(
    rows: list[tuple[float, ConditionVerdict, str | None, float]], on: float, silence: float
) -> None:
    scores, verdicts, planned, between = zip(*rows, strict=True) if rows else ((), (), (), ())
    scored = Scored("m", np.cumsum(between), np.array(scores), tuple(verdicts), None, tuple(planned))
    rule = LifeCycleRule(AlarmRule(1.0, release=0.0), on_delay=on, off_delay=400.0, silence=silence)
    given = [Row("m", scored.observation(row)) for row in range(len(rows))]
    announced = list(announce("g", given, AnnunciatorRule(rule, silence)))
    expected = [each.transition for each in announced if isinstance(each, AssetTransition)]
    assert str(list(scored.transitions(rule))) == str(expected)


def test_last_row_before_a_daily_outage_counts_as_it_is_raised() -> None:
    seconds = np.concatenate([86_400.0 * day + 3600.0 * np.arange(12.0) for day in range(5)])
    scored = Scored("m", seconds, np.where(np.arange(len(seconds)) % 12 == 11, 9.0, 0.0))
    rule = LifeCycleRule(AlarmRule(1.0, release=0.0), silence=6 * 3600.0)
    told = [each.told for each in scored.transitions(rule, is_acknowledged=True)]
    assert told.count(Told.RAISED) == 4


def test_gaps_unknown_scores_and_planned_work_are_not_watched() -> None:
    seconds = np.array([0.0, 10.0, 20.0, 1000.0, 1010.0, 1020.0])
    scores = np.array([0.1, 0.1, 0.1, np.nan, 0.1, 0.1])
    watched = Scored("m", seconds, scores, planned=(None, "planned work", None, None, None, None)).watched_seconds()
    assert watched.tolist() == [10.0, 0.0, 50.0, 0.0, 10.0, 0.0]


@pytest.mark.parametrize("verdict", [ConditionVerdict.DATA_PATH, ConditionVerdict.OPERATION_CHANGE])
def test_rows_in_which_no_alarm_can_be_raised_are_not_watched(verdict: ConditionVerdict) -> None:
    verdicts = (ConditionVerdict.MACHINE, verdict, ConditionVerdict.NORMAL, verdict)
    scored = Scored("m", 10.0 * np.arange(4.0), np.full(4, 0.1), verdicts)
    assert scored.watched_seconds().tolist() == [10.0, 0.0, 10.0, 0.0]
    assert scored.last_known == 20.0


def test_latched_alarm_is_the_same_however_late_it_stands_again() -> None:
    scored = Scored("m", np.array([0.0, 60.0, 2e6]), np.array([2.0, 0.0, 2.0]))
    for latching, last in ((True, Told.AGAIN), (False, Told.RAISED)):
        rule = LifeCycleRule(AlarmRule(1.0), on_delay=0.0, off_delay=0.0, is_latching=latching)
        assert [each.told for each in scored.transitions(rule)] == [Told.RAISED, Told.RETURNED, last]


def test_single_row_watches_nothing() -> None:
    assert Scored("m", np.zeros(1), np.zeros(1)).watched_seconds().tolist() == [0.0]
