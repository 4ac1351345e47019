"""Fits what machines of a type have in common from healthy histories, for `features.transforms.condition`.

Only relations, noise and limits are fitted: the level of a machine is always its own, learnt as its rows come.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.causes import Deviation, failure_mode
from features.transforms.condition.distance import deviations
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import doubt_of, initial_condition
from features.transforms.condition.step import advance, follow_conditions
from features.transforms.condition.table import ConditionParameters, ConditionTable
from models.condition.errors import HistoryTooShort
from models.condition.expectation.layout import ConditionLayout
from models.condition.expectation.relations import fit_relations
from models.condition.expectation.rows import MachineRows

FloatArray = NDArray[np.float64]
_LEAST_SPREAD = 0.005
_FEWEST_ROWS = 60
_USUAL = 0.999
_MARGIN = 1.5
"""A single sensor of a machine that was not seen scatters more than those that teach; chosen in simulation."""
_WAYS = 1.25
"""The same of how machines are run: others are run in more ways than those that teach; chosen in simulation."""
_AS_USUAL = ConditionParameters()


def fit_condition(
    machines: Sequence[MachineRows],
    layout: ConditionLayout,
    parameters: ConditionParameters = _AS_USUAL,
) -> ConditionTable:
    """Fit a table.

    Args:
        machines: Healthy, of one type. From `FEWEST_MACHINES` on they tell how much slopes differ between machines;
            with fewer, slopes are taken to differ widely, so that each machine must first show its own.
        layout: Which signals.
        parameters: How strictly states will be judged.

    Raises:
        HistoryTooShort: If no machine has enough complete rows in operation, or a sensor was never measured in any.
    """
    table = fit_relations(machines, layout, parameters)
    moved = np.concatenate([_moved(ConditionModel.of(table), machine) for machine in machines])
    _must_be_enough(len(moved), parameters)
    spreads = _deviation(moved, _LEAST_SPREAD)
    table = replace(
        table,
        condition_spreads=tuple(spreads.tolist()),
        condition_covariance=_rows(_covariance(moved / spreads)),
    )
    seen = [each for machine in machines for each in _followed(ConditionModel.of(table), machine)]
    _must_be_enough(len(seen), parameters)
    own, doubt, conditions, scatter = (np.asarray(part, np.float64) for part in zip(*seen, strict=True))
    scaled = own / np.sqrt(doubt)[:, None]
    loudest = np.quantile(scatter, _USUAL, axis=0) * _MARGIN
    table = replace(table, covariance=_rows(_covariance(scaled)), scatter_limits=tuple(loudest.tolist()))
    squared = np.einsum("ij,jk,ik->i", scaled, ConditionModel.of(table).precision, scaled)
    margin = _margin(machines)
    table = replace(table, limit=margin * _limit(squared), condition_limit=_WAYS * _limit(conditions))
    return replace(table, mode_limit=margin * _mode_limit(ConditionModel.of(table), scaled, squared))


def _must_be_enough(rows: int, parameters: ConditionParameters) -> None:
    if rows < _FEWEST_ROWS:
        raise HistoryTooShort(
            f"Fitting what is normal must have at least {_FEWEST_ROWS} complete rows in operation after the first "
            f"{parameters.fewest_rows} of each machine; found {rows}. Wait for more readings."
        )


def _moved(model: ConditionModel, machine: MachineRows) -> FloatArray:
    """Return how far the smoothed conditions of a machine are from their usual level. Shape (row, condition)."""
    state, found = initial_condition(model), []
    for place in range(len(machine)):
        before = state.condition_rows
        follow_conditions(model, state, machine.row(place))
        if state.condition_rows > max(before, model.parameters.fewest_rows):
            found.append(state.condition - state.condition_level)
    return np.array(found, np.float64).reshape(len(found), len(state.condition))


def _followed(model: ConditionModel, machine: MachineRows) -> list[tuple[FloatArray, float, float, FloatArray]]:
    """Follow a machine; return deviations, doubt, distance of conditions and scatter of every row in operation."""
    state, found = initial_condition(model), []
    for place in range(len(machine)):
        before = state.seen
        advance(model, state, machine.row(place))
        if state.seen > max(before, model.parameters.fewest_rows) and not np.isnan(state.deviation).any():
            far = deviations(model, state).condition_total
            found.append((state.deviation.copy(), doubt_of(model, state), far, state.scatter.copy()))
    return found


def _margin(machines: Sequence[MachineRows]) -> float:
    """Return how much farther a machine that was not seen may go: the fewer machines teach, the less they show."""
    return 1.0 + 2.0 / len(machines)


def _limit(squared: FloatArray) -> float:
    return max(float(np.quantile(squared, _USUAL)), 1e-6) if squared.size else 1.0


def _mode_limit(model: ConditionModel, rows: FloatArray, squared: FloatArray) -> float:
    """Return what a failure mode hardly ever explains of healthy rows; it explains no more than there is."""
    if not len(model.mode_signs):
        return 1.0  # nothing asks for it
    left = max(round((1.0 - _USUAL) * len(rows)), 1)
    gains: list[float] = []
    for place in np.argsort(-squared).tolist():
        if len(gains) >= left and gains[left - 1] >= squared[place]:
            break
        gains.append(_along_mode(model, rows[place], float(squared[place])))
        gains.sort(reverse=True)
    return max(gains[min(left, len(gains)) - 1], 1e-6) if gains else 1.0


def _along_mode(model: ConditionModel, row: FloatArray, squared: float) -> float:
    conditions = len(model.condition_spreads)
    values = np.concatenate([row, np.zeros(conditions)])
    known = np.arange(len(values)) < len(row)
    nothing = np.zeros((conditions, conditions))
    return failure_mode(model, Deviation(values, known, model.precision, nothing, squared, 0.0), 1.0, 0.0).gain


def _covariance(rows: FloatArray) -> FloatArray:
    """Return second moments around 0, which is what is expected: a level that strays counts. Shape (column, column)."""
    return np.asarray(rows.T @ rows / max(len(rows), 1), np.float64)


def _deviation(rows: FloatArray, least: float) -> FloatArray:
    return np.asarray(np.maximum(np.sqrt(np.mean(np.square(rows), axis=0)), least), np.float64)


def _rows(matrix: FloatArray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())
