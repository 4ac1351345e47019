"""The batch twin of the streaming step: the same function, run over time, many lives at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.transforms.errors import EventsMissing
from features.transforms.events import EventCourse, LifeEvents, courses_of
from features.transforms.specification import FeatureSpecification
from features.transforms.state import FeatureState, initial_state, unpack_state
from features.transforms.step import StepPlan, advance, events_before

_LIVES_SUMS, _STRETCH_SUMS = 4_096, 32_768
"""Numbers of one kind in hand at once, of a row and of a stretch of rows: so many fit the cache of a processor."""


@dataclass(frozen=True, slots=True)
class LifeRows:
    """The readings of one life in time order.

    Attributes:
        time: Seconds since EPOCH, ascending. Shape (time,).
        values: In the order of `FeatureSpecification.signals`; NaN where not measured. Shape (time, channel).
        events: Events of the asset, those before this life among them, or None where nobody looked; only features of
            events need them.
    """

    time: NDArray[np.float64]
    values: NDArray[np.float64]
    events: LifeEvents | None = None


@dataclass(frozen=True, slots=True)
class LifeFeatures:
    """The features of one life.

    Attributes:
        vectors: Shape (time, feature).
        life: Life units. Shape (time,).
        regime: -1 where unknown. Shape (time,).
        is_running: False where the row says nothing. Shape (time,).
        state: Packed state after the last row. Shape (size,).
    """

    vectors: NDArray[np.float32]
    life: NDArray[np.float64]
    regime: NDArray[np.int64]
    is_running: NDArray[np.bool_]
    state: NDArray[np.float64]


def compute(
    specification: FeatureSpecification,
    lives: Sequence[LifeRows],
    states: Sequence[NDArray[np.float64] | None] | None = None,
) -> list[LifeFeatures]:
    """Compute the features of many lives, each from its own beginning or from a packed state on.

    Args:
        specification: What to compute.
        lives: One entry per life; they may differ in length.
        states: The state before the first row of each, as `LifeFeatures.state` gave it; None where a life begins.

    Returns:
        The features of each life, in the order given, one row per row of readings.

    Raises:
        EventsMissing: If the pack asks for events and a life comes without.
    """
    plan, found = StepPlan.of(specification), list[LifeFeatures]()
    sums = max(1, len(specification.sensors) * len(specification.rule.windows))
    together = max(1, _LIVES_SUMS // sums)
    for first in range(0, len(lives), together):
        part = slice(first, first + together)
        found += _compute(plan, lives[part], None if states is None else states[part])
    return found


def _compute(
    plan: StepPlan, lives: Sequence[LifeRows], states: Sequence[NDArray[np.float64] | None] | None
) -> list[LifeFeatures]:
    specification = plan.specification
    lengths = np.array([len(rows.time) for rows in lives])
    time, values = _pad(lives, int(lengths.max()), len(specification.signals))
    state = _before(specification, len(lives), states)
    courses, shape = _courses(plan, lives), time.shape
    vectors = np.empty((*shape, plan.width), np.float32)
    life, regime, is_running = np.empty(shape), np.empty(shape, np.int64), np.empty(shape, np.bool_)
    rows = max(1, _STRETCH_SUMS // max(1, state.sums[0].size))
    for first in range(0, shape[1], rows):
        part = slice(first, min(first + rows, shape[1]))
        is_whole = part.stop <= lengths.min()
        is_present = None if is_whole else np.arange(part.start, part.stop)[:, None] < lengths
        now = np.ascontiguousarray(time[:, part].T), np.ascontiguousarray(values[:, part].transpose(1, 2, 0))
        result = advance(plan, state, *now, is_present, events_before(plan, now[0], courses))
        vectors[:, part] = result.vectors.transpose(2, 0, 1)
        life[:, part], regime[:, part], is_running[:, part] = result.life.T, result.regime.T, result.is_running.T
    packed = state.pack()
    return [
        LifeFeatures(
            vectors[index, :size], life[index, :size], regime[index, :size], is_running[index, :size], packed[index]
        )
        for index, size in enumerate(lengths)
    ]


def _before(
    specification: FeatureSpecification, lives: int, states: Sequence[NDArray[np.float64] | None] | None
) -> FeatureState:
    begun = initial_state(specification, lives)
    if states is None or all(state is None for state in states):
        return begun
    packed = begun.pack()
    for index, state in enumerate(states):
        packed[index] = packed[index] if state is None else state
    return unpack_state(specification, packed)


def _courses(plan: StepPlan, lives: Sequence[LifeRows]) -> list[tuple[EventCourse, ...]] | None:
    """Return the courses of each life, or None where nobody asks for them."""
    if not plan.layout.events:
        return None
    given = [rows.events for rows in lives if rows.events is not None]
    if len(given) < len(lives):
        raise EventsMissing(plan.specification.view)
    return [courses_of(plan.layout, events) for events in given]


def _pad(lives: Sequence[LifeRows], longest: int, channels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times (life, time) and values (life, time, channel), NaN after the end of a life."""
    time, values = np.empty((len(lives), longest)), np.empty((len(lives), longest, channels))
    for index, rows in enumerate(lives):
        size = len(rows.time)
        time[index, :size], values[index, :size] = rows.time, rows.values
        time[index, size:], values[index, size:] = np.nan, np.nan
    return time, values
