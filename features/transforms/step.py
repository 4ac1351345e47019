"""The streaming feature step of contract 4, vectorised over lives.

    state, reading → state, value

Sensor values become z-scores of their operating regime (`features.transforms.regimes`); the z-scores feed
whole-life and recent statistics. Nothing looks ahead, and a row that is not measured changes no sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import LifeSource
from features.transforms.errors import EventsMissing
from features.transforms.events import EventCourse, row_events
from features.transforms.families.chosen import families_of
from features.transforms.families.family import Family, Layout, Row, RowEvents
from features.transforms.families.occurrences import occurrences
from features.transforms.recent import (
    LONG_STATISTICS,
    WINDOW_STATISTICS,
    advance_core,
    write_vectors,
)
from features.transforms.regimes import RegimeArrays
from features.transforms.specification import FeatureSpecification
from features.transforms.state import FeatureState

_RESET_BELOW = 0.5
"""A counter below this share of its last reading was reset; above it, it only flickered."""


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
    def of(specification: FeatureSpecification) -> "StepPlan":
        """Prepare a specification."""
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
    """

    vectors: NDArray[np.float32]
    life: NDArray[np.float64]
    regime: NDArray[np.int64]
    is_running: NDArray[np.bool_]


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
    result = advance(plan, after, row, values[None, :], np.ones(row.shape, np.bool_), happened)
    return after, StepResult(result.vectors[0].T, result.life[0], result.regime[0], result.is_running[0])


def advance(
    plan: StepPlan,
    state: FeatureState,
    time: NDArray[np.float64],
    values: NDArray[np.float64],
    is_present: NDArray[np.bool_],
    events: RowEvents | None = None,
) -> StepResult:
    """Like `step`, but for a stretch of rows, changing the state in place and passing over lives without a row.

    What hangs on the row before is computed row by row, everything else for the whole stretch at once.

    Args:
        plan: The prepared specification.
        state: Changed in place.
        time: Seconds since EPOCH. Shape (time, batch).
        values: Shape (time, batch, channel).
        is_present: False where a life has no row. Shape (time, batch).
        events: What happened before each row, where the pack asks for it; the axis of time first.

    Returns:
        What the rows give, the axis of time first; the vectors have the shape (time, feature, batch).
    """
    is_running = is_present & _runs(plan, values)
    life, elapsed, conditions = _advance_life_and_conditions(plan, state, time, values, is_present, is_running)
    regime, scores = _standardise(plan, values, is_running, conditions)
    decay = np.exp(-elapsed[:, None, :] / plan.windows[:, None])
    state.rows += is_running.sum(axis=0)
    course = advance_core(state, scores, life <= plan.specification.rule.baseline, elapsed, decay)
    out = np.empty((len(time), plan.width, time.shape[1]), np.float32)
    out[:, 0] = life
    write_vectors(course, plan.windows, out[:, plan.core])
    for index in range(len(time) if plan.families else 0):
        row = Row(
            time[index],
            values[index],
            is_present[index],
            is_running[index],
            life[index],
            elapsed[index],
            decay[index],
            conditions[index],
            regime[index],
            scores[index],
            course.count[index],
            course.mean[index],
            None if events is None else RowEvents(events.newest[index], events.count[index]),
        )
        for family, place in plan.families:
            family.advance(state.chosen, row)
            family.write(state.chosen, row, out[index, place])
    return StepResult(out, life, regime, is_running)


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
    plan: StepPlan, vector: NDArray[np.float32], time: float, courses: Sequence[EventCourse]
) -> NDArray[np.float32]:
    """Return a vector as it would be had its events been these: their features hang on nothing else.

    Args:
        plan: The prepared specification.
        vector: Of a row. Shape (feature,).
        time: Of that row, seconds since EPOCH.
        courses: Of each rule.
    """
    moment, found = np.array([[time]]), vector.copy()
    before = row_events(plan.layout, moment, [courses])
    features = occurrences(plan.layout, moment[0], RowEvents(before.newest[0], before.count[0]))
    found[len(found) - len(features) :] = features[:, 0]  # they come last (`families_of`)
    return found


def _advance_life_and_conditions(
    plan: StepPlan,
    state: FeatureState,
    time: NDArray[np.float64],
    values: NDArray[np.float64],
    is_present: NDArray[np.bool_],
    is_running: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return life, life since the row before, and held conditions of every row."""
    rows, batch = time.shape
    lives, conditions = np.empty((rows + 1, batch)), np.empty((rows, len(plan.condition_columns), batch))
    lives[0] = state.life
    for row in range(rows):
        life = lives[row + 1] = _advance_life(plan, state, time[row], values[row], is_present[row])
        state.life = life
        if len(plan.condition_columns):
            conditions[row] = _hold_conditions(plan, state, values[row], life, is_running[row])
    elapsed = np.where(np.isnan(lives[:-1]), 0.0, lives[1:] - lives[:-1])
    state.life = lives[-1].copy()
    return lives[1:], elapsed, conditions


def _standardise(
    plan: StepPlan, values: NDArray[np.float64], is_running: NDArray[np.bool_], conditions: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return regime (time, batch) and z-scores (time, sensor, batch)."""
    rows, batch = is_running.shape
    flat = conditions.transpose(0, 2, 1).reshape(rows * batch, -1) if conditions.size else np.empty((rows * batch, 0))
    regime = np.where(is_running.reshape(-1), plan.regimes.assign(flat), -1)
    measured = values.reshape(rows * batch, -1)[:, plan.sensor_columns]
    scores = plan.regimes.standardise(regime, flat, measured).reshape(rows, batch, -1)
    return regime.reshape(rows, batch), np.ascontiguousarray(scores.transpose(0, 2, 1))


def _core_width(layout: Layout) -> int:
    return len(layout.sensors) * (len(LONG_STATISTICS) + len(layout.windows) * len(WINDOW_STATISTICS))


def _placed(families: Sequence[Family], start: int) -> tuple[tuple[Family, slice], ...]:
    placed = []
    for family in families:
        stop = start + len(family.describe())
        placed.append((family, slice(start, stop)))
        start = stop
    return tuple(placed)


def _advance_life(
    plan: StepPlan,
    state: FeatureState,
    time: NDArray[np.float64],
    values: NDArray[np.float64],
    is_present: NDArray[np.bool_],
) -> NDArray[np.float64]:
    rule = plan.specification.life
    is_first = is_present & np.isnan(state.first_time)
    state.first_time = np.where(is_first, time, state.first_time)
    if rule.source is LifeSource.COUNT:
        return np.where(is_present, time / rule.seconds_per_unit, state.life)
    if plan.counter_column is None:
        return np.where(is_present, (time - state.first_time) / rule.seconds_per_unit, state.life)
    counter = np.where(is_present, values[:, plan.counter_column], np.nan)
    is_missing = np.isnan(counter)
    is_reset = counter < _RESET_BELOW * state.last_counter  # it began anew: what it shows was run since
    is_jitter = (counter < state.last_counter) & ~is_reset  # a counter never runs backwards a little: no life gained
    gained = np.where(is_reset, counter, np.maximum(counter - state.last_counter, 0.0))
    gained = np.where(is_missing | np.isnan(state.last_counter), 0.0, gained)
    state.last_counter = np.where(is_missing | is_jitter, state.last_counter, counter)
    return np.where(is_present, np.where(np.isnan(state.life), 0.0, state.life) + gained, state.life)


def _runs(plan: StepPlan, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    if plan.running_column is None:
        return np.ones(values.shape[:-1], np.bool_)
    # Unknown speed is not standstill: the row counts, and its regime tells whether it can be used.
    return ~(values[..., plan.running_column] <= plan.specification.regime_rule.running_above)


def _hold_conditions(
    plan: StepPlan,
    state: FeatureState,
    values: NDArray[np.float64],
    life: NDArray[np.float64],
    is_running: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Keep a condition that was not measured at its last value, for the shortest window at most."""
    now = values[:, plan.condition_columns].T
    is_measured = ~np.isnan(now) & is_running
    state.held = np.where(is_measured, now, state.held)
    state.held_life = np.where(is_measured, life, state.held_life)
    is_fresh = life - state.held_life <= plan.windows[0]
    return np.where(is_fresh, state.held, np.nan)
