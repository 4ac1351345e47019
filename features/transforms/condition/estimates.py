"""What an instrument at fault would read, told by the others."""

import numpy as np

from features.transforms.condition.answer import ConditionRow, Estimate
from features.transforms.condition.causes import Deviation, Explained
from features.transforms.condition.expectation import expect
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState


def estimate(
    model: ConditionModel,
    state: ConditionState,
    row: ConditionRow,
    deviation: Deviation,
    at_fault: tuple[str, Explained | None],
) -> Estimate | None:
    """Estimate what a signal would read; None where the others do not tell.

    A sensor is told by the conditions and by the deviations of the other sensors (conditional mean of a normal
    distribution); a condition by what the sensors that depend on it would need.

    Args:
        model: Of the state.
        state: After the row.
        row: The row.
        deviation: Of the row.
        at_fault: The signal, and what its fault explains where comparison told.
    """
    signal, explained = at_fault
    place = model.table.signals.index(signal)
    if place < len(model.table.conditions):
        return _condition(model, row, place, explained)
    return _sensor(model, state, row, deviation, place - len(model.table.conditions))


def _condition(model: ConditionModel, row: ConditionRow, place: int, explained: Explained | None) -> Estimate | None:
    if explained is None or not np.isfinite(row.values[place]):
        return None
    spread = float(model.condition_spreads[place])
    read = float(model.comparable(row.values)[place])
    value = model.in_units(read - explained.amplitude * spread, place)
    error = explained.amplitude / max(np.sqrt(explained.gain), 1e-9) * spread
    return Estimate(row_name(model, place), value, _error(model, value, float(abs(error)), place))


def _sensor(
    model: ConditionModel, state: ConditionState, row: ConditionRow, deviation: Deviation, sensor: int
) -> Estimate | None:
    conditions = len(state.origin)
    values = np.where(np.isfinite(row.values), row.values, np.nan)
    if np.isnan(values[:conditions]).any() or np.isnan(state.level[sensor]) or np.isnan(state.origin).any():
        return None
    seen = expect(model, state, model.comparable(values), model.regime(values[:conditions]))
    others = deviation.is_known[: len(state.level)].copy()
    others[sensor] = False
    told, left = 0.0, float(model.covariance[sensor, sensor])
    if others.any():
        weights = np.linalg.solve(model.covariance[np.ix_(others, others)], model.covariance[others, sensor])
        told = float(weights @ deviation.values[: len(state.level)][others])
        left = max(left - float(weights @ model.covariance[others, sensor]), 0.0)
    place = conditions + sensor
    value = model.in_units(float(seen.expected[sensor]) + told * float(model.noise[sensor]), place)
    error = float(model.noise[sensor]) * float(np.sqrt(1.0 + left))  # one reading scatters by the noise itself
    return Estimate(row_name(model, place), value, _error(model, value, error, place))


def row_name(model: ConditionModel, place: int) -> str:
    """Return the name of a signal by its column."""
    return model.table.signals[place]


def _error(model: ConditionModel, value: float, comparable: float, place: int) -> float:
    return abs(value) * comparable if model.is_relative[place] else comparable * float(model.spans[place])
