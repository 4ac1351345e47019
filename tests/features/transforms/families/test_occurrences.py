from dataclasses import replace

import numpy as np
import pytest

from features.domain.events import EventKind
from features.transforms.batch import LifeRows
from features.transforms.families.occurrences import LifeEvents
from features.transforms.specification import FeatureSpecification
from features.transforms.state import initial_state
from features.transforms.step import StepPlan, step
from tests.features.transforms.families.columns import HARD, columns_of
from tests.features.transforms.fleet import CALENDAR, HOUR, START

MENDED = replace(CALENDAR, rule=replace(CALENDAR.rule, events=(EventKind.REPAIR,)))
RUN = [1000.0, 20.0, 3.0, 44.0]


def rows_with(*hours: float, rows: int = 5) -> LifeRows:
    """Return hourly rows and repairs at hours."""
    repairs = LifeEvents(START + np.array(hours) * HOUR, (EventKind.REPAIR,) * len(hours))
    return LifeRows(START + HOUR * np.arange(rows, dtype=np.float64), np.array([RUN] * rows), repairs)


def test_time_since_a_repair_by_hand() -> None:
    found = columns_of(MENDED, rows_with(1.5, 3.0))
    np.testing.assert_array_equal(found["since_repair"], [np.nan, np.nan, 0.5, 1.5, 1.0])


def test_event_at_the_time_of_a_row_is_not_seen_by_that_row() -> None:
    found = columns_of(MENDED, rows_with(2.0))
    assert np.isnan(found["since_repair"][:3]).all()
    assert found["count_repair_4"][:3].tolist() == [0.0, 0.0, 0.0]
    assert found["since_repair"][3] == 1.0
    assert found["count_repair_4"][3] == pytest.approx(np.exp(-1 / 4))


@pytest.mark.parametrize(("specification", "rows"), HARD)
def test_features_are_those_of_all_events_before_the_row(specification: FeatureSpecification, rows: LifeRows) -> None:
    found, events = columns_of(specification, rows), rows.events
    assert events is not None
    for kind in specification.rule.events:
        of_kind = np.array([at for at, each in zip(events.time, events.kind, strict=True) if each is kind])
        ages = [(time - of_kind[of_kind < time]) / specification.life.seconds_per_unit for time in rows.time]
        since = [age.min() if age.size else np.nan for age in ages]
        np.testing.assert_allclose(found[f"since_{kind.value}"], since, rtol=1e-6)
        for window, text in zip(specification.rule.windows, ("4", "25p5"), strict=True):
            expected = [np.exp(-age / window).sum() for age in ages]
            np.testing.assert_allclose(found[f"count_{kind.value}_{text}"], expected, rtol=1e-5, atol=1e-6)


def test_stream_may_be_told_of_events_once_or_again_and_again() -> None:
    rows = rows_with(0.5, 2.0, 2.5)
    events = rows.events
    assert events is not None
    expected = columns_of(MENDED, rows)
    plan, state, again = StepPlan.of(MENDED), initial_state(MENDED, 1), initial_state(MENDED, 1)
    for index, (time, values) in enumerate(zip(rows.time, rows.values, strict=True)):
        known = events.time < time  # what a stream has heard of by then
        before = rows.time[index - 1] if index else -np.inf
        new = known & (events.time >= before)
        once = LifeEvents(events.time[new], (EventKind.REPAIR,) * int(new.sum()))
        so_far = LifeEvents(events.time[known], (EventKind.REPAIR,) * int(known.sum()))
        state, one = step(plan, state, np.array([time]), values[None, :], [once])
        again, other = step(plan, again, np.array([time]), values[None, :], [so_far])
        np.testing.assert_array_equal(one.vectors, other.vectors)
        assert one.vectors[0, MENDED.names.index("count_repair_4")] == expected["count_repair_4"][index]


def test_other_kinds_and_events_of_the_future_are_passed_over() -> None:
    rows = rows_with(99.0)
    assert rows.events is not None
    inspected = LifeEvents(rows.time[:1] + 60.0, (EventKind.INSPECTION,))
    for events in (rows.events, inspected, LifeEvents.none()):
        found = columns_of(MENDED, replace(rows, events=events))
        assert np.isnan(found["since_repair"]).all()
        assert not found["count_repair_25p5"].any()
