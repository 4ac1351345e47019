"""Events as features: the time since the last of each rule, and how many there were lately.

An event counts strictly after its own time. A repair is often booked in the very hour of the failure that it mends, so
a row of that time that saw it would know of the failure.

These features hang on the time of the row and on the events before it, on no reading and on no other row. So an asset
has them across its lives, and an event that comes late changes nothing but them.
"""

import numpy as np
from numpy.typing import NDArray

from features.transforms.families.family import FeatureDescription, Layout, Memory, RowEvents, Rows, Slot, window_name

SINCE = "since_"
"""How names of features begin that tell time since an event."""

_SOURCE = "Cook and Lawless, The statistical analysis of recurrent events (2007), 2.1"


class Occurrences:
    """since_<rule> = t - t_event of the last one, and count_<rule> = Σ exp(-(t - t_event) / window).

    Both run by the calendar, in seconds over the length of one unit of life; `since` is unknown before the first
    event, and has the unit of life. Backward recurrence time and recent intensity of a recurrent event: Cook and
    Lawless, "The statistical analysis of recurrent events", 2007, section 2.1.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def describe(self) -> tuple[FeatureDescription, ...]:
        """Describe one feature of each rule, and one of each rule and window."""
        unit, found = self._layout.life_unit, []
        for rule in self._layout.events:
            name, words = rule.name, rule.kind.value.replace("_", " ")
            words += "" if rule.detail is None else f" ({rule.detail})"
            since = f"time since the last event {words}, by the calendar"
            found.append(FeatureDescription(f"{SINCE}{name}", since, unit, "t - t_event", _SOURCE, ()))
            found += [
                FeatureDescription(
                    window_name(f"count_{name}", window),
                    f"events {words} lately ({window:g} {unit} by the calendar)",
                    "1",
                    "Σ exp(-(t - t_event) / window), t_event < t",
                    _SOURCE,
                    (),
                )
                for window in self._layout.windows
            ]
        return tuple(found)

    def slots(self) -> dict[str, Slot]:
        """Return nothing: what happened is told with each row."""
        return {}

    def advance(self, memory: Memory, rows: Rows, out: NDArray[np.float32]) -> None:
        """Write the time since, then the counts, of each rule."""
        if rows.events is not None:
            out[...] = occurrences(self._layout, rows.time, rows.events)


def occurrences(layout: Layout, time: NDArray[np.float64], events: RowEvents) -> NDArray[np.float32]:
    """Return the features of events.

    Args:
        layout: Says which, and the windows.
        time: Of the rows, seconds since EPOCH. Shape (time, batch).
        events: Those before them.

    Returns:
        In the order of `Occurrences.describe`. Shape (time, feature, batch).
    """
    gone = time[:, None] - events.newest
    out = np.empty((len(time), len(layout.events), 1 + len(layout.windows), time.shape[1]), np.float32)
    out[:, :, 0] = gone / layout.seconds_per_unit
    age = np.where(np.isnan(gone), 0.0, gone)  # none has happened: the count is 0
    out[:, :, 1:] = events.count * np.exp(-age[:, :, None] / _seconds(layout)[:, None])
    return out.reshape(len(time), -1, time.shape[1])


def _seconds(layout: Layout) -> NDArray[np.float64]:
    return np.asarray(layout.windows, np.float64) * layout.seconds_per_unit
