"""From when on damage, or a drifting instrument, can be seen at all: where the truth begins for whoever judges.

Damage begins long before anybody could know of it, and a detector that is silent then is right. It counts as visible
from the first row at which, in the mean of the last 24 running hours of that life, it has moved a signal of role
`sensor` by twice its scatter. How far it has moved it tells the twin: the same pump with the same weather, process
noise and stops, but without damage. The scatter is what the twin shows beside its operating point: the standard
deviation of process noise and instrument together. An ideal detector, which knows what every operating point should
give, would see it then; the two and the 24 hours are a convention.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from pipelines.simulate.arrays import BoolArray, FloatArray, IntArray
from pipelines.simulate.faults.effects import Effects
from pipelines.simulate.lives import History
from pipelines.simulate.machine import Machine
from pipelines.simulate.operation import operate
from pipelines.simulate.response import ProcessNoise, respond
from pipelines.simulate.signals import INSTRUMENTED, QUALITIES, SENSORS
from pipelines.simulate.station import Station, Surroundings

VISIBLE_AT_SCATTERS = 2.0
VISIBLE_WITHIN_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class Visible:
    """From when on the damage of one life can be seen.

    Attributes:
        life: Number of the life.
        row: The first row at which it is visible; None where the life ends before.
        signals: The signals that it has moved far enough at the end of the life, by `SENSORS`.
    """

    life: int
    row: int | None
    signals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Twin:
    """A pump in health: the same weather, noise and stops, without damage.

    Attributes:
        truth: True signals by name. Shape (time,).
        scatter: By signal that an instrument measures, the standard deviation of process noise and instrument while
            it runs; in the signal's unit.
    """

    truth: Mapping[str, FloatArray]
    scatter: Mapping[str, float]


def healthy_twin(
    machine: Machine,
    station: Station,
    surroundings: Surroundings,
    running: BoolArray,
    noise: ProcessNoise,
    step_hours: float,
) -> Twin:
    """Return the twin of a pump that ran in these rows."""
    none = Effects.none(len(running))
    operation = operate(machine, station, surroundings, running, none)
    noisy = respond(machine, surroundings, operation, none, noise, step_hours)
    calm = respond(machine, surroundings, operation, none, _without(noise), step_hours)
    some = running if running.any() else np.ones_like(running)
    scatter = {
        quality.id: float(
            np.hypot(np.std((noisy[quality.id] - calm[quality.id])[some]), quality.noise(calm[quality.id][some]).mean())
        )
        for quality in QUALITIES
        if quality.id in INSTRUMENTED
    }
    return Twin(noisy, scatter)


def visible_damage(
    history: History, truth: Mapping[str, FloatArray], twin: Twin, step_hours: float
) -> tuple[Visible, ...]:
    """Return for every life from when on its damage can be seen; lives without damage are left out."""
    moved = np.column_stack([(truth[signal] - twin.truth[signal]) / twin.scatter[signal] for signal in SENSORS])
    window = max(round(VISIBLE_WITHIN_HOURS / step_hours), 1)
    found = []
    for life in history.lives:
        rows = np.arange(life.first_row, life.stop_row)
        rows = rows[history.running[rows]]
        if any(course.damage_at_end > 0 for course in life.courses):
            far = np.abs(_mean_of_last(moved[rows], window)) >= VISIBLE_AT_SCATTERS
            found.append(_visible(life.number, rows[window - 1 :], far))
    return tuple(found)


def _visible(life: int, rows: IntArray, far: BoolArray) -> Visible:
    seen = np.flatnonzero(far.any(axis=1))
    if not len(seen):
        return Visible(life, None, ())
    signals = tuple(signal for signal, is_far in zip(SENSORS, far[-1], strict=True) if is_far)
    return Visible(life, int(rows[seen[0]]), signals)


def _mean_of_last(values: FloatArray, window: int) -> FloatArray:
    """Return the mean of every `window` consecutive rows; none at all of fewer. Shape (time - window + 1, channel)."""
    if len(values) < window:
        return values[:0]
    total = np.cumsum(np.vstack([np.zeros(values.shape[1]), values]), axis=0)
    return np.asarray((total[window:] - total[:-window]) / window)


def _without(noise: ProcessNoise) -> ProcessNoise:
    return ProcessNoise(**{each.name: np.ones_like(getattr(noise, each.name)) for each in fields(noise)})
