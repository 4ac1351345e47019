from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from features.domain.identifiers import AssetId, TenantId
from features.records.arrivals import ArrivalCount, ArrivalRecords
from features.records.quarantine import Quarantined, QuarantineRecords

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
A = AssetId("a")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATE = (1, 2, 0, 0, 0, 0, 1)


@pytest.fixture
def arrivals(records: Engine) -> ArrivalRecords:
    return ArrivalRecords(records)


def count(readings: int = 4, at: datetime = T0, channel: str = "http") -> ArrivalCount:
    return ArrivalCount(MINE, A, channel, at, at + HOUR, at - HOUR, readings, LATE)


def test_counts_add_up_by_channel(arrivals: ArrivalRecords) -> None:
    assert arrivals.note([count(), count(channel="mqtt")], [], after=0, upto=3)
    assert arrivals.note([count(5, T0 - HOUR)], [], after=3, upto=4)
    assert arrivals.list_all(MINE) == [
        ArrivalCount(MINE, A, "http", T0 - HOUR, T0 + HOUR, T0 - HOUR, 9, tuple(2 * each for each in LATE)),
        count(channel="mqtt"),
    ]
    assert arrivals.list_all(THEIRS) == []
    assert arrivals.counted() == 4


def test_what_was_counted_up_to_is_counted_once(arrivals: ArrivalRecords, records: Engine) -> None:
    odd = Quarantined(MINE, A, "odd", "pump", T0, T0, 1)
    assert arrivals.note([count()], [odd], after=0, upto=3)
    assert not arrivals.note([count()], [odd], after=0, upto=3)
    assert arrivals.list_all(MINE) == [count()]
    assert QuarantineRecords(records).list_all(MINE) == [odd]
    assert arrivals.counted() == 3


def test_two_spools_are_counted_apart(arrivals: ArrivalRecords, records: Engine) -> None:
    other = ArrivalRecords(records, "another spool")
    assert arrivals.note([count()], [], after=0, upto=7)
    assert other.counted() == 0
    assert other.note([count()], [], after=0, upto=1)
    assert arrivals.counted() == 7


def test_counting_begins_again_with_a_new_spool(arrivals: ArrivalRecords) -> None:
    assert arrivals.note([count()], [], after=0, upto=7)
    arrivals.follow(7)
    assert arrivals.counted() == 7
    arrivals.follow(2)
    assert arrivals.counted() == 0
    assert arrivals.note([count()], [], after=0, upto=1)
    assert arrivals.list_all(MINE)[0].readings == 8
