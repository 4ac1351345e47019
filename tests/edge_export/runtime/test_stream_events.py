"""Events on a live stream: whatever order they come in, the newest vector is the centre's, bit for bit."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_export.runtime import stream
from edge_export.runtime.stream import AT_ONCE, AssetStreams, Outcome
from features.domain.events import Event, EventKind
from features.domain.identifiers import DEFAULT_TENANT
from features.domain.packs import EventRule
from features.domain.time import life_of_time, time_of_life
from features.transforms import event_memory
from features.transforms.batch import LifeFeatures, LifeRows, compute
from features.transforms.event_memory import MOST_REMEMBERED
from features.transforms.events import LifeEvents
from features.transforms.step import step
from tests.edge_export.machine import EVENT_SPECIFICATION as TOLD
from tests.edge_export.machine import HOUR, healthy_rows, life_rows
from tests.edge_export.runtime.test_stream import FAN, assert_same, take


def moment(rows: LifeRows, hour: float) -> datetime:
    """Return the moment so many hours after the first row."""
    return time_of_life(float(rows.time[0]) + hour * HOUR)


def error(at: datetime, code: str | None = "e1") -> Event:
    return Event(DEFAULT_TENANT, FAN, at, EventKind.ERROR, code=code)


def replaced(at: datetime, component: str = "seal") -> Event:
    return Event(DEFAULT_TENANT, FAN, at, EventKind.PART_REPLACED, component=component)


def features_of(rows: LifeRows, events: list[Event]) -> LifeFeatures:
    return compute(TOLD, [replace(rows, events=LifeEvents.of(events))])[0]


@settings(max_examples=12, deadline=None)
@given(st.data(), st.integers(0, 50))
def test_events_early_late_and_shuffled_give_the_bits_of_the_batch_twin(data: st.DataObject, seed: int) -> None:
    rows = life_rows(14, seed)
    moments = [time_of_life(float(time)) for time in rows.time]
    choices = [*moments, *(at + timedelta(minutes=11) for at in moments), moments[0] - timedelta(days=9)]
    drawn = data.draw(st.lists(st.tuples(st.sampled_from(choices), st.sampled_from(["e1", "e2", "seal"])), max_size=12))
    events = [replaced(at) if what == "seal" else error(at, what) for at, what in dict.fromkeys(drawn)]
    arrival = [data.draw(st.integers(0, 13)) for _ in events]
    streams = AssetStreams(TOLD)
    for index in range(14):
        for event, place in zip(events, arrival, strict=True):
            if place == index:
                assert streams.take_event(event) in {Outcome.COUNTED, Outcome.COUNTED_LATE}
        assert take(streams, FAN, rows, index) is Outcome.ACCEPTED
        known = [event for event, place in zip(events, arrival, strict=True) if place <= index]
        assert_same(streams.newest(FAN), features_of(rows, known), index)


def test_event_that_comes_late_is_said_and_puts_the_newest_vector_right() -> None:
    rows = healthy_rows(12)
    streams = AssetStreams(TOLD)
    for index in range(10):
        take(streams, FAN, rows, index)
    at_the_row = error(moment(rows, 9))
    assert streams.take_event(at_the_row) is Outcome.COUNTED
    assert_same(streams.newest(FAN), features_of(rows, []), 9)  # an event counts strictly after its own time
    late = replaced(moment(rows, 3.5))
    assert streams.take_event(late) is Outcome.COUNTED_LATE
    assert streams.take_event(late) is Outcome.DUPLICATE
    assert_same(streams.newest(FAN), features_of(rows, [at_the_row, late]), 9)
    take(streams, FAN, rows, 10)
    assert_same(streams.newest(FAN), features_of(rows, [at_the_row, late]), 10)


def test_vector_of_before_a_standstill_is_put_right_by_what_it_ought_to_have_known_alone() -> None:
    rows = healthy_rows(12)
    rows.values[6:, 0] = 0.0  # stands still: the newest vector is that of row 5
    streams = AssetStreams(TOLD)
    for index in range(10):
        take(streams, FAN, rows, index)
    events = [error(moment(rows, 7.5)), error(moment(rows, 2.5)), error(moment(rows, 5.5))]
    for event in events:
        assert streams.take_event(event) is Outcome.COUNTED_LATE
        take(streams, FAN, rows, 9)
    assert_same(streams.newest(FAN), features_of(rows, events), 9)


def test_what_happened_to_the_machine_is_known_beyond_the_life_of_its_part() -> None:
    rows = healthy_rows(20)
    events = [error(moment(rows, 2.5)), replaced(moment(rows, 4.5)), replaced(moment(rows, 8.5), "bearing")]
    second = LifeRows(rows.time[9:], rows.values[9:])
    streams = AssetStreams(TOLD)
    for index in range(9):
        take(streams, FAN, rows, index)
    assert [streams.take_event(event) for event in events] == [
        Outcome.COUNTED_LATE,
        Outcome.COUNTED_LATE,
        Outcome.LIFE_ENDED,
    ]
    for index in range(9, 20):
        take(streams, FAN, rows, index)
        assert_same(streams.newest(FAN), features_of(second, events), index - 9)
    assert streams.take_event(events[-1]) is Outcome.DUPLICATE


def test_end_that_comes_late_begins_the_next_life_with_its_events() -> None:
    rows = healthy_rows(20)
    events = [error(moment(rows, 2.5)), replaced(moment(rows, 8.5), "bearing")]
    streams = AssetStreams(TOLD)
    for index in range(12):
        take(streams, FAN, rows, index)
    assert [streams.take_event(event) for event in events] == [Outcome.COUNTED_LATE, Outcome.LIFE_ENDED_LATE]
    assert_same(streams.newest(FAN), features_of(LifeRows(rows.time[11:12], rows.values[11:12]), events), 0)
    earlier = replaced(moment(rows, 1.5), "bearing")  # it ended an earlier life, and is counted all the same
    assert streams.take_event(earlier) is Outcome.COUNTED_LATE
    expected = features_of(LifeRows(rows.time[11:12], rows.values[11:12]), [earlier, *events])
    assert_same(streams.newest(FAN), expected, 0)


@pytest.mark.parametrize("kind", [EventKind.FAILURE, EventKind.PREVENTIVE_REPLACEMENT, EventKind.END_OF_OBSERVATION])
def test_end_of_a_life_leaves_the_events_as_they_were(kind: EventKind) -> None:
    rows = healthy_rows(10)
    booked = [error(moment(rows, 4)), replaced(moment(rows, 4))]  # in the very hour of the failure
    streams = AssetStreams(TOLD)
    for index in range(5):
        take(streams, FAN, rows, index)
    for event in booked:
        streams.take_event(event)
    assert_same(streams.newest(FAN), features_of(rows, []), 4)  # the failing row knows nothing of them
    assert streams.take_event(Event(DEFAULT_TENANT, FAN, moment(rows, 4), kind)) is Outcome.LIFE_ENDED
    for index in range(5, 10):
        take(streams, FAN, rows, index)
        assert_same(streams.newest(FAN), features_of(LifeRows(rows.time[5:], rows.values[5:]), booked), index - 5)


def test_more_events_than_can_be_told_apart_are_counted_and_what_lies_among_them_is_refused() -> None:
    rows = healthy_rows(6)
    storm = [error(moment(rows, 1.5) + timedelta(seconds=place)) for place in range(MOST_REMEMBERED + 40)]
    streams = AssetStreams(TOLD)
    for index in range(2):
        take(streams, FAN, rows, index)
    assert {streams.take_event(event) for event in storm} == {Outcome.COUNTED}
    newest = streams.newest(FAN)
    assert streams.take(FAN, storm[10].at, {"speed": 1000.0}).outcome is Outcome.FORGOTTEN
    assert streams.take(FAN, moment(rows, 1), {"speed": 1000.0}).outcome is Outcome.FORGOTTEN
    assert streams.take_event(error(storm[5].at, "e9")) is Outcome.FORGOTTEN
    failed_before = Event(DEFAULT_TENANT, FAN, moment(rows, 0.5), EventKind.FAILURE)
    assert streams.take_event(failed_before) is Outcome.FORGOTTEN  # its newest row cannot be computed again
    assert streams.newest(FAN) is newest
    for index in range(2, 6):
        assert take(streams, FAN, rows, index) is Outcome.ACCEPTED
        assert_same(streams.newest(FAN), features_of(rows, storm), index)
    assert streams.take_event(replace(failed_before, at=moment(rows, 5.5))) is Outcome.LIFE_ENDED


def test_events_may_come_before_the_first_row_and_only_those_asked_for_are_counted() -> None:
    rows = healthy_rows(3)
    history = [error(moment(rows, -hour), f"e{hour}") for hour in range(30, 0, -1)]
    streams = AssetStreams(TOLD)
    assert {streams.take_event(event) for event in history} == {Outcome.COUNTED}
    inspection = Event(DEFAULT_TENANT, FAN, moment(rows, -1), EventKind.INSPECTION, component="seal")
    assert streams.take_event(inspection) is Outcome.NO_CHANGE
    for index in range(3):
        take(streams, FAN, rows, index)
        assert_same(streams.newest(FAN), features_of(rows, history), index)
    found = streams.newest(FAN)
    assert found is not None
    assert found.values[TOLD.names.index("since_error")] == 3.0
    assert np.isnan(found.values[TOLD.names.index("since_part_replaced")])


AT_ONCE_TOLD = replace(TOLD, rule=replace(TOLD.rule, at_events=(EventKind.ERROR,)))


def test_event_told_at_once_gives_the_vector_of_its_row_and_a_reading_of_its_very_time_is_no_later() -> None:
    rows, streams = healthy_rows(12), AssetStreams(AT_ONCE_TOLD)
    for index in range(5):
        take(streams, FAN, rows, index)
    event = error(moment(rows, 5))
    assert streams.take_event(event) is Outcome.COUNTED
    assert take(streams, FAN, rows, 5) is Outcome.ACCEPTED
    at, values = event.at + AT_ONCE, rows.values[:6]
    time = np.append(rows.time[:6], life_of_time(at))
    own = LifeRows(time, np.concatenate([values, np.full((1, 3), np.nan)]), LifeEvents.of([event]))
    newest = streams.newest(FAN)
    assert newest is not None
    assert newest.time == at
    np.testing.assert_array_equal(newest.values, compute(AT_ONCE_TOLD, [own])[0].vectors[-1])
    take(streams, FAN, rows, 6)  # from here on as if nothing had been asked in between
    assert_same(streams.newest(FAN), features_of(rows, [event]), 6)


def test_event_that_comes_late_or_is_of_another_kind_has_no_row_of_its_own() -> None:
    rows, streams = healthy_rows(12), AssetStreams(AT_ONCE_TOLD)
    for index in range(5):
        take(streams, FAN, rows, index)
    late, other = error(moment(rows, 2.5)), replaced(moment(rows, 4.5))
    streams.take_event(late)
    streams.take_event(other)
    assert_same(streams.newest(FAN), features_of(rows, [late]), 4)


def with_event_rows(rows: LifeRows, events: list[Event]) -> LifeRows:
    """Return the rows with one after each event, as the batch twin has them."""
    added = np.array(sorted({life_of_time(event.at + AT_ONCE) for event in events}))
    time = np.concatenate([rows.time, added])
    values = np.concatenate([rows.values, np.full((len(added), 3), np.nan)])
    order = np.argsort(time, kind="stable")
    return LifeRows(time[order], values[order], LifeEvents.of(events))


def chattering(rows: LifeRows, count: int, hour: float = 1.5) -> list[Event]:
    start = moment(rows, hour)
    return [error(start + timedelta(seconds=place), f"e{place % 3}") for place in range(count)]


def test_storm_between_readings_keeps_so_many_open_rows_and_gives_the_bits_of_the_batch_twin() -> None:
    rows, streams = healthy_rows(4), AssetStreams(AT_ONCE_TOLD)
    storm = chattering(rows, MOST_REMEMBERED + 40)
    for index in range(2):
        take(streams, FAN, rows, index)
    assert {streams.take_event(event) for event in storm} == {Outcome.COUNTED}
    assert len(streams._lives[FAN].waiting) == MOST_REMEMBERED
    newest = streams.newest(FAN)
    assert newest is not None
    told = compute(AT_ONCE_TOLD, [with_event_rows(LifeRows(rows.time[:2], rows.values[:2]), storm)])[0]
    np.testing.assert_array_equal(newest.values, told.vectors[-1])
    whole = compute(AT_ONCE_TOLD, [with_event_rows(rows, storm)])[0]
    for index in (2, 3):
        assert take(streams, FAN, rows, index) is Outcome.ACCEPTED
        assert_same(streams.newest(FAN), whole, index + len(storm))


def test_what_comes_from_before_the_open_rows_of_events_is_late_or_refused() -> None:
    rows = healthy_rows(4)
    codes = replace(AT_ONCE_TOLD.rule, events=tuple(EventRule(EventKind.ERROR, f"e{code}") for code in range(4)))
    streams = AssetStreams(replace(AT_ONCE_TOLD, rule=codes))
    storm = chattering(rows, MOST_REMEMBERED + 5)  # of no single code too many to remember
    for index in range(2):
        take(streams, FAN, rows, index)
    for event in storm:
        streams.take_event(event)
    assert take(streams, FAN, rows, 1) is Outcome.FORGOTTEN  # rows after it are part of the state
    assert streams.take_event(error(storm[1].at, "e3")) is Outcome.COUNTED_LATE
    assert len(streams._lives[FAN].waiting) == MOST_REMEMBERED
    take(streams, FAN, rows, 2)
    found = streams.newest(FAN)
    assert found is not None
    assert found.values[streams._specification.names.index("since_error__e3")] == np.float32(
        (rows.time[2] - life_of_time(storm[1].at)) / HOUR
    )


def test_late_event_changes_its_own_counts_only_although_those_of_another_rule_no_longer_reach_back() -> None:
    rows, streams = healthy_rows(6), AssetStreams(TOLD)
    lone = error(moment(rows, 0.5))
    streams.take_event(lone)
    for index in range(3):
        take(streams, FAN, rows, index)
    storm = [error(moment(rows, 2.5) + timedelta(seconds=place)) for place in range(MOST_REMEMBERED + 1)]
    for event in storm:
        streams.take_event(event)
    late = replaced(moment(rows, 1.5))
    assert streams.take_event(late) is Outcome.COUNTED_LATE
    assert_same(streams.newest(FAN), features_of(rows, [lone, late]), 2)


def test_event_rows_that_wait_when_an_end_of_life_comes_late_begin_the_next_life() -> None:
    rows, streams = healthy_rows(12), AssetStreams(AT_ONCE_TOLD)
    for index in range(6):
        take(streams, FAN, rows, index)
    events = [error(moment(rows, 5)), error(moment(rows, 5.25), "e2"), error(moment(rows, 5.75))]
    assert {streams.take_event(event) for event in events} == {Outcome.COUNTED}
    failed = Event(DEFAULT_TENANT, FAN, moment(rows, 4.5), EventKind.FAILURE)
    assert streams.take_event(failed) is Outcome.LIFE_ENDED_LATE
    known = [failed, *events]
    begun = LifeRows(rows.time[5:6], rows.values[5:6])
    told = compute(AT_ONCE_TOLD, [replace(with_event_rows(begun, events), events=LifeEvents.of(known))])[0]
    assert_same(streams.newest(FAN), told, 3)
    take(streams, FAN, rows, 6)
    both = LifeRows(rows.time[5:7], rows.values[5:7])
    told = compute(AT_ONCE_TOLD, [replace(with_event_rows(both, events), events=LifeEvents.of(known))])[0]
    assert_same(streams.newest(FAN), told, 4)


def test_events_in_the_order_of_their_times_cost_one_row_each_however_many_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, streams = healthy_rows(3), AssetStreams(AT_ONCE_TOLD)
    for index in range(2):
        take(streams, FAN, rows, index)
    computed = 0
    real = step

    def counted(*arguments: Any) -> Any:
        nonlocal computed
        computed += 1
        return real(*arguments)

    monkeypatch.setattr(stream, "step", counted)
    for event in chattering(rows, 40):
        streams.take_event(event)
    take(streams, FAN, rows, 2)
    assert computed == 41


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_with_little_memory_every_answer_is_that_of_the_batch_twin_or_refused(data: st.DataObject) -> None:
    rule = replace(TOLD.rule, at_events=(EventKind.PART_REPLACED,))
    specification, rows = replace(TOLD, rule=rule), healthy_rows(8)
    places = st.tuples(st.integers(0, 28), st.sampled_from(["row", "e1", "e1", "e2", "seal", "fan"]))
    with pytest.MonkeyPatch.context() as small:
        small.setattr(stream, "MOST_REMEMBERED", 2)
        small.setattr(event_memory, "MOST_REMEMBERED", 2)
        streams = AssetStreams(specification)
        readings, told_at, events = set[int](), set[datetime](), list[Event]()
        for place, what in data.draw(st.lists(places, min_size=4, max_size=24)):
            at = moment(rows, place / 4)
            if what == "row":
                index = place // 4
                outcome = take(streams, FAN, rows, index)
                readings |= {index} if outcome is Outcome.ACCEPTED else set()
            else:
                event = error(at, what) if what.startswith("e") else replaced(at, what)
                outcome = streams.take_event(event)
                events += [event] if outcome in (Outcome.COUNTED, Outcome.COUNTED_LATE) else []
                has_row = bool(readings) and what in {"seal", "fan"} and outcome is Outcome.COUNTED
                told_at |= {at + AT_ONCE} if has_row else set()
            if readings:
                kept = sorted(readings)
                time = np.array([*rows.time[kept], *sorted(map(life_of_time, told_at))])
                values = np.concatenate([rows.values[kept], np.full((len(told_at), 3), np.nan)])
                order = np.argsort(time, kind="stable")
                own = LifeRows(time[order], values[order], LifeEvents.of(events))
                assert_same(streams.newest(FAN), compute(specification, [own])[0], len(time) - 1)
