from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from features.domain.errors import NaiveTime
from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, TenantId
from features.records.events import EventRecords

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
FAILURE = Event(MINE, AssetId("p-01"), T0, EventKind.FAILURE, failure_mode="bearing_wear", note="loud")
REPAIR = Event(MINE, AssetId("p-01"), T0 - timedelta(days=1), EventKind.REPAIR, component="seal")


@pytest.fixture
def events(records: Engine) -> EventRecords:
    return EventRecords(records)


def test_events_come_back_in_order_of_time(events: EventRecords) -> None:
    assert events.put_all([FAILURE, REPAIR]) == 2
    assert events.list_all(MINE, FAILURE.asset) == [REPAIR, FAILURE]
    assert events.list_all(MINE) == [REPAIR, FAILURE]


def test_putting_again_changes_nothing(events: EventRecords) -> None:
    assert events.put(FAILURE)
    assert not events.put(FAILURE)
    assert events.put_all([FAILURE, REPAIR, FAILURE]) == 1
    assert events.list_all(MINE) == [REPAIR, FAILURE]
    assert events.put_all([]) == 0


def test_a_later_note_takes_the_place_of_the_earlier_one(events: EventRecords) -> None:
    events.put(FAILURE)
    events.put(replace(FAILURE, note="very loud"))
    events.put(replace(FAILURE, note=None))
    assert [event.note for event in events.list_all(MINE)] == ["very loud"]


def test_two_modes_or_components_at_one_moment_are_two_events(events: EventRecords) -> None:
    events.put_all([FAILURE, replace(FAILURE, failure_mode="seal_leak"), replace(FAILURE, component="pump")])
    assert len(events.list_all(MINE)) == 3


def test_two_codes_at_one_moment_are_two_errors(events: EventRecords) -> None:
    error = replace(REPAIR, kind=EventKind.ERROR, code="error1")
    assert events.put_all([error, replace(error, code="error2"), replace(error, note="again")]) == 2
    assert [event.code for event in events.list_all(MINE)] == ["error1", "error2"]


def test_a_naive_time_is_refused(events: EventRecords) -> None:
    with pytest.raises(NaiveTime):
        events.put(replace(FAILURE, at=T0.replace(tzinfo=None)))


def test_another_tenant_finds_nothing(events: EventRecords) -> None:
    events.put(FAILURE)
    assert (events.count(MINE), events.count(THEIRS)) == (1, 0)
    assert events.list_all(THEIRS) == []
    assert events.list_all(THEIRS, FAILURE.asset) == []
