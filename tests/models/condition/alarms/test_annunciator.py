import math
import pickle
import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.domain.alarms import NoticeKind, Told
from features.domain.conditions import ConditionVerdict
from models.condition.alarms.alarm import AlarmRule
from models.condition.alarms.annunciator import (
    Acknowledgement,
    Announced,
    Annunciator,
    AnnunciatorRule,
    AssetTransition,
    Input,
    Moment,
    PathNotice,
    PlannedWork,
    Renewal,
    Row,
    announce,
    in_order,
)
from models.condition.alarms.lifecycle import LifeCycleRule, Observation

RULE = AnnunciatorRule(LifeCycleRule(AlarmRule(1.0, release=0.0), on_delay=120.0, off_delay=600.0), silence=300.0)
MACHINES = ("m0", "m1", "m2")


def rows(
    asset: str, start: int, end: int, score: float = 0.5, verdict: ConditionVerdict = ConditionVerdict.MACHINE
) -> list[Row]:
    """A row a minute from one minute to another (outside)."""
    return [Row(asset, Observation(60.0 * minute, score, verdict)) for minute in range(start, end)]


def fleet(start: int, end: int, score: float = 0.5, but: Sequence[str] = ()) -> list[Row]:
    return [row for asset in MACHINES if asset not in but for row in rows(asset, start, end, score)]


def told(given: Sequence[Input]) -> list[Announced]:
    return list(announce("g", in_order(given), RULE))


def notices(found: Sequence[Announced]) -> list[tuple[float, str, str, str | None]]:
    return [
        (each.seconds, each.kind.value, each.told.value, each.asset) for each in found if isinstance(each, PathNotice)
    ]


def alarms(found: Sequence[Announced]) -> list[tuple[str, float, str]]:
    return [
        (each.asset, each.seconds, each.transition.told.value) for each in found if isinstance(each, AssetTransition)
    ]


def test_gateway_that_falls_silent_is_one_notice_and_one_when_it_is_back() -> None:
    found = told([*fleet(0, 10), *fleet(60, 70)])
    assert notices(found) == [(840.0, "gateway_silent", "raised", None), (3600.0, "gateway_silent", "returned", None)]
    assert alarms(found) == []


def test_machine_that_falls_silent_alone_is_a_notice_of_its_own() -> None:
    found = told([*fleet(0, 60, but=["m1"]), *rows("m1", 0, 10), *rows("m1", 50, 60)])
    assert notices(found) == [
        (840.0, "machine_silent", "raised", "m1"),
        (3000.0, "machine_silent", "returned", "m1"),
    ]


def test_alarm_that_stands_when_the_gateway_goes_stays_and_the_notice_names_its_machine() -> None:
    given = [*fleet(0, 10, but=["m1"]), *rows("m1", 0, 10, 5.0), *fleet(60, 90, but=["m1"]), *rows("m1", 60, 90, 5.0)]
    found = told(given)
    assert alarms(found) == [("m1", 120.0, "raised")]
    assert [each.standing for each in found if isinstance(each, PathNotice)] == [("m1",), ()]


def test_deviation_that_waits_for_its_on_delay_is_raised_when_the_gateway_goes() -> None:
    found = told([*fleet(0, 10, but=["m1"]), *rows("m1", 0, 9), *rows("m1", 9, 10, 5.0), Moment(9e4)])
    assert alarms(found) == [("m1", 840.0, "raised")]
    assert notices(found) == [(840.0, "gateway_silent", "raised", None)]


def test_standing_alarm_must_be_seen_normal_anew_after_an_outage() -> None:
    seen = [*rows("m0", 0, 10, 5.0), *rows("m0", 10, 12), *rows("m0", 60, 72)]
    assert alarms(told(seen)) == [("m0", 120.0, "raised"), ("m0", 3600.0 + 600.0, "returned")]


def test_verdicts_on_the_data_path_are_one_notice_for_all_machines_and_no_alarm() -> None:
    path = [row for asset in MACHINES for row in rows(asset, 10, 30, 9.0, ConditionVerdict.DATA_PATH)]
    found = told([*fleet(0, 10), *path, *fleet(30, 60)])
    assert notices(found) == [(720.0, "data_path", "raised", None), (2400.0, "data_path", "returned", None)]
    assert alarms(found) == []


def test_planned_work_raises_nothing_and_nothing_is_expected_of_the_machine() -> None:
    work: list[Input] = [PlannedWork(asset, 600.0, 6000.0) for asset in MACHINES]
    deviating = [*fleet(0, 10), *work, *fleet(10, 20, 5.0), *fleet(100, 120)]
    found = told(deviating)
    assert notices(found) == []
    assert [what for _, _, what in alarms(found)] == ["suppressed"] * 3
    assert notices(told([*fleet(0, 60, but=["m1"]), *rows("m1", 0, 10), work[1], *rows("m1", 99, 100)])) == [
        (3840.0, "gateway_silent", "raised", None),
        (5940.0, "gateway_silent", "returned", None),
    ]


def test_short_work_within_long_work_does_not_end_it() -> None:
    work: list[Input] = [PlannedWork("m0", 0.0, 6000.0, "shelved"), PlannedWork("m0", 600.0, 900.0)]
    found = told([*work, *rows("m0", 0, 30, 5.0)])
    assert [(each.transition.told, each.transition.reason) for each in found if isinstance(each, AssetTransition)] == [
        (Told.SUPPRESSED, "shelved")
    ]


def test_work_that_began_after_the_last_row_holds_back_what_waits_when_a_gateway_goes() -> None:
    work: list[Input] = [PlannedWork("m0", 70.0, 90_000.0)]
    given: list[Input] = [Row("m0", Observation(60.0, 5.0)), *rows("m1", 0, 2), *work]
    assert alarms(told([*given, Moment(9e4)])) == [("m0", 360.0, "suppressed")]
    later = [Row("m0", Observation(90_060.0 + 60.0 * n, 5.0)) for n in range(4)]
    assert alarms(told([*given, *later])) == [("m0", 360.0, "suppressed"), ("m0", 90_180.0, "raised")]


def test_row_during_work_before_a_silence_raises_nothing_at_the_first_row_after_it() -> None:
    given: list[Input] = [
        PlannedWork("m0", 0.0, 100.0),
        Row("m0", Observation(60.0, 5.0)),
        Row("m0", Observation(9e4, 5.0)),
    ]
    assert alarms(told([*given, Row("m0", Observation(9e4 + 60.0, 5.0))])) == [("m0", 400.0, "suppressed")]


@pytest.mark.parametrize("work", [(), (PlannedWork("m1", 1300.0, math.inf),)])
def test_notice_of_the_data_path_ends_although_a_machine_that_it_named_is_never_heard_again(
    work: tuple[PlannedWork, ...],
) -> None:
    path = rows("m1", 10, 20, 9.0, ConditionVerdict.DATA_PATH)
    given: list[Input] = [*fleet(0, 10), *path, *work, *fleet(10, 60, but=["m1"])]
    assert [each for each in notices(told(given)) if each[1] == "data_path"] == [
        (720.0, "data_path", "raised", None),
        (2100.0, "data_path", "returned", None),
    ]


def test_silence_after_planned_work_is_told() -> None:
    work: list[Input] = [PlannedWork(asset, 600.0, 6000.0) for asset in MACHINES]
    assert notices(told([*fleet(0, 10), *work, Moment(6301.0)])) == [(6300.0, "gateway_silent", "raised", None)]


def test_acknowledged_alarm_is_gone_when_it_returns() -> None:
    found = told([*rows("m0", 0, 10, 5.0), Acknowledgement("m0", 610.0, "an operator"), *rows("m0", 11, 40)])
    assert [what for _, _, what in alarms(found)] == ["raised", "acknowledged", "returned"]


def test_repair_ends_what_stood_and_what_waited() -> None:
    given: list[Input] = [
        *rows("m0", 0, 10, 5.0),
        *rows("m1", 8, 10, 5.0),
        *(Renewal(m, 541.0, "repair") for m in MACHINES),
    ]
    found = told([*given, *fleet(10, 40)])
    assert alarms(found) == [("m0", 120.0, "raised"), ("m0", 541.0, "returned")]
    assert [each.transition.reason for each in found if isinstance(each, AssetTransition)] == [None, "repair"]


def test_nothing_is_told_before_anything_was_heard() -> None:
    assert told([Moment(9e9)]) == []


INPUT = st.one_of(
    st.builds(
        lambda asset, at, score, verdict: Row(asset, Observation(60.0 * at, score, verdict)),
        st.sampled_from(MACHINES),
        st.integers(0, 60),
        st.sampled_from([0.5, 5.0]),
        st.sampled_from([ConditionVerdict.MACHINE, ConditionVerdict.INSTRUMENT, ConditionVerdict.DATA_PATH]),
    ),
    st.builds(
        lambda asset, at, long: PlannedWork(asset, 60.0 * at, 60.0 * (at + long)),
        st.sampled_from(MACHINES),
        st.integers(0, 60),
        st.integers(1, 20),
    ),
    st.builds(lambda asset, at: Renewal(asset, 60.0 * at, "repair"), st.sampled_from(MACHINES), st.integers(0, 60)),
    st.builds(lambda asset, at: Acknowledgement(asset, 60.0 * at, "x"), st.sampled_from(MACHINES), st.integers(0, 60)),
)


@settings(max_examples=25)
@given(st.lists(INPUT, max_size=50), st.randoms(use_true_random=False))
def test_late_double_and_shuffled_inputs_tell_the_same(given: list[Input], order: random.Random) -> None:
    again = [*given, *given]
    order.shuffle(again)
    assert told(again) == told(given)


@settings(max_examples=25)
@given(st.lists(INPUT, max_size=50), st.lists(st.integers(0, 3700), max_size=20))
def test_it_does_not_matter_how_often_somebody_looks(given: list[Input], looks: list[int]) -> None:
    end = Moment(4000.0)
    assert told([*given, end, *(Moment(float(at)) for at in looks)]) == told([*given, end])


@settings(max_examples=25)
@given(st.lists(INPUT, max_size=50), st.integers(0, 50))
def test_state_that_is_kept_and_taken_up_again_tells_what_is_left(given: list[Input], cut: int) -> None:
    ordered, state, before = in_order(given), Annunciator("g"), list[Announced]()
    for each in ordered[:cut]:
        state, new = state.after(each, RULE)
        before += new
    kept = pickle.dumps(state)
    for each in ordered[cut:]:  # what another makes of the state meanwhile does not matter
        state, _ = state.after(each, RULE)
    taken, found = pickle.loads(kept), before
    for each in ordered[cut:]:
        taken, new = taken.after(each, RULE)
        found += new
    assert (found, taken) == (told(given), state)


@settings(max_examples=25)
@given(st.lists(INPUT, max_size=50))
def test_a_silence_is_over_before_the_next_of_its_kind_begins(given: list[Input]) -> None:
    found = [each for each in told(given) if isinstance(each, PathNotice)]
    for kind in NoticeKind:
        for asset in (None, *MACHINES):
            own = [each.told for each in found if (each.kind, each.asset) == (kind, asset)]
            assert all(one is not other for one, other in pairwise(own))
            assert own[:1] in ([], [Told.RAISED])
