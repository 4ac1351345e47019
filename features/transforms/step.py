"""The streaming feature step of contract 4, vectorised over lives.

    state, reading → state, value

Sensor values become z-scores of their operating regime (`features.transforms.regimes`); the z-scores feed
whole-life and recent statistics. Nothing looks ahead, and a row that is not measured changes no sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.transforms.errors import EventsMissing
from features.transforms.events import EventCourse, row_events
from features.transforms.families.chosen import families_of
from features.transforms.families.family import Family, Layout, RowEvents, Rows
from features.transforms.families.occurrences import occurrences
from features.transforms.operation import advance_life, hold_conditions
from features.transforms.recent import (
    LONG_STATISTICS,
    WINDOW_STATISTICS,
    advance_core,
    write_vectors,
)
from features.transforms.regimes import UNKNOWN, RegimeArrays
from features.transforms.specification import FeatureSpecification
from features.transforms.state import FeatureState

_PREPARED = 16


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A specification made ready to compute with: column indices and arrays."""

    specification: FeatureSpecification
    regimes: RegimeArrays
    condition_columns: NDArray[np.int64]
    sensor_columns: NDArray[np.int64]
    counter_column: int | None
    running_column: int | None
    windows: NDArray[np.float64]
    layout: Layout
    width: int
    families: tuple[tuple[Family, slice], ...]

    @staticmethod
    @lru_cache(maxsize=_PREPARED)
    def of(specification: FeatureSpecification) -> "StepPlan":
        """Prepare a specification; once for each of the last ones asked for."""
        layout = specification.layout
        column = {name: index for index, name in enumerate(layout.signals)}
        counter, running = specification.life.signal, specification.regime_rule.running_signal
        return StepPlan(
            specification=specification,
            regimes=RegimeArrays.of(specification.regimes),
            condition_columns=np.array([column[name] for name in specification.conditions], np.int64),
            sensor_columns=np.array([column[name] for name in specification.sensors], np.int64),
            counter_column=None if counter is None else column[counter],
            running_column=None if running is None else column[running],
            windows=np.asarray(specification.rule.windows, np.float64),
            layout=layout,
            width=len(specification.names),
            families=_placed(families_of(layout), 1 + _core_width(layout)),
        )

    @property
    def core(self) -> slice:
        """Where the statistics of the sensors are in the vector."""
        return slice(1, 1 + _core_width(self.layout))


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one row gives.

    Attributes:
        vectors: Features in the order of `FeatureSpecification.names`; NaN where unknown. Shape (batch, feature).
        life: Life at the row, life units. Shape (batch,).
        regime: Operating regime, -1 where unknown. Shape (batch,).
        is_running: False where the machine stood still and the row says nothing. Shape (batch,).
        scores: z-score of every sensor in its regime, NaN where unknown. Shape (batch, sensor).
    """

    vectors: NDArray[np.float32]
    life: NDArray[np.float64]
    regime: NDArray[np.int64]
    is_running: NDArray[np.bool_]
    scores: NDArray[np.float64]


def step(
    plan: StepPlan,
    state: FeatureState,
    time: NDArray[np.float64],
    values: NDArray[np.float64],
    events: Sequence[Sequence[EventCourse]] | None = None,
) -> tuple[FeatureState, StepResult]:
    """Take one row of readings for every life of the batch.

    Args:
        plan: The prepared specification.
        state: State before the row; it is left as it was.
        time: Time of the row, seconds since EPOCH. Shape (batch,).
        values: Readings in the order of `FeatureSpecification.signals`; NaN where not measured.
            Shape (batch, channel).
        events: Of each asset the course of each rule, where the pack asks for events; it may hold more events
            than those before the row, each of which counts strictly after its time.

    Returns:
        The state after the row, and what it gives.

    Raises:
        EventsMissing: If the pack asks for events and there are none given, not even an empty list.
    """
    after, row = state.copy(), time[None, :]
    happened = events_before(plan, row, events)
    result = advance(plan, after, row, values.T[None], None, happened)
    return after, StepResult(
        result.vectors[0].T, result.life[0], result.regime[0], result.is_running[0], result.scores[0].T
    )


def advance(
    plan: StepPlan,
    state: FeatureState,
    time: NDArray[np.float64],
    values: NDArray[np.float64],
    is_present: NDArray[np.bool_] | None = None,
    events: RowEvents | None = None,
) -> StepResult:
    """Like `step`, but for a stretch of rows, changing the state in place and passing over lives without a row.

    What hangs on the row before is computed row by row, everything else for the whole stretch at once.

    Args:
        plan: The prepared specification.
        state: Changed in place.
        time: Seconds since EPOCH. Shape (time, batch).
        values: Shape (time, channel, batch).
        is_present: False where a life has no row, None if all have all. Shape (time, batch).
        events: What happened before each row, where the pack asks for it.

    Returns:
        What the rows give, the axis of time first; the vectors have the shape (time, feature, batch), and the scores
        (time, sensor, batch).
    """
    rule, is_running = plan.specification.rule, _runs(plan, values)
    if is_present is not None:
        is_running &= is_present
    counter = None if plan.counter_column is None else values[:, plan.counter_column]
    life, elapsed = advance_life(plan.specification.life, state, time, counter, is_present)
    conditions = values[:, plan.condition_columns]
    if len(plan.condition_columns):
        conditions = hold_conditions(state, conditions, life, is_running, rule.windows[0])
    regime, scores = _standardise(plan, values, is_running, conditions)
    decay = np.exp(-elapsed[:, None, :] / plan.windows[:, None])
    state.rows[...] += np.add.reduce(is_running, dtype=np.float64)
    course = advance_core(state.long, state.sums, scores, life <= rule.baseline, elapsed, decay)
    out = np.empty((len(time), plan.width, time.shape[1]), np.float32)
    out[:, 0] = life
    write_vectors(course, plan.windows, out[:, plan.core])
    if plan.families:
        known = (life, elapsed, decay, conditions, regime, scores, course.count, course.mean)
        rows = Rows(time, values, is_present, is_running, *known, events)
        for family, place in plan.families:
            family.advance(state.chosen, rows, out[:, place])
    return StepResult(out, life, regime, is_running, scores)


def events_before(
    plan: StepPlan, time: NDArray[np.float64], events: Sequence[Sequence[EventCourse]] | None
) -> RowEvents | None:
    """Tell rows of the events before them, or None where the pack asks for none.

    Args:
        plan: The prepared specification.
        time: Seconds since EPOCH. Shape (time, batch).
        events: Of each asset the course of each rule.

    Raises:
        EventsMissing: If the pack asks for events and there are none given, not even empty courses.
    """
    if not plan.layout.events:
        return None
    if events is None:
        raise EventsMissing(plan.specification.view)
    return row_events(plan.layout, time, events)


def with_events(
    plan: StepPlan, vector: NDArray[np.float32], time: float, courses: Sequence[EventCourse], changed: Sequence[bool]
) -> NDArray[np.float32]:
    """Return a vector as it would be had its events been these: their features hang on nothing else.

    Args:
        plan: The prepared specification.
        vector: Of a row. Shape (feature,).
        time: Of that row, seconds since EPOCH.
        courses: Of each rule.
        changed: Which rules have another course now. The others are left as they were: theirs may no longer reach
            back to the row.
    """
    moment, found = np.array([[time]]), vector.copy()
    features = occurrences(plan.layout, moment, row_events(plan.layout, moment, [courses]))[0, :, 0]
    own = found[len(found) - len(features) :].reshape(len(courses), -1)  # they come last (`families_of`)
    own[list(changed)] = features.reshape(own.shape)[list(changed)]
    return found


def _standardise(
    plan: StepPlan, values: NDArray[np.float64], is_running: NDArray[np.bool_], conditions: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return regime (time, batch) and z-scores (time, sensor, batch)."""
    shape, size = is_running.shape, is_running.size
    flat = conditions.swapaxes(0, 1).reshape(conditions.shape[1], size).T
    regime = plan.regimes.assign(flat)
    regime[~is_running.reshape(size)] = UNKNOWN
    measured = values.swapaxes(0, 1)[plan.sensor_columns].reshape(-1, size).T
    scores = plan.regimes.standardise(regime, flat, measured).T.reshape(-1, *shape)
    return regime.reshape(shape), np.ascontiguousarray(scores.swapaxes(0, 1))


def _runs(plan: StepPlan, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    if plan.running_column is None:
        return np.ones((len(values), values.shape[-1]), np.bool_)
    # Unknown speed is not standstill: the row counts, and its regime tells whether it can be used.
    return ~(values[:, plan.running_column] <= plan.specification.regime_rule.running_above)


def _core_width(layout: Layout) -> int:
    return len(layout.sensors) * (len(LONG_STATISTICS) + len(layout.windows) * len(WINDOW_STATISTICS))


def _placed(families: Sequence[Family], start: int) -> tuple[tuple[Family, slice], ...]:
    placed = []
    for family in families:
        stop = start + len(family.describe())
        placed.append((family, slice(start, stop)))
        start = stop
    return tuple(placed)
