from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.errors import InvalidValue, NaiveTime
from features.domain.time import (
    EPOCH,
    day_in_zone,
    day_span,
    format_time,
    from_microseconds,
    life_of_time,
    microseconds,
    parse_time,
    time_of_life,
    utc,
)

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES)


@pytest.mark.parametrize("text", ["2026-03-01T08:00:00", "2026-03-01", "2026-03-01T08:00:00.5"])
def test_text_without_its_zone_is_refused(text: str) -> None:
    with pytest.raises(NaiveTime, match="carry its zone") as refused:
        parse_time(text)
    assert refused.value.found == text


def test_moment_without_its_zone_is_refused_everywhere() -> None:
    naive = datetime(2026, 3, 1)
    for function in (utc, microseconds, life_of_time, format_time):
        with pytest.raises(NaiveTime):
            function(naive)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "17"])
def test_text_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="RFC 3339"):
        parse_time(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"])
def test_time_that_leaves_the_calendar_in_utc_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="years 1 to 9999"):
        parse_time(text)
    with pytest.raises(InvalidValue, match="years 1 to 9999"):
        utc(datetime.fromisoformat(text))


@given(st.text(max_size=40))
def test_no_text_makes_reading_a_time_crash(text: str) -> None:
    with suppress(InvalidValue):
        assert parse_time(text).tzinfo is UTC


@given(MOMENTS)
def test_written_time_reads_back_to_the_microsecond(moment: datetime) -> None:
    written = format_time(moment)
    assert written.endswith("Z")
    assert parse_time(written) == moment
    assert parse_time(moment.isoformat()) == moment


@given(MOMENTS)
def test_microseconds_and_back_lose_nothing(moment: datetime) -> None:
    assert from_microseconds(microseconds(moment)) == moment


@given(st.integers(-(10**16), 10**17))
def test_moment_and_back_to_microseconds_loses_nothing(count: int) -> None:
    assert microseconds(from_microseconds(count)) == count


def test_zone_changes_no_moment() -> None:
    east = datetime(2026, 3, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    assert utc(east) == datetime(2026, 3, 1, tzinfo=UTC)
    assert microseconds(east) == microseconds(utc(east))


def test_life_count_stands_in_as_seconds_from_the_epoch() -> None:
    assert time_of_life(0) == EPOCH
    assert time_of_life(17) - EPOCH == timedelta(seconds=17)


@given(st.floats(0, 1e9))
def test_stand_in_time_gives_the_life_back(life: float) -> None:
    assert life_of_time(time_of_life(life)) == pytest.approx(life, abs=1e-6)


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2025-10-25T21:59:59Z", "Europe/Berlin", date(2025, 10, 25)),
        ("2025-10-25T22:00:00Z", "Europe/Berlin", date(2025, 10, 26)),
        ("2025-10-26T22:59:59Z", "Europe/Berlin", date(2025, 10, 26)),
        ("2025-10-26T23:00:00Z", "Europe/Berlin", date(2025, 10, 27)),
        ("2026-03-01T16:00:00Z", "Asia/Shanghai", date(2026, 3, 2)),
        ("2026-03-01T23:59:59Z", "UTC", date(2026, 3, 1)),
    ],
)
def test_days_are_those_of_the_zone_s_own_clock(moment: str, zone: str, day: date) -> None:
    assert day_in_zone(parse_time(moment), zone) == day
    start, end = day_span(day, zone)
    assert start <= parse_time(moment) < end


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25), (date(2025, 6, 1), 24)])
def test_days_of_both_clock_changes_have_their_true_length(day: date, hours: int) -> None:
    start, end = day_span(day, "Europe/Berlin")
    assert end - start == timedelta(hours=hours)
    assert day_in_zone(start, "Europe/Berlin") == day
    assert day_in_zone(end, "Europe/Berlin") == day + timedelta(days=1)


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../etc/passwd", "Europe"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(InvalidValue, match="time_zone"):
        day_in_zone(EPOCH, zone)
