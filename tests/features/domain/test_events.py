from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.events import Event, EventKind, LifeEpoch, life_epochs
from features.domain.identifiers import AssetId, TenantId

MINE, PUMP = TenantId("mine"), AssetId("p-01")
T0 = datetime(2026, 1, 1, tzinfo=UTC)


def at(day: float) -> datetime:
    return T0 + timedelta(days=day)


def event(kind: EventKind, day: float, mode: str | None = None, component: str | None = None) -> Event:
    return Event(MINE, PUMP, at(day), kind, mode, component)


def cut(*events: Event) -> list[LifeEpoch]:
    return life_epochs(MINE, PUMP, T0, list(events), "pump")


def ends(lives: list[LifeEpoch]) -> list[tuple[datetime | None, EventKind | None]]:
    return [(life.ended_at, life.end) for life in lives]


def test_asset_without_events_has_one_open_life() -> None:
    assert cut() == [LifeEpoch(MINE, PUMP, 0, T0, None, None)]


def test_failure_ends_a_life_with_its_mode_and_begins_the_next() -> None:
    first, second = cut(event(EventKind.FAILURE, 5, "seal_leak"))
    assert (first.ended_at, first.end, first.failure_mode, first.is_failure) == (
        at(5),
        EventKind.FAILURE,
        "seal_leak",
        True,
    )
    assert (second.number, second.started_at, second.ended_at, second.is_failure) == (1, at(5), None, False)


def test_preventive_replacement_is_censoring() -> None:
    first, second = cut(event(EventKind.PREVENTIVE_REPLACEMENT, 5))
    assert first.end is EventKind.PREVENTIVE_REPLACEMENT
    assert not first.is_failure
    assert second.ended_at is None


def test_replaced_part_ends_a_life_only_if_it_is_the_modelled_one() -> None:
    assert len(cut(event(EventKind.PART_REPLACED, 5, component="pump"))) == 2
    assert len(cut(event(EventKind.PART_REPLACED, 5, component="coupling"))) == 1
    assert len(cut(event(EventKind.PART_REPLACED, 5))) == 1


@pytest.mark.parametrize(
    "kind",
    [
        EventKind.REPAIR,
        EventKind.SENSOR_REPLACED,
        EventKind.RECIPE_CHANGED,
        EventKind.PLANNED_STOP,
        EventKind.INSPECTION,
    ],
)
def test_other_events_end_nothing(kind: EventKind) -> None:
    assert ends(cut(event(kind, 5, component="pump"))) == [(None, None)]


def test_end_of_observation_closes_the_last_life() -> None:
    lives = cut(event(EventKind.FAILURE, 5), event(EventKind.END_OF_OBSERVATION, 9))
    assert ends(lives) == [(at(5), EventKind.FAILURE), (at(9), EventKind.END_OF_OBSERVATION)]


def test_observation_may_begin_again() -> None:
    lives = cut(event(EventKind.END_OF_OBSERVATION, 3), event(EventKind.FAILURE, 9))
    assert ends(lives) == [(at(3), EventKind.END_OF_OBSERVATION), (at(9), EventKind.FAILURE), (None, None)]


def test_events_before_or_at_the_first_moment_end_nothing() -> None:
    assert ends(cut(event(EventKind.FAILURE, -1), event(EventKind.FAILURE, 0))) == [(None, None)]


def test_failure_at_the_end_of_observation_is_a_failure_and_nothing_follows() -> None:
    both = [event(EventKind.END_OF_OBSERVATION, 5), event(EventKind.FAILURE, 5, "bearing_wear")]
    for order in permutations(both):
        assert ends(cut(*order)) == [(at(5), EventKind.FAILURE)]


def test_failure_counts_before_the_replacement_that_mends_it() -> None:
    both = [event(EventKind.PART_REPLACED, 5, component="pump"), event(EventKind.FAILURE, 5, "seal_leak")]
    for order in permutations(both):
        first, second = cut(*order)
        assert (first.end, first.failure_mode, second.ended_at) == (EventKind.FAILURE, "seal_leak", None)


def test_of_two_reports_of_a_failure_the_one_that_names_its_mode_counts() -> None:
    both = [event(EventKind.FAILURE, 5), event(EventKind.FAILURE, 5, "seal_leak")]
    assert {cut(*order)[0].failure_mode for order in permutations(both)} == {"seal_leak"}


EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from(list(EventKind)),
        st.integers(-2, 6),
        st.sampled_from([None, "a", "b"]),
        st.sampled_from([None, "pump", "motor"]),
    ),
    max_size=8,
)


@given(EVENTS, st.randoms())
def test_lives_adjoin_and_do_not_depend_on_the_order_of_events(events: list[Event], shuffler: Random) -> None:
    lives = cut(*events)
    shuffled = events.copy()
    shuffler.shuffle(shuffled)
    assert cut(*shuffled) == lives
    assert [life.number for life in lives] == list(range(len(lives)))
    assert lives[0].started_at == T0
    assert all(life.ended_at is not None for life in lives[:-1])
    assert all(one.ended_at == other.started_at for one, other in pairwise(lives))
    assert all(life.ended_at is None or life.ended_at > life.started_at for life in lives)
    failed = {each.at for each in events if each.kind is EventKind.FAILURE and each.at > T0}
    assert {life.ended_at for life in lives if life.is_failure} == failed
