import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.domain.conditions import ConditionVerdict
from models.condition.alarm import AlarmRule
from models.condition.lifecycle import AlarmLife, LifeCycleRule, Transition
from models.condition.scored import Scored

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
@given(st.lists(ROW, max_size=60), st.sampled_from([0.0, 100.0]), st.sampled_from([0.0, 400.0]), st.booleans())
def test_passing_over_quiet_rows_tells_what_every_row_tells(
    rows: list[tuple[float, ConditionVerdict, str | None, float]], on: float, off: float, latching: bool
) -> None:
    scores, verdicts, planned, between = zip(*rows, strict=True) if rows else ((), (), (), ())
    scored = Scored("m", np.cumsum(between), np.array(scores), tuple(verdicts), None, tuple(planned))
    rule = LifeCycleRule(AlarmRule(1.0, release=0.5, deadband=0.1), on, off, latching)
    life = AlarmLife()
    expected: list[Transition] = []
    for row in range(len(rows)):
        life, told = life.after(scored.observation(row), rule)
        expected += told
    assert str(list(scored.transitions(rule))) == str(expected)


def test_gaps_unknown_scores_and_planned_work_are_not_watched() -> None:
    seconds = np.array([0.0, 10.0, 20.0, 1000.0, 1010.0, 1020.0])
    scores = np.array([0.1, 0.1, 0.1, np.nan, 0.1, 0.1])
    watched = Scored("m", seconds, scores, planned=(None, "planned work", None, None, None, None)).watched_seconds()
    assert watched.tolist() == [10.0, 0.0, 50.0, 0.0, 10.0, 0.0]


def test_single_row_watches_nothing() -> None:
    assert Scored("m", np.zeros(1), np.zeros(1)).watched_seconds().tolist() == [0.0]
