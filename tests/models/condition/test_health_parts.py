import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.conditions import AssetCondition, ConditionVerdict
from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId, TenantId
from features.quality.verdicts import Namur
from models.condition.health import ComponentParts, Part, PartKind, health_of
from models.condition.health_parts import (
    component_part,
    condition_part,
    data_part,
    forecast_part,
    machine_parts,
    measurement_part,
)

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def condition(
    score: float | None, threshold: float | None = 2.0, verdict: ConditionVerdict = ConditionVerdict.MACHINE
) -> AssetCondition:
    shares = (("shake", 0.75), ("heat", 0.25))
    return AssetCondition(TenantId("t"), AssetId("a"), verdict, T0, T0, score, threshold, shares, (), 10, "m")


@pytest.mark.parametrize(
    ("score", "lost", "state"),
    [
        (0.4, 0.0, Namur.NORMAL),
        (1.5, 25.0, Namur.NORMAL),
        (2.0, 50.0, Namur.NORMAL),
        (4.0, 75.0, Namur.MAINTENANCE_REQUIRED),
        (9.0, 100.0, Namur.MAINTENANCE_REQUIRED),
    ],
)
def test_half_of_all_points_are_lost_at_the_alarm_threshold(score: float, lost: float, state: Namur) -> None:
    part = condition_part(condition(score, verdict=ConditionVerdict.NORMAL))
    assert (part.lost, part.state) == (lost, state)


def test_a_fault_that_conditions_alone_tell_of_costs_half_of_all_points() -> None:
    """Sensors are within their limit, and the suction pressure fell as only a clogged strainer makes it fall."""
    moved = (("probability_machine", 0.9), ("condition_moved:speed", 3.0), ("condition_moved:suction", -4.0))
    said = replace(condition(0.4), evidence=moved)
    part = condition_part(said)
    assert (part.lost, part.state) == (50.0, Namur.MAINTENANCE_REQUIRED)
    assert part.shares == (("suction", 0.64), ("speed", 0.36))
    strainer, bearing = component_part(said, ["suction", "shake"]), component_part(said, ["shake"])
    assert (strainer.lost, strainer.state) == (50.0, Namur.MAINTENANCE_REQUIRED)
    assert (bearing.lost, bearing.state) == (0.0, Namur.NORMAL)
    normal = replace(said, verdict=ConditionVerdict.NORMAL)
    assert component_part(normal, ["suction", "shake"]).lost == condition_part(normal).lost == 0.0
    beyond = replace(said, score=4.0)
    assert condition_part(beyond).shares == beyond.shares
    assert component_part(beyond, ["suction"]).lost == 50.0


def test_points_of_a_deviation_go_to_signals_by_their_shares() -> None:
    health = health_of(ComponentParts("pump", (condition_part(condition(4.0)),)))
    assert [(each.signal, each.points) for each in health.contributions] == [("shake", 56.25), ("heat", 18.75)]
    assert (health.index, health.state) == (25.0, Namur.MAINTENANCE_REQUIRED)


@pytest.mark.parametrize(
    "part",
    [
        condition_part(None),
        condition_part(condition(None)),
        condition_part(condition(5.0, threshold=None)),
        condition_part(condition(5.0, verdict=ConditionVerdict.INSTRUMENT)),
        condition_part(condition(5.0, verdict=ConditionVerdict.UNDETERMINED)),
        forecast_part(None),
        measurement_part({}),
        measurement_part({"heat": Namur.NORMAL, "shake": None}),
        data_part(None, 60.0, 600.0),
    ],
)
def test_what_cannot_be_told_leaves_the_index_unknown(part: Part) -> None:
    health = health_of(ComponentParts("pump", (part, forecast_part(0.3))))
    assert (health.index, health.at_most, health.state) == (None, 100 - (0.7 * 30 + 0.3 * 15), None)


def test_a_failed_instrument_is_to_be_checked_and_no_failure_of_the_machine() -> None:
    part = measurement_part({"heat": Namur.FAILURE, "shake": Namur.NORMAL})
    assert part.lost == pytest.approx(0.7 * 100 + 0.3 * 50)
    assert part.state is Namur.CHECK_FUNCTION
    assert dict(part.shares)["heat"] == 1.0


@given(
    st.lists(st.none() | st.sampled_from(Namur), min_size=1, max_size=4), st.lists(st.sampled_from(Namur), min_size=4)
)
def test_an_instrument_that_nobody_has_judged_leaves_at_most_what_it_may_turn_out_to_leave(
    told: list[Namur | None], later: list[Namur]
) -> None:
    names = [f"s{place}" for place in range(len(told))]
    judged = [state or other for state, other in zip(told, later, strict=False)]
    before, after = (
        health_of(ComponentParts("pump", (measurement_part(dict(zip(names, states, strict=True))),)))
        for states in (told, judged)
    )
    assert after.index is not None
    assert before.at_most >= after.index


@pytest.mark.parametrize(
    ("age", "usual", "longest", "match"),
    [
        (5.0, 60.0, 60.0, "longest above the usual; found"),
        (5.0, 60.0, math.nan, "longest above the usual; found"),
        (math.nan, 60.0, 600.0, "age must be seconds; found nan"),
    ],
)
def test_ages_that_say_nothing_are_refused(age: float, usual: float, longest: float, match: str) -> None:
    with pytest.raises(InvalidValue, match=match):
        data_part(age, usual, longest)
    with pytest.raises(InvalidValue, match=match):
        machine_parts(None, None, {}, age, usual, longest)


@pytest.mark.parametrize("failure", [math.nan, -0.1, 1.1])
def test_a_risk_that_is_no_probability_is_refused(failure: float) -> None:
    with pytest.raises(InvalidValue, match="failure must be 0 to 1; found"):
        forecast_part(failure)


def test_a_threshold_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidValue, match=r"threshold must be above 0; found 0\.0"):
        condition_part(condition(1.0, threshold=0.0))


def test_data_cost_nothing_while_fresh_and_everything_once_they_say_nothing_of_the_present() -> None:
    lost = [data_part(age, 60.0, 660.0).lost for age in (0.0, 60.0, 360.0, 660.0, 1e9)]
    assert lost == [0.0, 0.0, 50.0, 100.0, 100.0]
    assert data_part(660.0, 60.0, 660.0).state is Namur.CHECK_FUNCTION


def test_squares_of_the_scores_of_some_signals_and_of_the_others_add_up_to_that_of_all() -> None:
    """At 4.0, twice the threshold, three quarters of the square are a score of 2√3, and a quarter one of 2."""
    found = [component_part(condition(4.0), [signal]) for signal in ("shake", "heat")]
    assert [part.lost for part in found] == [pytest.approx(50.0 * (1.0 + (math.sqrt(3.0) - 1.0) / 2.0)), 50.0]
    assert [part.state for part in found] == [Namur.MAINTENANCE_REQUIRED, Namur.NORMAL]
    just_over = [component_part(condition(2.01), [signal]).state for signal in ("shake", "heat")]
    assert just_over == [Namur.MAINTENANCE_REQUIRED, Namur.NORMAL]
    assert component_part(condition(4.0), ["shake", "heat"]).lost == condition_part(condition(4.0)).lost


@pytest.mark.parametrize("part", [component_part(condition(4.0), ["leak"]), component_part(None, ["heat"])])
def test_nothing_is_known_of_signals_that_nobody_judged(part: Part) -> None:
    assert not part.is_known


def test_once_data_are_too_old_nothing_is_known_of_the_machine() -> None:
    def machine(age: float | None) -> tuple[Part, ...]:
        as_usual = condition(0.5, verdict=ConditionVerdict.NORMAL)
        return machine_parts(as_usual, 0.1, {"heat": Namur.NORMAL}, age, usual_age=60.0, longest_age=600.0)

    assert health_of(ComponentParts("pump", machine(30.0))).index == pytest.approx(
        100 - (0.7 * 10 + 0.3 * 2.5), abs=1e-3
    )
    for age in (600.0, None):
        health = health_of(ComponentParts("pump", machine(age)))
        assert health.index is None
        assert {("pump", PartKind.CONDITION), ("pump", PartKind.FORECAST)} <= set(health.unknown)
