"""Rows without a reading: what is known of a machine at once when something happened, where its pack asks for it.

An event counts strictly after its own time, so its row stands at the first moment after it. Sensors are in it as the
readings before left them.
"""

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import FeatureRule
from features.transforms.events import LifeEvents

AFTER_US = 1
"""From an event to its row, microseconds: the resolution of time."""


def event_moments(events: LifeEvents | None, rule: FeatureRule | None) -> NDArray[np.int64]:
    """Return the moments of rows of events that `rule` gives one, microseconds since EPOCH, ascending. Shape (row,)."""
    if events is None or rule is None or not rule.at_events:
        return np.empty(0, np.int64)
    has_row = np.array(list(map(rule.has_row, events.kind, events.detail)), np.bool_)
    return np.unique(np.rint(events.time[has_row] * 1e6).astype(np.int64)) + AFTER_US


def with_event_rows(
    time_us: NDArray[np.int64],
    values: NDArray[np.float64],
    moments_us: NDArray[np.int64],
    first_us: int | None = None,
    last_us: int | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Put rows of events between readings of one life.

    Args:
        time_us: Times of the readings, microseconds since EPOCH, ascending. Shape (time,).
        values: The readings. Shape (time, channel).
        moments_us: From `event_moments`.
        first_us: No event row before it; by default the first reading, before which nothing is known of a life.
        last_us: No event row after it.

    Returns:
        Times and readings of all rows; one of an event has no value, and none stands where a reading does.
    """
    begin = first_us if first_us is not None else int(time_us[0]) if len(time_us) else None
    inside = np.zeros(len(moments_us), np.bool_) if begin is None else moments_us >= begin
    if last_us is not None:
        inside &= moments_us <= last_us
    added = np.setdiff1d(moments_us[inside], time_us, assume_unique=True)
    if not len(added):
        return time_us, values
    times = np.concatenate([time_us, added])
    order = np.argsort(times, kind="stable")
    return times[order], np.concatenate([values, np.full((len(added), values.shape[1]), np.nan)])[order]
