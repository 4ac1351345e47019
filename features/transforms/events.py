"""What happened to an asset, made ready for features: of each rule of a pack its events in order, and their count.

The count at an event hangs on the events up to it alone, never on rows, so whoever adds them up one after the other,
over whole lives or as they come, gets the same bits.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.events import Event, EventKind
from features.domain.time import microseconds
from features.transforms.families.family import Layout, RowEvents


@dataclass(frozen=True, slots=True)
class LifeEvents:
    """Events of one asset, of any kind, in any order, of this life and of those before.

    Attributes:
        time: Seconds since EPOCH. Shape (event,).
        kind: One for each.
        detail: Code of an error, component of anything else; None where not said. One for each.
    """

    time: NDArray[np.float64]
    kind: tuple[EventKind, ...]
    detail: tuple[str | None, ...]

    @staticmethod
    def none() -> "LifeEvents":
        """Return no events: the record was looked at and holds none."""
        return LifeEvents(np.empty(0), (), ())

    @staticmethod
    def of(events: Iterable[Event]) -> "LifeEvents":
        """Return events as the record has them."""
        given = tuple(events)
        time = np.array([seconds_of(event) for event in given], np.float64)
        return LifeEvents(time, tuple(event.kind for event in given), tuple(event.detail for event in given))


@dataclass(frozen=True, slots=True)
class EventCourse:
    """The events of one rule in the order of their times.

    Attributes:
        time: Seconds since EPOCH, ascending. Shape (event,).
        count: Σ exp(-age / window) at each event, over it and those before. Shape (event, window).
    """

    time: NDArray[np.float64]
    count: NDArray[np.float64]

    @staticmethod
    def of(times: Iterable[float], windows: Sequence[float], before: "EventCourse | None" = None) -> "EventCourse":
        """Count events.

        Args:
            times: Seconds since EPOCH, ascending.
            windows: Lengths in seconds.
            before: A course that these events go on with; its last event is the first of the result.
        """
        moments, counts = [], []
        held = [0.0] * len(windows)
        if before is not None and len(before.time):
            held = before.count[-1].tolist()
            moments, counts = [float(before.time[-1])], [held]
        for at in times:
            gone = at - moments[-1] if moments else 0.0
            held = [1.0 + each * math.exp(-gone / window) for each, window in zip(held, windows, strict=True)]
            moments.append(at)
            counts.append(held)
        return EventCourse(np.array(moments, np.float64), np.array(counts, np.float64).reshape(-1, len(windows)))


def seconds_of(event: Event) -> float:
    """Return the time of an event, seconds since EPOCH, with the bits that rows of that time have."""
    return microseconds(event.at) / 1e6


def window_seconds(layout: Layout) -> tuple[float, ...]:
    """Return the windows in seconds of the calendar."""
    return tuple(window * layout.seconds_per_unit for window in layout.windows)


def courses_of(layout: Layout, events: LifeEvents) -> tuple[EventCourse, ...]:
    """Return the course of each rule."""
    order = np.argsort(events.time, kind="stable").tolist()
    windows, times = window_seconds(layout), events.time.tolist()
    return tuple(
        EventCourse.of(
            [times[index] for index in order if rule.takes(events.kind[index], events.detail[index])], windows
        )
        for rule in layout.events
    )


def row_events(layout: Layout, time: NDArray[np.float64], courses: Sequence[Sequence[EventCourse]]) -> RowEvents:
    """Tell each row of the events before it.

    Args:
        layout: Says which rules, and the windows.
        time: Times of rows, seconds since EPOCH; NaN where a life has no row. Shape (time, batch).
        courses: Of each life and rule.

    Returns:
        As `RowEvents`, with the axis of time before the others.
    """
    shape = (len(time), len(layout.events), len(courses))
    newest, count = np.full(shape, np.nan), np.zeros((*shape[:2], len(layout.windows), shape[2]))
    for place, of_rules in enumerate(courses):
        for rule, course in enumerate(of_rules):
            before = np.searchsorted(course.time, time[:, place], side="left")
            seen = before > 0
            newest[seen, rule, place] = course.time[before[seen] - 1]
            count[seen, rule, :, place] = course.count[before[seen] - 1]
    return RowEvents(newest, count)
