from dataclasses import replace

import numpy as np
import pytest

from features.domain.events import EventKind
from features.domain.packs import EventRule
from features.transforms.batch import LifeRows
from features.transforms.events import LifeEvents, courses_of
from features.transforms.specification import FeatureSpecification
from features.transforms.state import initial_state
from features.transforms.step import StepPlan, step, with_events
from tests.features.transforms.families.columns import HARD, columns_of
from tests.features.transforms.fleet import CALENDAR, HOUR, START

MENDED = replace(CALENDAR, rule=replace(CALENDAR.rule, events=(EventRule(EventKind.REPAIR),)))
CODED = replace(
    CALENDAR,
    rule=replace(
        CALENDAR.rule,
        events=(
            EventRule(EventKind.ERROR),
            EventRule(EventKind.ERROR, "E-104"),
            EventRule(EventKind.PART_REPLACED, "seal"),
        ),
    ),
)
RUN = [1000.0, 20.0, 3.0, 44.0]


def rows_with(*hours: float, rows: int = 5) -> LifeRows:
    """Return hourly rows and repairs at hours."""
    return with_happened([(hour, EventKind.REPAIR, None) for hour in hours], rows)


def with_happened(happened: list[tuple[float, EventKind, str | None]], rows: int = 5) -> LifeRows:
    """Return hourly rows and what happened at hours."""
    hours, kinds, details = zip(*happened, strict=True)
    events = LifeEvents(START + np.array(hours) * HOUR, kinds, details)
    return LifeRows(START + HOUR * np.arange(rows, dtype=np.float64), np.array([RUN] * rows), events)


def test_time_since_a_repair_by_hand() -> None:
    found = columns_of(MENDED, rows_with(1.5, 3.0))
    np.testing.assert_array_equal(found["since_repair"], [np.nan, np.nan, 0.5, 1.5, 1.0])


def test_event_at_the_time_of_a_row_is_not_seen_by_that_row() -> None:
    found = columns_of(MENDED, rows_with(2.0))
    assert np.isnan(found["since_repair"][:3]).all()
    assert found["count_repair_4"][:3].tolist() == [0.0, 0.0, 0.0]
    assert found["since_repair"][3] == 1.0
    assert found["count_repair_4"][3] == pytest.approx(np.exp(-1 / 4))


def test_codes_and_components_are_told_apart_by_hand() -> None:
    happened = [
        (0.5, EventKind.ERROR, "E-104"),
        (1.5, EventKind.ERROR, "E-105"),
        (1.5, EventKind.ERROR, None),
        (2.5, EventKind.PART_REPLACED, "bearing"),
        (2.5, EventKind.REPAIR, "E-104"),
        (3.5, EventKind.PART_REPLACED, "seal"),
    ]
    found = columns_of(CODED, with_happened(happened))
    np.testing.assert_array_equal(found["since_error"], [np.nan, 0.5, 0.5, 1.5, 2.5])
    np.testing.assert_array_equal(found["since_error__e_104"], [np.nan, 0.5, 1.5, 2.5, 3.5])
    np.testing.assert_array_equal(found["since_part_replaced__seal"], [np.nan, np.nan, np.nan, np.nan, 0.5])
    assert found["count_error_4"][2] == pytest.approx(2 * np.exp(-0.5 / 4) + np.exp(-1.5 / 4))
    assert found["count_error__e_104_4"][2] == pytest.approx(np.exp(-1.5 / 4))


@pytest.mark.parametrize(("specification", "rows"), HARD)
def test_features_are_those_of_all_events_before_the_row(specification: FeatureSpecification, rows: LifeRows) -> None:
    found, events = columns_of(specification, rows), rows.events
    assert events is not None
    for rule in specification.rule.events:
        told = zip(events.time, events.kind, events.detail, strict=True)
        mine = np.array([at for at, kind, detail in told if kind is rule.kind and rule.detail in (None, detail)])
        ages = [(time - mine[mine < time]) / specification.life.seconds_per_unit for time in rows.time]
        since = [age.min() if age.size else np.nan for age in ages]
        np.testing.assert_allclose(found[f"since_{rule.name}"], since, rtol=1e-6)
        for window, text in zip(specification.rule.windows, ("4", "25p5"), strict=True):
            expected = [np.exp(-age / window).sum() for age in ages]
            np.testing.assert_allclose(found[f"count_{rule.name}_{text}"], expected, rtol=1e-5, atol=1e-6)


def test_stream_may_know_of_later_events_or_not_yet() -> None:
    rows = rows_with(0.5, 2.0, 2.5)
    assert rows.events is not None
    expected = columns_of(MENDED, rows)
    plan, state, again = StepPlan.of(MENDED), initial_state(MENDED, 1), initial_state(MENDED, 1)
    for index, (time, values) in enumerate(zip(rows.time, rows.values, strict=True)):
        known = rows.events.time < time
        so_far = LifeEvents(rows.events.time[known], (EventKind.REPAIR,) * int(known.sum()), (None,) * int(known.sum()))
        state, one = step(plan, state, np.array([time]), values[None, :], [courses_of(plan.layout, so_far)])
        again, other = step(plan, again, np.array([time]), values[None, :], [courses_of(plan.layout, rows.events)])
        np.testing.assert_array_equal(one.vectors, other.vectors)
        assert one.vectors[0, MENDED.names.index("count_repair_4")] == expected["count_repair_4"][index]


@pytest.mark.parametrize(("specification", "rows"), HARD)
def test_vector_is_put_right_by_the_events_alone(specification: FeatureSpecification, rows: LifeRows) -> None:
    plan = StepPlan.of(specification)
    found = columns_of(specification, replace(rows, events=LifeEvents.none()))
    expected = columns_of(specification, rows)
    assert rows.events is not None
    courses = courses_of(plan.layout, rows.events)
    for index, time in enumerate(rows.time.tolist()):
        vector = np.array([found[name][index] for name in specification.names], np.float32)
        right = np.array([expected[name][index] for name in specification.names], np.float32)
        np.testing.assert_array_equal(with_events(plan, vector, time, courses, [True] * len(courses)), right)


def test_other_kinds_and_events_of_the_future_are_passed_over() -> None:
    rows = rows_with(99.0)
    assert rows.events is not None
    inspected = LifeEvents(rows.time[:1] + 60.0, (EventKind.INSPECTION,), (None,))
    for events in (rows.events, inspected, LifeEvents.none()):
        found = columns_of(MENDED, replace(rows, events=events))
        assert np.isnan(found["since_repair"]).all()
        assert not found["count_repair_25p5"].any()
