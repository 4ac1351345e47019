"""Golden rows of state detection, made of the table alone: no reading of anybody's machine leaves with a bundle."""

import numpy as np

from edge_export.bundle.golden import GoldenCondition
from edge_export.runtime.selftest import golden_answers
from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.table import ConditionTable

HEALTHY_ROWS, FAULTY_ROWS = 56, 16
_WIGGLE, _FAULT = 0.8, 12.0
"""How far sensors wander, and how far they go in the end, in noise."""
_MISSING, _SILENT, _AGAIN = 9, 20, 30
"""Rows in which a sensor was not measured, that come after a silence, and that come twice."""


def golden_condition(table: ConditionTable) -> GoldenCondition:
    """Return rows that show every part of the step, with what it says of them.

    A machine that is run near the middle of its first regime, its sensors wandering within their noise, and in the end
    all but one straying; with a missing reading, a silence, and a row that comes twice.
    """
    model = ConditionModel.of(table)
    values = _values(model)
    steps = np.ones(len(values))
    steps[_SILENT], steps[_AGAIN] = 5.0, 0.0
    time = np.cumsum(steps) * table.interval_seconds
    short = tuple(tuple(float(f"{each:.6g}") for each in row) for row in values.tolist())  # fewer bytes
    return golden_answers(model, tuple(time.tolist()), short)


def _values(model: ConditionModel) -> FloatArray:
    """Return the rows in the units of the signals. Shape (row, signal)."""
    table, rows, conditions = model.table, HEALTHY_ROWS + FAULTY_ROWS, len(model.table.conditions)
    number, phase = np.arange(rows)[:, None], np.arange(len(table.signals)) + 1.7
    wave = np.sin(number * phase / 3.0)
    spread = np.concatenate([0.5 * model.condition_spreads, _WIGGLE * model.noise])
    apart = wave * spread
    strays = np.arange(len(table.signals)) >= conditions + (len(table.sensors) > 1)
    apart[HEALTHY_ROWS:] += np.where(strays, _FAULT * np.concatenate([np.zeros(conditions), model.noise]), 0.0)
    middle = _middle(model)
    values = np.where(model.is_relative, middle * np.exp(apart), middle + apart * model.spans)
    values[_MISSING, -1] = np.nan
    values[_AGAIN] = values[_AGAIN - 1]
    return np.asarray(values, np.float64)


def _middle(model: ConditionModel) -> FloatArray:
    """Return a row that the machine could send while it runs, in the units of the signals. Shape (signal,)."""
    table, middle = model.table, 0.5 * model.spans
    if len(table.regime_centers):
        for place, center in zip(table.regime_conditions, table.regime_centers[0], strict=True):
            middle[place] = center * model.spans[place]
    if table.running is not None and middle[table.running] <= table.running_above:
        middle[table.running] = table.running_above + 0.1 * model.spans[table.running]
    return np.asarray(np.where(model.is_relative, np.maximum(middle, 2.0 * model.floors), middle), np.float64)
