"""Events as features: the time since the last of each kind, and how many there were lately.

An event counts strictly after its own time. A repair is often booked in the very hour of the failure that it mends, so
a row of that time that saw it would know of the failure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.events import EventKind
from features.transforms.families.family import FeatureDescription, Layout, Memory, Row, RowEvents, Slot, window_name

_SOURCE = "Cook and Lawless, The statistical analysis of recurrent events (2007), 2.1"


@dataclass(frozen=True, slots=True)
class LifeEvents:
    """Events of one asset, of any kind and in any order.

    Attributes:
        time: Seconds since EPOCH. Shape (event,).
        kind: One for each.
    """

    time: NDArray[np.float64]
    kind: tuple[EventKind, ...]

    @staticmethod
    def none() -> "LifeEvents":
        """Return no events: the record was looked at and holds none."""
        return LifeEvents(np.empty(0), ())


class Occurrences:
    """since_<kind> = t - t_event of the last one, and count_<kind> = Σ exp(-(t - t_event) / window).

    Both run by the calendar, in seconds over the length of one unit of life; `since` is unknown before the first
    event, and has the unit of life. Backward recurrence time and recent intensity of a recurrent event: Cook and
    Lawless, "The statistical analysis of recurrent events", 2007, section 2.1.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._seconds = np.asarray(layout.windows, np.float64)[:, None] * layout.seconds_per_unit

    def describe(self) -> tuple[FeatureDescription, ...]:
        """Describe one feature of each kind, and one of each kind and window."""
        unit, found = self._layout.life_unit, []
        for kind in self._layout.events:
            name = kind.value.replace("_", " ")
            since = f"time since the last event {name}, by the calendar"
            found.append(FeatureDescription(f"since_{kind.value}", since, unit, "t - t_event", _SOURCE, ()))
            found += [
                FeatureDescription(
                    window_name(f"count_{kind.value}", window),
                    f"events {name} lately ({window:g} {unit} by the calendar)",
                    "1",
                    "Σ exp(-(t - t_event) / window), t_event < t",
                    _SOURCE,
                    (),
                )
                for window in self._layout.windows
            ]
        return tuple(found)

    def slots(self) -> dict[str, Slot]:
        """Return the time of the row and of the last events, and the counts."""
        kinds, windows = len(self._layout.events), len(self._layout.windows)
        return {
            "event_time": Slot((), np.nan),
            "event_last": Slot((kinds,), np.nan),
            "event_count": Slot((kinds, windows)),
        }

    def advance(self, memory: Memory, row: Row) -> None:
        """Take in what happened since the row before."""
        gone = row.time - memory["event_time"]
        memory["event_count"] *= np.exp(-np.where(np.isnan(gone), 0.0, gone) / self._seconds)
        np.copyto(memory["event_time"], row.time, where=row.is_present)
        if row.events is not None:
            memory["event_count"] += row.events.weight
            np.fmax(memory["event_last"], row.events.newest, out=memory["event_last"])

    def write(self, memory: Memory, row: Row, out: NDArray[np.float32]) -> None:
        """Write the time since, then the counts, of each kind."""
        by_kind = out.reshape(len(self._layout.events), 1 + len(self._layout.windows), -1)
        by_kind[:, 0] = (row.time - memory["event_last"]) / self._layout.seconds_per_unit
        by_kind[:, 1:] = memory["event_count"]


def row_events(layout: Layout, time: NDArray[np.float64], lives: Sequence[LifeEvents]) -> RowEvents:
    """Give every event to the first row after it.

    Args:
        layout: Says which kinds, and the windows.
        time: Times of rows, seconds since EPOCH, ascending; NaN where a life has no row. Shape (time, batch).
        lives: Events of each life.

    Returns:
        As `RowEvents`, with the axis of time before the others.
    """
    shape = (len(time), len(layout.events), len(lives))
    newest, weight = np.full(shape, np.nan), np.zeros((*shape[:2], len(layout.windows), shape[2]))
    seconds = np.asarray(layout.windows, np.float64) * layout.seconds_per_unit
    for place, events in enumerate(lives):
        rows = time[~np.isnan(time[:, place]), place]
        for index in np.argsort(events.time, kind="stable"):
            kind, at = events.kind[index], float(events.time[index])
            first = int(np.searchsorted(rows, at, side="right"))
            if kind in layout.events and first < len(rows):
                column = layout.events.index(kind)
                newest[first, column, place] = np.fmax(newest[first, column, place], at)
                weight[first, column, :, place] += np.exp(-(rows[first] - at) / seconds)
    return RowEvents(newest, weight)


def not_counted(before: NDArray[np.float64], lives: Sequence[LifeEvents]) -> list[LifeEvents]:
    """Leave out the events that earlier rows have counted: those before the last of them.

    Args:
        before: Time of the row before, NaN if there is none. Shape (batch,).
        lives: Events of each life.
    """
    kept = []
    for events, row_before in zip(lives, before, strict=True):
        is_new = np.isnan(row_before) | (events.time >= row_before)
        kept.append(LifeEvents(events.time[is_new], tuple(np.array(events.kind, object)[is_new])))
    return kept
