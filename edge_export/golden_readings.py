"""Golden readings: the beginning of a life, by which a runtime finds out whether it computes features as they were."""

import numpy as np
from numpy.typing import NDArray

from edge_export.bundle.golden import GoldenEvent, GoldenReadings
from features.domain.events import EventKind
from features.transforms.batch import LifeRows, compute
from features.transforms.events import LifeEvents
from features.transforms.specification import FeatureSpecification

GOLDEN_ROWS, GOLDEN_EVENTS = 64, 32
"""The most rows of readings, and the most events before the last of them, in `golden.json`."""


def golden_readings(specification: FeatureSpecification, readings: LifeRows | None) -> GoldenReadings | None:
    """Compute the vector after the last running row of the beginning of a life, or None if it never runs."""
    if readings is None:
        return None
    measured = ~np.isnan(readings.values).all(axis=1)
    time, values = readings.time[measured][:GOLDEN_ROWS], readings.values[measured][:GOLDEN_ROWS]
    if not len(time):
        return None
    events = _golden_events(specification, readings.events, float(time[0]), float(time[-1]))
    known = None if readings.events is None else _life_events(events)
    features = compute(specification, [LifeRows(time, values, known)])[0]
    running = np.flatnonzero(features.is_running)
    if not running.size:
        return None
    last = int(running[-1])
    return GoldenReadings(
        time=tuple(time.tolist()),
        values=tuples(values),
        vector=tuples(features.vectors[last : last + 1])[0],
        life=float(features.life[last]),
        regime=int(features.regime[last]),
        events=events,
    )


def _golden_events(
    specification: FeatureSpecification, events: LifeEvents | None, first: float, last: float
) -> tuple[GoldenEvent, ...]:
    """Choose the newest events before the last row that features ask for, each once; none that would cut the life."""
    if events is None:
        return ()
    told = set(zip(events.time.tolist(), events.kind, events.detail, strict=True))
    end = EventKind.PART_REPLACED, specification.life.modelled_component
    asked = [
        GoldenEvent(time, kind, detail)
        for time, kind, detail in sorted(told, key=lambda each: (each[0], each[1], each[2] or ""))
        if time < last and (time < first or (kind, detail) != end)
        if any(rule.takes(kind, detail) for rule in specification.layout.events)
    ]
    return tuple(asked[-GOLDEN_EVENTS:])


def _life_events(events: tuple[GoldenEvent, ...]) -> LifeEvents:
    kinds, details = tuple(each.kind for each in events), tuple(each.detail for each in events)
    return LifeEvents(np.array([each.time for each in events], np.float64), kinds, details)


def tuples(rows: NDArray[np.floating]) -> tuple[tuple[float, ...], ...]:
    """Return numbers as they are written: float32 with as few digits as read back the same."""
    return tuple(map(_shortest, rows)) if rows.dtype == np.float32 else tuple(tuple(row) for row in rows.tolist())


def _shortest(row: NDArray[np.floating]) -> tuple[float, ...]:
    """Return the numbers that are written with the fewest digits of all that read back as these float32."""
    short = np.array([float(str(each)) for each in row])
    return tuple(np.where(short.astype(np.float32) == row, short, row.astype(np.float64)).tolist())
