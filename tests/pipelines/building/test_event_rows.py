import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.domain.events import EventKind
from features.domain.packs import EventRule, FeatureRule
from features.transforms.events import LifeEvents
from pipelines.building.event_rows import AFTER_US, event_moments, with_event_rows

EVENTS = LifeEvents(
    np.array([7200.0, 3600.0, 3600.0, 1.5]),
    (EventKind.ERROR, EventKind.ERROR, EventKind.ERROR, EventKind.REPAIR),
    ("e1", "e2", "e1", None),
)


def rule(*at_events: EventKind, detail: str | None = None) -> FeatureRule:
    events = (EventRule(EventKind.ERROR, detail), EventRule(EventKind.REPAIR))
    return FeatureRule((), (5.0,), 1.0, 1.0, 1.0, 1.0, events=events, at_events=at_events)


def test_event_has_one_row_at_the_first_moment_after_it_whatever_else_happened_then() -> None:
    np.testing.assert_array_equal(event_moments(EVENTS, rule(EventKind.ERROR)), [3_600_000_001, 7_200_000_001])
    np.testing.assert_array_equal(event_moments(EVENTS, rule(EventKind.REPAIR)), [1_500_001])


def test_nothing_is_told_where_nobody_asks_or_nobody_looked() -> None:
    assert not len(event_moments(EVENTS, rule()))
    assert not len(event_moments(EVENTS, None))
    assert not len(event_moments(None, rule(EventKind.ERROR)))


def test_event_of_a_code_that_no_feature_asks_for_has_no_row() -> None:
    np.testing.assert_array_equal(event_moments(EVENTS, rule(EventKind.ERROR, detail="e2")), [3_600_000_001])
    assert not len(event_moments(EVENTS, rule(EventKind.ERROR, detail="e3")))


def test_rows_of_events_stand_between_readings_without_a_value_and_never_before_the_first() -> None:
    times, values = with_event_rows(np.array([10, 20, 30]), np.array([[1.0], [2.0], [3.0]]), np.array([5, 15, 20, 40]))
    np.testing.assert_array_equal(times, [10, 15, 20, 30, 40])
    np.testing.assert_array_equal(values[:, 0], [1.0, np.nan, 2.0, 3.0, np.nan])


def test_last_moment_of_a_life_is_inside_and_readings_may_be_missing_where_the_life_goes_on() -> None:
    none = np.empty(0, np.int64), np.empty((0, 2))
    assert with_event_rows(*none, np.array([5, 9]))[0].tolist() == []
    times, values = with_event_rows(*none, np.array([5, 9, 12, 13]), first_us=6, last_us=12)
    assert times.tolist() == [9, 12]
    assert np.isnan(values).all()


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)), st.integers(0, 60))
def test_one_piece_after_the_other_gives_the_rows_of_the_whole(readings: set[int], events: set[int], cut: int) -> None:
    times, moments = np.array(sorted(readings), np.int64), np.array(sorted(events), np.int64)
    whole, _ = with_event_rows(times, times[:, None] / 1.0, moments)
    before = whole[whole <= cut]
    rest = times[times > cut]
    first = cut + 1 if len(before) else None
    after, _ = with_event_rows(rest, rest[:, None] / 1.0, moments, first)
    np.testing.assert_array_equal(np.concatenate([before, after]), whole)


def test_row_of_an_event_is_later_than_it_in_the_bits_of_features() -> None:
    at_us = 1_430_000_000_000_000
    assert (at_us + AFTER_US) / 1e6 > at_us / 1e6
