"""What a stream remembers of the events of one asset: the newest of each rule, and what those before them came to."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from features.domain.events import Event
from features.domain.packs import EventRule
from features.transforms.events import EventCourse, seconds_of, window_seconds
from features.transforms.families.family import Layout

MOST_REMEMBERED = 128
"""So many events of each rule may still be joined by an earlier one."""


class Remembered(StrEnum):
    """What became of an event."""

    NEW = "new"
    AGAIN = "again"
    NOT_ASKED = "not_asked"
    FORGOTTEN = "forgotten"  # events after it are no longer remembered one by one


class EventMemory:
    """The events of one asset, of the kinds that a pack asks for, in any order of arrival.

    Its courses have the bits of `features.transforms.events.courses_of` of all events taken.
    """

    def __init__(self, layout: Layout) -> None:
        """Remember nothing yet."""
        self._rules = tuple(_RuleMemory(rule, window_seconds(layout)) for rule in layout.events)

    def take(self, event: Event) -> Remembered:
        """Take an event in, or say why it changes nothing."""
        asked = [rule for rule in self._rules if rule.rule.takes(event.kind, event.detail)]
        if not asked:
            return Remembered.NOT_ASKED
        if any(rule.has(event) for rule in asked):
            return Remembered.AGAIN
        time = seconds_of(event)
        if any(time <= rule.forgotten_until for rule in asked):
            return Remembered.FORGOTTEN
        for rule in asked:
            rule.add(event)
        return Remembered.NEW

    def asks(self, event: Event) -> tuple[bool, ...]:
        """Say of each rule whether it takes an event."""
        return tuple(rule.rule.takes(event.kind, event.detail) for rule in self._rules)

    def since(self, moment: datetime) -> list[Event]:
        """Return what is remembered of this moment and later; an event of several rules more than once."""
        return [event for rule in self._rules for event in rule.since(moment)]

    def knows(self, time: float) -> bool:
        """Say whether the courses tell of everything before a row of this time, seconds since EPOCH."""
        return all(time > rule.forgotten_until for rule in self._rules)

    def courses(self) -> tuple[EventCourse, ...]:
        """Return the course of each rule, as far back as it is remembered."""
        return tuple(rule.course() for rule in self._rules)


class _RuleMemory:
    """The events of one rule.

    Attributes:
        rule: Which events.
        forgotten_until: Time of the newest that is only part of the count, seconds since EPOCH.
    """

    def __init__(self, rule: EventRule, windows: Sequence[float]) -> None:
        self.rule = rule
        self.forgotten_until = float("-inf")
        self._windows = windows
        self._events: list[Event] = []
        self._before: EventCourse | None = None
        self._course: EventCourse | None = None

    def has(self, event: Event) -> bool:
        """Say whether this very event is remembered."""
        end = bisect_right(self._events, event.at, key=lambda each: each.at)
        while end and self._events[end - 1].at == event.at:
            end -= 1
            if self._events[end].is_again(event):
                return True
        return False

    def add(self, event: Event) -> None:
        """Put an event in its place; the oldest of too many becomes part of the count."""
        place = bisect_right(self._events, event.at, key=lambda each: each.at)
        self._events.insert(place, event)
        self._course = None
        if len(self._events) > MOST_REMEMBERED:
            self.forgotten_until = seconds_of(self._events.pop(0))
            gone = EventCourse.of([self.forgotten_until], self._windows, self._before)
            self._before = EventCourse(gone.time[-1:], gone.count[-1:])

    def since(self, moment: datetime) -> list[Event]:
        """Return what is remembered of this moment and later."""
        return self._events[bisect_left(self._events, moment, key=lambda each: each.at) :]

    def course(self) -> EventCourse:
        """Return the course of what is remembered, going on with what is not."""
        if self._course is None:
            self._course = EventCourse.of(map(seconds_of, self._events), self._windows, self._before)
        return self._course
