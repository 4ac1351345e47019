from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.errors import NaiveTime
from features.domain.time import parse_time, time_of_life
from pipelines.ingest.moments import TIME, Moments, moment_of, moments_of_either, moments_of_lives, moments_of_times

zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
aware = st.datetimes(datetime(1000, 1, 3), datetime(2999, 12, 29), timezones=zones)


def texts(*cells: str | None) -> Moments:
    return moments_of_times(pl.Series("time", cells, dtype=pl.String))


@given(st.lists(aware))
def test_times_are_read_as_the_domain_reads_them(moments: list[datetime]) -> None:
    column = pl.Series("time", [moment.isoformat() for moment in moments], dtype=pl.String)
    read = moments_of_times(column)
    assert read.times.dtype == TIME
    assert read.times.to_list() == [parse_time(text) for text in column]
    assert read.reasons.null_count() == len(moments)


@given(st.text("0123456789-:.TZ+ ", max_size=27))
def test_text_that_the_domain_refuses_is_refused(text: str) -> None:
    read = texts(text)
    try:
        expected = parse_time(text.strip())
    except (ValueError, OverflowError):
        assert read.times.to_list() == [None]
        assert read.reasons[0] in {"naive_time", "bad_time", "missing_time"}
    else:
        assert read.times.to_list() == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T08:00:00Z", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        (" 2026-03-01t08:00:00z ", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("2026-03-01 08:00:00.123456789+08:00", datetime(2026, 3, 1, 0, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-03-01T08:00+08:00", datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_the_spellings_of_rfc_3339_are_read(text: str, expected: datetime) -> None:
    assert texts(text).times.to_list() == [expected]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-03-01T08:00:00", "naive_time"),
        ("2026-03-01", "naive_time"),
        ("2026-02-30T08:00:00Z", "bad_time"),
        ("2026-03-01T08:00:60Z", "bad_time"),
        ("2026-03-01T08:00:00+25:00", "bad_time"),
        ("0001-01-01T00:00:00+08:00", "bad_time"),
        ("yesterday", "bad_time"),
        ("1772352000", "bad_time"),
        ("", "missing_time"),
        ("  ", "missing_time"),
        (None, "missing_time"),
    ],
)
def test_what_is_no_time_gets_its_reason(text: str | None, reason: str) -> None:
    read = texts("2026-03-01T08:00:00Z", text)
    assert read.reasons.to_list() == [None, reason]
    assert read.times.to_list() == [datetime(2026, 3, 1, 8, tzinfo=UTC), None]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_typed_times_of_any_zone_become_utc(unit: str) -> None:
    column = pl.Series("time", [datetime(2026, 3, 1, 8, tzinfo=UTC), None]).cast(pl.Datetime("us", "Asia/Shanghai"))
    read = moments_of_times(column.cast(pl.Datetime(unit, "Asia/Shanghai")))  # type: ignore[arg-type]  # one of polars' units
    assert read.times.dtype == TIME
    assert read.times.to_list() == [datetime(2026, 3, 1, 8, tzinfo=UTC), None]
    assert read.reasons.to_list() == [None, "missing_time"]


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (pl.Series([datetime(2026, 3, 1, 8), None]), "naive_time"),
        (pl.Series([date(2026, 3, 1), None]), "naive_time"),
        (pl.Series([1_772_352_000, None]), "bad_time"),
        (pl.Series([None, None]), "missing_time"),
    ],
)
def test_typed_times_without_zone_and_other_types_are_no_times(column: pl.Series, reason: str) -> None:
    read = moments_of_times(column)
    assert read.times.null_count() == 2
    assert read.reasons.to_list() == [reason, "missing_time"]


@given(st.lists(st.floats(0, 1e9)))
def test_lives_become_the_stand_in_times_of_the_domain(lives: list[float]) -> None:
    expected = [time_of_life(life) for life in lives]
    assert moments_of_lives(pl.Series("life", lives, dtype=pl.Float64)).times.to_list() == expected
    assert (
        moments_of_lives(pl.Series("life", [repr(life) for life in lives], dtype=pl.String)).times.to_list() == expected
    )


def test_what_is_no_life_count_gets_its_reason() -> None:
    read = moments_of_lives(pl.Series("life", ["3", "", None, "three", "-1", "nan", "inf", "1e300"]))
    assert read.reasons.to_list() == [None, "missing_time", "missing_time", *["bad_life"] * 5]
    assert moments_of_lives(pl.Series("life", [True, None])).reasons.to_list() == ["bad_life", "missing_time"]


def test_a_column_may_hold_times_or_lives() -> None:
    read = moments_of_either(pl.Series(["17", "2026-03-01T08:00:00Z", "soon", None]))
    assert read.times.to_list() == [time_of_life(17), datetime(2026, 3, 1, 8, tzinfo=UTC), None, None]
    assert read.reasons.to_list() == [None, None, "bad_time", "missing_time"]
    assert moments_of_either(pl.Series([17])).times.to_list() == [time_of_life(17)]
    assert moments_of_either(pl.Series([datetime(2026, 3, 1, tzinfo=UTC)])).reasons.to_list() == [None]


def test_a_single_moment_may_be_a_text_or_typed() -> None:
    moment = datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert moment_of(moment) == moment_of("2026-03-01T08:00:00Z ") == moment
    with pytest.raises(NaiveTime):
        moment_of(date(2026, 3, 1))
