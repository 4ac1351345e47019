import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.conditions import ConditionVerdict
from features.domain.errors import InvalidValue
from models.condition.alarms.alarm import AlarmRule
from models.condition.alarms.annunciator import (
    Acknowledgement,
    Annunciator,
    AnnunciatorRule,
    Input,
    Moment,
    PlannedWork,
    Renewal,
    Row,
    in_order,
)
from models.condition.alarms.lifecycle import LifeCycleRule, Observation
from models.condition.alarms.written import read, written

RULE = AnnunciatorRule(
    LifeCycleRule(AlarmRule(2.0, release=0.0, deadband=0.1), on_delay=600.0, off_delay=900.0), 2000.0
)
ASSETS = st.sampled_from(["a", "b"])
SECONDS = st.floats(0.0, 20_000.0)
SEEN = st.builds(
    Observation,
    SECONDS,
    st.sampled_from([0.1, 1.9, 2.5, 7.0, math.nan]),
    st.sampled_from(list(ConditionVerdict)),
    st.sampled_from([None, "flow"]),
)
INPUTS = st.one_of(
    st.builds(Row, ASSETS, SEEN),
    st.builds(Row, ASSETS, SEEN),
    st.builds(PlannedWork, ASSETS, SECONDS, st.sampled_from([5_000.0, math.inf])),
    st.builds(Acknowledgement, ASSETS, SECONDS, st.just("Li")),
    st.builds(Renewal, ASSETS, SECONDS, st.just("repair")),
    st.builds(Moment, SECONDS),
)


@given(st.lists(INPUTS, max_size=25))
def test_a_watch_that_is_written_and_read_after_every_step_tells_the_same(given_: list[Input]) -> None:
    plain = kept = Annunciator("g")
    for each in in_order(given_):
        plain, told = plain.after(each, RULE)
        kept, same = kept.after(each, RULE)
        assert repr(told) == repr(same)
        kept = read("g", json.loads(json.dumps(written(kept), allow_nan=False)))
    assert written(kept) == written(plain)


@pytest.mark.parametrize(
    "broken", [{}, {"form": 2}, {"form": 1}, written(Annunciator("g")) | {"lives": {"a": {"stage": "lost"}}}]
)
def test_what_this_program_did_not_write_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(InvalidValue, match="gateway g must be written in form 1"):
        read("g", broken)
