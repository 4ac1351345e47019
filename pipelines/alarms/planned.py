"""Planned work on machines, as their events tell of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from features.domain.events import Event, EventKind
from features.domain.time import microseconds
from models.condition.alarms.annunciator import PlannedWork
from models.condition.alarms.scored import Scored

PLANNED = frozenset(
    {
        EventKind.PLANNED_STOP,
        EventKind.REPAIR,
        EventKind.PART_REPLACED,
        EventKind.PREVENTIVE_REPLACEMENT,
        EventKind.SENSOR_REPLACED,
    }
)
"""Events with which work on a machine begins or has just ended."""


def planned_work(events: Iterable[Event], seconds: float) -> dict[str, list[PlannedWork]]:
    """Return the planned work of each machine, in the order in which it ends.

    Args:
        events: Of any machines and kinds.
        seconds: That work takes from its event on.
    """
    found: dict[str, list[PlannedWork]] = {}
    for event in sorted((each for each in events if each.kind in PLANNED), key=lambda each: each.at):
        at = microseconds(event.at) / 1e6
        work = PlannedWork(str(event.asset), at, at + seconds, event.kind.value)
        found.setdefault(work.asset, []).append(work)
    return found


def with_work(scored: Scored, work: Sequence[PlannedWork]) -> Scored:
    """Return a stretch that knows which of its rows lie in planned work (in the order in which it ends)."""
    if not work:
        return scored
    planned: list[str | None] = [None] * len(scored.seconds)
    for each in work:
        begin, end = scored.seconds.searchsorted((each.seconds, each.until)).tolist()
        planned[begin:end] = [each.reason] * (end - begin)
    return replace(scored, planned=tuple(planned))
