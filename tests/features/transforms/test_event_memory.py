from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.domain.events import Event, EventKind
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import from_microseconds
from features.transforms.event_memory import MOST_REMEMBERED, EventMemory, Remembered
from features.transforms.events import LifeEvents, courses_of, row_events, seconds_of
from tests.features.transforms.fleet import RICH

LAYOUT = RICH.layout  # repairs, replaced parts, replaced seals, errors E-104
T0_US = 1_767_225_600_000_000
HOUR_US = 3_600_000_000
KINDS = [
    (EventKind.REPAIR, None, None),
    (EventKind.PART_REPLACED, "seal", None),
    (EventKind.PART_REPLACED, "bearing", None),
    (EventKind.ERROR, None, "E-104"),
    (EventKind.ERROR, None, "E-105"),
]


def event(hour: float, kind: EventKind, component: str | None = None, code: str | None = None) -> Event:
    at = from_microseconds(T0_US + round(hour * HOUR_US))
    return Event(DEFAULT_TENANT, AssetId("a"), at, kind, component=component, code=code)


def assert_tells(memory: EventMemory, taken: list[Event], hours: list[float]) -> None:
    """Compare bit by bit what rows at hours are told with the courses of everything taken."""
    time = np.array([[(T0_US + round(hour * HOUR_US)) / 1e6] for hour in hours])
    found = row_events(LAYOUT, time, [memory.courses()])
    expected = row_events(LAYOUT, time, [courses_of(LAYOUT, LifeEvents.of(taken))])
    np.testing.assert_array_equal(found.newest, expected.newest)
    np.testing.assert_array_equal(found.count, expected.count)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(KINDS)), max_size=30), st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_bits_of_all_events_at_once(
    told: list[tuple[int, tuple[EventKind, str | None, str | None]]], order: Random
) -> None:
    events = [event(hour / 2, *kind) for hour, kind in dict.fromkeys(told)]
    shuffled = events.copy()
    order.shuffle(shuffled)
    memory = EventMemory(LAYOUT)
    asked = [any(rule.takes(each.kind, each.detail) for rule in LAYOUT.events) for each in shuffled]
    expected = [Remembered.NEW if each else Remembered.NOT_ASKED for each in asked]
    assert [memory.take(each) for each in shuffled] == expected
    assert_tells(memory, events, [0.0, 0.5, 7.0, 29.9, 30.0, 100.0])


def test_one_event_told_again_counts_once_and_another_of_that_moment_counts_too() -> None:
    memory = EventMemory(LAYOUT)
    seal = event(1, EventKind.PART_REPLACED, "seal")
    assert memory.take(seal) is Remembered.NEW
    assert memory.take(replace(seal, note="in other words")) is Remembered.AGAIN
    other = replace(seal, failure_mode="leak")
    assert memory.take(other) is Remembered.NEW
    assert memory.take(seal) is Remembered.AGAIN
    assert_tells(memory, [seal, other], [2.0])


@pytest.mark.parametrize("late", [False, True])
def test_of_many_events_the_oldest_are_remembered_as_a_count(late: bool) -> None:
    memory = EventMemory(LAYOUT)
    told = [event(hour / 10, EventKind.ERROR, code="E-104") for hour in range(3 * MOST_REMEMBERED)]
    kept_from = told[-MOST_REMEMBERED]
    if late:
        told[-1], told[-2] = told[-2], told[-1]
    assert {memory.take(each) for each in told} == {Remembered.NEW}
    assert_tells(memory, told, [hour / 10 + 0.05 for hour in range(2 * MOST_REMEMBERED, 3 * MOST_REMEMBERED + 9)])
    assert memory.knows(seconds_of(kept_from))
    assert not memory.knows(seconds_of(told[2 * MOST_REMEMBERED - 1]))


def test_event_before_what_is_only_a_count_is_refused_whole() -> None:
    memory = EventMemory(LAYOUT)
    told = [event(hour, EventKind.PART_REPLACED, "bearing") for hour in range(MOST_REMEMBERED + 2)]
    for each in told:
        memory.take(each)
    seal = event(0.5, EventKind.PART_REPLACED, "seal")
    assert memory.take(seal) is Remembered.FORGOTTEN  # for its kind, though no seal was ever replaced
    assert memory.take(told[1]) is Remembered.FORGOTTEN
    assert memory.take(told[2]) is Remembered.AGAIN
    assert memory.take(event(0.5, EventKind.REPAIR)) is Remembered.NEW
    assert_tells(memory, [*told, event(0.5, EventKind.REPAIR)], [1.5, MOST_REMEMBERED + 2.0])


def test_memory_of_a_pack_without_events_knows_everything() -> None:
    memory = EventMemory(replace(LAYOUT, events=()))
    assert memory.take(event(1, EventKind.REPAIR)) is Remembered.NOT_ASKED
    assert memory.knows(float("-1e18"))
    assert memory.courses() == ()
