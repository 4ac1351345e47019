import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.events import Event, EventKind
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import from_microseconds
from features.transforms.events import EventCourse, LifeEvents, courses_of, row_events
from tests.features.transforms.fleet import RICH, START

WINDOWS = (10.0, 100.0)


def test_count_at_each_event_by_hand() -> None:
    course = EventCourse.of([0.0, 10.0, 10.0], WINDOWS)
    np.testing.assert_array_equal(course.time, [0.0, 10.0, 10.0])
    expected = [[1.0, 1.0], [1 + np.exp(-1), 1 + np.exp(-0.1)], [2 + np.exp(-1), 2 + np.exp(-0.1)]]
    np.testing.assert_allclose(course.count, expected, rtol=1e-15)


def test_no_events_are_an_empty_course() -> None:
    assert EventCourse.of([], WINDOWS).count.shape == (0, 2)
    assert [len(course.time) for course in courses_of(RICH.layout, LifeEvents.none())] == [0] * len(RICH.rule.events)


@given(st.lists(st.floats(0.0, 1e9), min_size=1, max_size=30).map(sorted), st.data())
def test_course_that_goes_on_has_the_bits_of_the_whole(times: list[float], data: st.DataObject) -> None:
    whole = EventCourse.of(times, WINDOWS)
    cut = data.draw(st.integers(0, len(times)))
    rest = EventCourse.of(times[cut:], WINDOWS, EventCourse.of(times[:cut], WINDOWS))
    begin = max(cut - 1, 0)  # a course begins with the last event of the one before
    np.testing.assert_array_equal(rest.time, whole.time[begin:])
    np.testing.assert_array_equal(rest.count, whole.count[begin:])


def test_events_on_record_keep_the_bits_that_rows_of_their_time_have() -> None:
    moments = [1_767_225_600_123_457, 1_767_225_600_000_001]
    kinds = [(EventKind.ERROR, "e1", "spindle"), (EventKind.REPAIR, "e1", "spindle")]
    given = [
        Event(DEFAULT_TENANT, AssetId("a"), from_microseconds(at), kind, component=component, code=code)
        for at, (kind, code, component) in zip(moments, kinds, strict=True)
    ]
    events = LifeEvents.of(given)
    np.testing.assert_array_equal(events.time, np.array(moments, np.int64) / 1e6)
    assert events.kind == (EventKind.ERROR, EventKind.REPAIR)
    assert events.detail == ("e1", "spindle")


@pytest.mark.parametrize("company", [1, 3])
def test_rows_are_told_of_events_strictly_before_them(company: int) -> None:
    kinds = (EventKind.REPAIR,) * 2
    events = LifeEvents(START + np.array([5.0, 1.0]), kinds, (None, None))
    time = np.full((5, company), np.nan)
    time[:4] = START + np.array([[0.0], [1.0], [5.0], [6.0]])
    found = row_events(RICH.layout, time, [courses_of(RICH.layout, events)] * company)
    for place in range(company):
        np.testing.assert_array_equal(found.newest[:4, 0, place], [np.nan, np.nan, START + 1.0, START + 5.0])
        assert np.isnan(found.newest[:4, 1:, place]).all()
        assert not found.count[:2].any()
        assert (found.count[3, 0, :, place] > 1.0).all()
