import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.domain.conditions import AssetCondition, ConditionVerdict
from features.domain.identifiers import AssetId, TenantId
from features.quality.verdicts import Namur
from models.condition.health import ComponentParts, PartKind, health_of
from models.condition.health_components import ComponentHealth, MachineHealth, machine_health
from models.condition.health_parts import condition_part, machine_parts

T0 = datetime(2026, 3, 1, tzinfo=UTC)
SENSORS = ("heat", "shake", "leak", "current", "winding")
GRAIN = 1.0 / 1024

Strays = dict[str, float]
Listed = dict[str, tuple[str, ...]]
STRAYS = st.fixed_dictionaries(dict.fromkeys(SENSORS, st.just(0.0) | st.floats(0.0, 6.0)))
PARTS = st.sampled_from(["bearing", "coupling", "seal", "motor"])
LISTED = st.dictionaries(PARTS, st.lists(st.sampled_from(SENSORS), min_size=1, unique=True).map(tuple), max_size=4)
STATES = st.fixed_dictionaries(dict.fromkeys(SENSORS, st.sampled_from(Namur)))
THRESHOLDS = st.sampled_from([1.0, 1.5, 4.0])
FINE = dict.fromkeys(SENSORS, Namur.NORMAL)
PUMP: Listed = {
    "bearing": ("heat", "shake"),
    "coupling": ("shake",),
    "seal": ("leak",),
    "motor": ("current", "winding"),
}


def condition(
    strays: Strays, threshold: float = 1.0, verdict: ConditionVerdict = ConditionVerdict.MACHINE
) -> AssetCondition:
    """What is said of independent sensors that stray so far; all together by the root of the sum of their squares."""
    score = math.sqrt(math.fsum(far**2 for far in strays.values()))
    even = 1.0 / len(strays)
    shares = tuple((name, far**2 / score**2 if score**2 else even) for name, far in strays.items())
    return AssetCondition(TenantId("t"), AssetId("a"), verdict, T0, T0, score, threshold, shares, (), 10, "m")


def machine(
    said: AssetCondition | None, listed: Listed, states: dict[str, Namur] | None = None, risk: float = 0.0
) -> MachineHealth:
    points = FINE if states is None else states
    parts = machine_parts(said, risk, points, 30.0, usual_age=60.0, longest_age=600.0)
    return machine_health("pump", parts, said, points, listed)


def component(health: MachineHealth, name: str) -> ComponentHealth:
    return next(each for each in health.components if each.id == name)


@settings(max_examples=25)
@given(STRAYS, LISTED, STATES, THRESHOLDS, st.floats(0.0, 1.0))
def test_contributions_add_up_exactly_and_no_division_of_the_machine_changes_its_index(
    strays: Strays, listed: Listed, states: dict[str, Namur], threshold: float, risk: float
) -> None:
    said = condition(strays, threshold)
    whole = machine(said, listed, states, risk).whole
    assert math.fsum(each.points for each in whole.contributions) == 100.0 - whole.at_most
    assert replace(whole, contributions=()) == replace(machine(said, {}, states, risk).whole, contributions=())


@settings(max_examples=25)
@given(STRAYS, STATES, st.floats(0.0, 1.0))
def test_a_machine_that_is_not_divided_has_the_index_of_its_parts(
    strays: Strays, states: dict[str, Namur], risk: float
) -> None:
    said = condition(strays)
    parts = machine_parts(said, risk, states, 30.0, usual_age=60.0, longest_age=600.0)
    assert machine(said, {}, states, risk) == MachineHealth(health_of(ComponentParts("pump", parts)), ())


@settings(max_examples=25)
@given(STRAYS, LISTED, STATES)
def test_order_never_matters(strays: Strays, listed: Listed, states: dict[str, Namur]) -> None:
    turned = {name: signals[::-1] for name, signals in reversed(listed.items())}
    assert machine(condition(strays), turned, states) == machine(condition(strays), listed, states)


@settings(max_examples=50)
@given(STRAYS, LISTED, THRESHOLDS, st.sampled_from(SENSORS), st.floats(0.0, 6.0))
def test_whatever_strays_farther_no_index_rises(
    strays: Strays, listed: Listed, threshold: float, signal: str, by: float
) -> None:
    before = machine(condition(strays, threshold), listed)
    after = machine(condition(strays | {signal: strays[signal] + by}, threshold), listed)
    assert after.whole.at_most <= before.whole.at_most
    for name in listed:
        one, other = component(before, name), component(after, name)
        assert one.at_least is not None
        assert other.at_least is not None
        assert other.at_least <= one.at_least + 2 * GRAIN
        assert other.at_most <= one.at_most + 2 * GRAIN


@settings(max_examples=50)
@given(STRAYS, LISTED, THRESHOLDS)
def test_a_range_names_another_component_that_it_may_be(strays: Strays, listed: Listed, threshold: float) -> None:
    for each in machine(condition(strays, threshold), listed).components:
        assert each.at_least is None or each.at_least == each.at_most or each.shared_with


def test_what_is_small_beside_all_that_strays_may_still_be_another_s() -> None:
    strays = dict.fromkeys(SENSORS, 0.0) | {"leak": 20.0, "shake": 4.0}
    coupling = component(machine(condition(strays), PUMP), "coupling")
    assert (coupling.index, coupling.at_least, coupling.at_most) == (None, 15.0, 100.0)
    assert coupling.shared_with == ("bearing",)


@settings(max_examples=25)
@given(STRAYS, LISTED, STATES, st.sampled_from(SENSORS))
def test_an_instrument_that_fails_raises_no_index(
    strays: Strays, listed: Listed, states: dict[str, Namur], signal: str
) -> None:
    before = machine(condition(strays), listed, states)
    after = machine(condition(strays), listed, states | {signal: Namur.FAILURE})
    assert after.whole.at_most <= before.whole.at_most
    assert all(component(after, name).at_most <= component(before, name).at_most for name in listed)


@settings(max_examples=25)
@given(STRAYS, LISTED, PARTS, st.lists(st.sampled_from(SENSORS), min_size=1, unique=True).map(tuple))
def test_a_further_component_clears_none_of_the_others_and_accuses_none(
    strays: Strays, listed: Listed, name: str, signals: tuple[str, ...]
) -> None:
    others = {each: what for each, what in listed.items() if each != name}
    before, after = (machine(condition(strays), each) for each in (others, others | {name: signals}))
    for each in others:
        one, other = component(before, each), component(after, each)
        assert other.at_least == one.at_least
        assert other.at_most >= one.at_most


@settings(max_examples=25)
@given(STRAYS, LISTED, STATES)
def test_worst_components_come_first_and_no_range_is_turned(
    strays: Strays, listed: Listed, states: dict[str, Namur]
) -> None:
    found = machine(condition(strays), listed, states).components
    least = [each.at_least for each in found if each.at_least is not None]
    assert len(least) == len(listed)
    assert least == sorted(least)
    assert all(each.at_least is None or each.at_least <= each.at_most for each in found)
    assert all((each.index is None) is (each.at_least != each.at_most) for each in found)


def test_a_component_that_shows_all_that_strays_loses_what_the_machine_does() -> None:
    said = condition(dict.fromkeys(SENSORS, 0.0) | {"leak": 2.0})
    health = machine(said, PUMP)
    lost = condition_part(said).lost
    seal, *others = health.components
    assert (seal.id, seal.index) == ("seal", 100.0 - (0.7 * lost + 0.3 * lost / 2))
    assert (seal.state, seal.shared_with) == (Namur.MAINTENANCE_REQUIRED, ())
    assert [each.index for each in others] == [100.0] * 3
    assert {each.state for each in others} == {Namur.NORMAL}
    assert [(each.component, each.signal) for each in health.whole.contributions] == [("seal", "leak")]


def test_what_several_components_show_is_a_range_for_each_and_the_machine_s_in_the_sum() -> None:
    health = machine(condition(dict.fromkeys(SENSORS, 0.0) | {"shake": 2.0}), PUMP)
    assert {each.component for each in health.whole.contributions} == {"pump"}
    for name, other in (("bearing", "coupling"), ("coupling", "bearing")):
        found = component(health, name)
        assert (found.index, found.at_least, found.at_most) == (None, 36.25, 100.0)
        assert (found.state, found.shared_with) == (None, (other,))
    assert component(health, "seal").index == 100.0


def test_a_condition_that_moved_is_its_component_s_while_sensors_say_nothing_and_may_be_after() -> None:
    moved = (("condition_moved:suction", -4.0), ("condition_moved:speed", 0.5))
    listed = PUMP | {"strainer": ("suction", "current")}
    within, beyond = (
        machine(
            replace(condition(dict.fromkeys(SENSORS, 0.1) | {"shake": far}), evidence=moved),
            listed,
            FINE | {"suction": Namur.NORMAL},
        )
        for far in (0.2, 2.0)
    )
    first = within.components[0]
    assert (first.id, first.index, first.state) == ("strainer", 57.5, Namur.MAINTENANCE_REQUIRED)
    assert [(each.component, each.signal) for each in within.whole.contributions] == [("strainer", "suction")]
    later = component(beyond, "strainer")
    assert (later.index, later.at_least, later.at_most, later.state) == (None, 57.5, 100.0, None)
    assert {each.id for each in beyond.components[:2]} == {"bearing", "coupling"}


def test_a_deviation_spread_over_components_is_lost_in_none() -> None:
    spread = condition({"heat": 0.0, "shake": 0.0, "leak": 0.8, "current": 0.8, "winding": 0.0})
    assert spread.score == pytest.approx(1.131, abs=0.001)
    health = machine(spread, PUMP)
    assert health.whole.state is Namur.MAINTENANCE_REQUIRED
    for name in ("seal", "motor"):
        assert component(health, name).index == pytest.approx(100.0 - 0.85 * 50.0 * 0.8**2, abs=0.001)


def test_a_machine_as_usual_has_components_as_usual() -> None:
    health = machine(condition(dict.fromkeys(SENSORS, 0.4), verdict=ConditionVerdict.NORMAL), PUMP)
    assert [(each.index, each.state) for each in health.components] == [(100.0, Namur.NORMAL)] * 4
    assert health.whole.index == 100.0


def test_a_component_of_which_nothing_was_judged_is_unknown_and_so_is_the_machine() -> None:
    said = condition({"heat": 0.1, "shake": 0.1, "leak": 0.1}, verdict=ConditionVerdict.NORMAL)
    health = machine(said, PUMP)
    motor = health.components[0]
    assert (motor.id, motor.index, motor.at_least, motor.at_most) == ("motor", None, None, 100.0)
    assert (motor.state, motor.unknown) == (None, (PartKind.CONDITION,))
    assert (health.whole.index, health.whole.at_most, health.whole.state) == (None, 100.0, None)
    assert health.whole.unknown == (("motor", PartKind.CONDITION),)


@pytest.mark.parametrize(
    "said", [None, condition(dict.fromkeys(SENSORS, 2.0), verdict=ConditionVerdict.INSTRUMENT)], ids=["old", "blamed"]
)
def test_where_the_condition_of_the_machine_is_unknown_that_of_its_components_is(said: AssetCondition | None) -> None:
    health = machine(said, PUMP, FINE | {"leak": Namur.FAILURE})
    assert health.whole.unknown == (("pump", PartKind.CONDITION),)
    assert {each.unknown for each in health.components} == {(PartKind.CONDITION,)}
    assert (health.components[0].id, health.components[0].at_most) == ("seal", 15.0)
    assert health.components[0].state is Namur.CHECK_FUNCTION


def test_instruments_that_nobody_judged_leave_components_unknown() -> None:
    said = condition(dict.fromkeys(SENSORS, 0.1))
    parts = machine_parts(said, 0.0, dict.fromkeys(SENSORS), 30.0, usual_age=60.0, longest_age=600.0)
    found = machine_health("pump", parts, said, dict.fromkeys(SENSORS), PUMP).components
    assert {each.unknown for each in found} == {(PartKind.MEASUREMENT,)}
