from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.quality.verdicts import Namur
from models.condition.health import (
    ComponentParts,
    Health,
    Part,
    PartKind,
    health_of,
)
from models.condition.health_parts import forecast_part

POINTS = st.floats(0.0, 100.0)
SIGNALS = st.sampled_from(["heat", "shake", "seal"])


@st.composite
def parts(draw: st.DrawFn) -> Part:
    signals = draw(st.lists(SIGNALS, max_size=3, unique=True))
    shares = tuple((signal, 1.0 / len(signals)) for signal in signals)
    state = draw(st.sampled_from(Namur))
    return Part(draw(st.sampled_from(PartKind)), draw(POINTS), draw(st.booleans()), state, shares)


def trees(depth: int = 2) -> st.SearchStrategy[ComponentParts]:
    below = st.lists(trees(depth - 1), max_size=2).map(tuple) if depth else st.just(())
    names, weights = st.sampled_from(["pump", "motor", "bearing"]), st.floats(0.1, 5.0)
    return st.builds(ComponentParts, names, st.lists(parts(), min_size=1, max_size=2).map(tuple), below, weights)


def turned(tree: ComponentParts) -> ComponentParts:
    return replace(tree, parts=tree.parts[::-1], components=tuple(turned(each) for each in tree.components[::-1]))


def worsened(tree: ComponentParts, by: float, place: int) -> ComponentParts:
    """The tree with one part of it worse, wherever it is."""
    if place < len(tree.parts):
        worse = replace(tree.parts[place], lost=min(tree.parts[place].lost + by, 100.0))
        return replace(tree, parts=(*tree.parts[:place], worse, *tree.parts[place + 1 :]))
    if not tree.components:
        return worsened(tree, by, 0)
    first, *others = tree.components
    return replace(tree, components=(worsened(first, by, place - len(tree.parts)), *others))


@settings(max_examples=25)
@given(trees())
def test_contributions_add_up_to_what_is_missing_exactly_and_the_index_is_bounded(tree: ComponentParts) -> None:
    health = health_of(tree)
    total = 0.0
    for each in health.contributions:
        total += each.points
    assert total == 100.0 - health.at_most
    assert 0.0 <= health.at_most <= 100.0
    assert health.index in (None, health.at_most)
    assert all(each.points > 0 for each in health.contributions)


@settings(max_examples=25)
@given(trees())
def test_order_never_matters(tree: ComponentParts) -> None:
    assert health_of(turned(tree)) == health_of(tree)


@settings(max_examples=25)
@given(trees(), POINTS, st.integers(0, 5))
def test_whatever_becomes_worse_the_index_never_rises(tree: ComponentParts, by: float, place: int) -> None:
    assert health_of(worsened(tree, by, place)).at_most <= health_of(tree).at_most


@settings(max_examples=25)
@given(trees())
def test_unknown_is_unknown_and_never_healthy(tree: ComponentParts) -> None:
    blind = replace(tree, parts=(replace(tree.parts[0], is_known=False), *tree.parts[1:]))
    health = health_of(blind)
    assert health.index is None
    assert health.state is not Namur.NORMAL
    assert (tree.id, tree.parts[0].kind) in health.unknown


def test_one_bad_bearing_is_not_averaged_away_and_two_are_worse() -> None:
    def pump(*lost: float) -> Health:
        bearings = tuple(
            ComponentParts(f"bearing {place}", (Part(PartKind.CONDITION, points, True, Namur.NORMAL),))
            for place, points in enumerate(lost)
        )
        return health_of(ComponentParts("pump", components=bearings))

    assert pump(0.0, 0.0, 0.0, 0.0).index == 100.0
    assert pump(80.0, 0.0, 0.0, 0.0).index == pytest.approx(100 - (0.7 * 80 + 0.3 * 20), abs=0.001)
    assert pump(80.0, 80.0, 0.0, 0.0).index == pytest.approx(100 - (0.7 * 80 + 0.3 * 40), abs=0.001)
    assert pump(100.0, 100.0, 100.0, 100.0).index == 0.0


def test_a_component_of_more_weight_costs_more() -> None:
    sound = ComponentParts("fan", (forecast_part(0.0),))
    bad = ComponentParts("bearing", (forecast_part(0.5),))
    light, heavy = (health_of(ComponentParts("pump", (), (sound, replace(bad, weight=each)))) for each in (1.0, 4.0))
    assert heavy.at_most < light.at_most


def test_a_component_without_evidence_is_unknown_and_so_is_the_asset() -> None:
    empty = ComponentParts("pump")
    assert health_of(empty) == Health(None, 100.0, None, (), (("pump", PartKind.CONDITION),))
    half = ComponentParts("station", (forecast_part(0.0),), (empty,))
    assert health_of(half).index is None
    assert health_of(half).unknown == (("pump", PartKind.CONDITION),)
