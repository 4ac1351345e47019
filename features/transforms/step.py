"""The streaming feature step of contract 4, vectorised over lives.

    state, reading → state, value

Sensor values become z-scores of their operating regime (`features.transforms.regimes`); the z-scores feed
whole-life and recent statistics. Nothing looks ahead, and a row that is not measured changes no sum.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import LifeSource
from features.transforms.regimes import RegimeArrays
from features.transforms.specification import FeatureSpecification
from features.transforms.state import FeatureState

_TINY = 1e-12
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

    @staticmethod
    def of(specification: FeatureSpecification) -> "StepPlan":
        """Prepare a specification."""
        column = {name: index for index, name in enumerate(specification.signals)}
        counter, running = specification.life.signal, specification.regime_rule.running_signal
        return StepPlan(
            specification=specification,
            regimes=RegimeArrays.of(specification.regimes),
            condition_columns=np.array([column[name] for name in specification.conditions], np.int64),
            sensor_columns=np.array([column[name] for name in specification.sensors], np.int64),
            counter_column=None if counter is None else column[counter],
            running_column=None if running is None else column[running],
            windows=np.asarray(specification.rule.windows, np.float64),
        )


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
    plan: StepPlan, state: FeatureState, time: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[FeatureState, StepResult]:
    """Take one row of readings for every life of the batch.

    Args:
        plan: The prepared specification.
        state: State before the row; it is left as it was.
        time: Time of the row, seconds since EPOCH. Shape (batch,).
        values: Readings in the order of `FeatureSpecification.signals`; NaN where not measured.
            Shape (batch, channel).

    Returns:
        The state after the row, and what it gives.
    """
    after = state.copy()
    return after, advance(plan, after, time, values, np.ones(len(time), np.bool_))


def advance(
    plan: StepPlan,
    state: FeatureState,
    time: NDArray[np.float64],
    values: NDArray[np.float64],
    is_present: NDArray[np.bool_],
) -> StepResult:
    """Like `step`, but change the state in place and pass over lives that have no row here.

    Args:
        plan: The prepared specification.
        state: Changed in place.
        time: Seconds since EPOCH. Shape (batch,).
        values: Shape (batch, channel).
        is_present: False for lives without a row at this step. Shape (batch,).
    """
    life = _advance_life(plan, state, time, values, is_present)
    is_running = is_present & _runs(plan, values)
    conditions = _hold_conditions(plan, state, values, life, is_running)
    regime = np.where(is_running, plan.regimes.assign(conditions), -1)
    scores = plan.regimes.standardise(regime, conditions, values[:, plan.sensor_columns])
    elapsed = np.where(np.isnan(state.life), 0.0, life - state.life)
    state.life = life
    state.rows += is_running
    _advance_long(plan, state, scores)
    _advance_windows(plan, state, scores, elapsed)
    return StepResult(_vectors(plan, state), life.copy(), regime, is_running)


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
        return np.ones(values.shape[0], np.bool_)
    # Unknown speed is not standstill: the row counts, and its regime tells whether it can be used.
    return ~(values[:, plan.running_column] <= plan.specification.regime_rule.running_above)


def _hold_conditions(
    plan: StepPlan,
    state: FeatureState,
    values: NDArray[np.float64],
    life: NDArray[np.float64],
    is_running: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Keep a condition that was not measured at its last value, for the shortest window at most."""
    now = values[:, plan.condition_columns]
    is_measured = ~np.isnan(now) & is_running[:, None]
    state.held = np.where(is_measured, now, state.held)
    state.held_life = np.where(is_measured, life[:, None], state.held_life)
    is_fresh = life[:, None] - state.held_life <= plan.windows[0]
    return np.where(is_fresh, state.held, np.nan)


def _advance_long(plan: StepPlan, state: FeatureState, scores: NDArray[np.float64]) -> None:
    is_seen = ~np.isnan(scores)
    value = np.where(is_seen, scores, 0.0)
    state.count += is_seen
    state.mean += np.where(is_seen, (value - state.mean) / np.maximum(state.count, 1.0), 0.0)
    in_baseline = is_seen & (state.life <= plan.specification.rule.baseline)[:, None]
    state.base_count += in_baseline
    state.base_mean += np.where(in_baseline, (value - state.base_mean) / np.maximum(state.base_count, 1.0), 0.0)


def _advance_windows(
    plan: StepPlan, state: FeatureState, scores: NDArray[np.float64], elapsed: NDArray[np.float64]
) -> None:
    is_seen = ~np.isnan(scores)[:, :, None]
    value = np.where(is_seen, scores[:, :, None], 0.0)
    age = elapsed[:, None, None]
    decay = np.exp(-age / plan.windows[None, None, :])
    state.time_squared = decay * (state.time_squared - 2.0 * age * state.time + age * age * state.weight)
    state.time = decay * (state.time - age * state.weight)
    state.time_value = decay * (state.time_value - age * state.value)
    state.weight = decay * state.weight + is_seen
    state.value = decay * state.value + value
    state.value_squared = decay * state.value_squared + value * value


def _vectors(plan: StepPlan, state: FeatureState) -> NDArray[np.float32]:
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.where(state.weight > _TINY, state.weight, np.nan)
        mean = state.value / weight
        spread = np.sqrt(np.maximum(state.value_squared / weight - mean * mean, 0.0))
        time = state.time / weight
        # A line through few samples is mostly noise: a prior as heavy as half a sample one window away holds it flat.
        time_sum = state.time_squared - state.time * time + 0.5 * plan.windows**2
        slope = (state.time_value - state.time * mean) / time_sum
        life_mean = np.where(state.count > 0, state.mean, np.nan)
        base_mean = np.where(state.base_count > 0, state.base_mean, np.nan)
    slope = slope * plan.windows[None, None, :]  # per window, so that all features have the size of a z-score
    shift, rise = mean - life_mean[:, :, None], mean - base_mean[:, :, None]
    recent = np.stack([mean, slope, spread, shift, rise], axis=-1)
    batch, sensors = life_mean.shape
    recent = recent.reshape(batch, sensors, -1)
    long = np.stack([life_mean, base_mean], axis=-1)
    by_sensor = np.concatenate([long, recent], axis=-1).reshape(batch, -1)
    return np.concatenate([state.life[:, None], by_sensor], axis=1).astype(np.float32)
