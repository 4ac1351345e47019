"""How sensors follow conditions: slopes that machines of a type share, and how much they differ between machines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.quality.verdicts import Verdict
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.table import ConditionParameters, ConditionTable
from features.transforms.regimes import RegimeArrays, RegimeTable, fit_regimes
from models.condition.errors import HistoryTooShort
from models.condition.expectation.layout import ConditionLayout
from models.condition.expectation.rows import MachineRows

FloatArray = NDArray[np.float64]
_RIDGE = 1e-3
_LEAST_NOISE = 1e-4
_LEAST_SPREAD = 0.02
_FEWEST_ROWS = 20
FEWEST_MACHINES = 5
"""From fewer machines nothing is borrowed: slopes are then taken to differ as far as anything does."""
_UNKNOWN_SPREAD = 1.0
"""How far slopes are taken to differ where too few machines tell: as far as anything does."""
_NORMAL = 1.4826  # from the median absolute deviation to the standard deviation of a normal distribution


def fit_relations(
    machines: Sequence[MachineRows], layout: ConditionLayout, parameters: ConditionParameters
) -> ConditionTable:
    """Fit slopes, how much they differ, and noise; covariances and limits are left open.

    Raises:
        HistoryTooShort: If no machine has enough complete rows in operation, or a sensor was never measured in any.
    """
    blank = _blank(layout, parameters, machines)
    rows = [each for each in (_in_operation(blank, machine) for machine in machines) if len(each) >= _FEWEST_ROWS]
    if not rows:
        raise HistoryTooShort(
            f"Fitting what is normal must have a machine with {_FEWEST_ROWS} complete rows in operation; found none. "
            "Wait for more readings, or look at what says that the machine runs."
        )
    regimes = _regimes(rows, layout)
    parts = [_part(blank, regimes, layout, each) for each in rows]
    _must_be_measured(parts, layout)
    slopes, spreads, noise = _slopes(parts, len(layout.sensors))
    return replace(
        blank,
        regime_centers=() if regimes is None else regimes.centers,
        regime_radius=1.0 if regimes is None else regimes.radius,
        slopes=tuple(map(tuple, slopes.tolist())),
        slope_spreads=tuple(map(tuple, spreads.tolist())),
        noise=tuple(noise.tolist()),
        machines=len(rows),
        rows=sum(map(len, rows)),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """One machine around its own mean: what expectations are linear in, and comparable readings."""

    features: FloatArray
    sensors: FloatArray


def _blank(layout: ConditionLayout, parameters: ConditionParameters, machines: Sequence[MachineRows]) -> ConditionTable:
    conditions, sensors = len(layout.conditions), len(layout.sensors)
    steps = [np.diff(machine.seconds) for machine in machines if len(machine) > 1]
    interval = max(float(np.median(np.concatenate(steps))), 1e-6) if steps else 1.0
    return ConditionTable(
        conditions=layout.conditions,
        sensors=layout.sensors,
        floors=layout.floors,
        spans=layout.spans,
        running=layout.running,
        running_above=layout.running_above,
        interval_seconds=interval,
        regime_conditions=layout.regime_conditions,
        regime_centers=(),
        regime_radius=1.0,
        slopes=((0.0,) * conditions,) * sensors,
        slope_spreads=((_UNKNOWN_SPREAD,) * conditions,) * sensors,
        noise=(1.0,) * sensors,
        covariance=tuple(map(tuple, np.eye(sensors).tolist())),
        condition_spreads=(1.0,) * conditions,
        condition_covariance=tuple(map(tuple, np.eye(conditions).tolist())),
        scatter_limits=(np.inf,) * sensors,
        limit=np.inf,
        condition_limit=np.inf,
        mode_limit=np.inf,
        modes=layout.modes,
        components=layout.components,
        machines=0,
        rows=0,
        parameters=parameters,
    )


def _in_operation(blank: ConditionTable, machine: MachineRows) -> FloatArray:
    """Return the values of settled rows in operation with all conditions known. Shape (row, signal)."""
    model = ConditionModel.of(blank)
    values = np.where(np.isfinite(machine.values) & (machine.quality == Verdict.GOOD), machine.values, np.nan)
    runs = np.ones(len(values), np.bool_) if blank.running is None else values[:, blank.running] > blank.running_above
    settled, since = np.zeros(len(values), np.bool_), 0
    for place, is_running in enumerate(runs.tolist()):
        since = since + 1 if is_running else 0
        settled[place] = since > model.parameters.settling
    return values[settled & ~np.isnan(values[:, : len(blank.conditions)]).any(axis=1)]


def _regimes(rows: Sequence[FloatArray], layout: ConditionLayout) -> RegimeTable | None:
    """Find regimes among the rows of all machines; None where nothing tells them apart."""
    if not layout.regime_conditions:
        return None
    together = np.concatenate(rows)
    places = list(layout.regime_conditions)
    spans = tuple(layout.spans[place] for place in places)
    sensors = together[:, len(layout.conditions) :]
    return fit_regimes(together[:, places], sensors, spans, layout.regime_tolerance)


def _part(blank: ConditionTable, regimes: RegimeTable | None, layout: ConditionLayout, values: FloatArray) -> _Part:
    model, conditions = ConditionModel.of(blank), len(layout.conditions)
    comparable = model.comparable(values)
    features = comparable[:, :conditions]
    if regimes is not None and len(regimes.centers) > 1:
        assigned = RegimeArrays.of(regimes).assign(values[:, list(layout.regime_conditions)])
        features = np.concatenate([features, assigned[:, None] == np.arange(len(regimes.centers))], axis=1)
    return _Part(features - features.mean(axis=0), comparable[:, conditions:])


def _slopes(parts: Sequence[_Part], sensors: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return shared slopes, how much machines differ from them, and noise, by sensor."""
    shared, spreads, noise = [], [], []
    for sensor in range(sensors):
        grams = [_gram(part, sensor) for part in parts]
        slope = _solve(sum(gram for gram, _ in grams), sum(told for _, told in grams))
        own = np.stack([_solve(gram + _RIDGE * np.eye(len(gram)), told - gram @ slope) for gram, told in grams])
        left = [_left(part, sensor, slope + one) for part, one in zip(parts, own, strict=True)]
        shared.append(slope)
        spreads.append(_spread(own[[_readings(part, sensor) >= _FEWEST_ROWS for part in parts]]))
        noise.append(max(float(np.nanmedian(left)), _LEAST_NOISE))
    return np.array(shared), np.array(spreads), np.array(noise)


def _must_be_measured(parts: Sequence[_Part], layout: ConditionLayout) -> None:
    never = [name for sensor, name in enumerate(layout.sensors) if not any(_readings(part, sensor) for part in parts)]
    if never:
        raise HistoryTooShort(
            "Fitting what is normal must have readings of every sensor while the machine runs and its conditions are "
            f"known; found none of {', '.join(never)}. Connect what measures it, or leave the signal out of the pack."
        )


def _readings(part: _Part, sensor: int) -> int:
    return int(np.isfinite(part.sensors[:, sensor]).sum())


def _spread(own: FloatArray) -> FloatArray:
    """Return how far slopes of machines lie from the shared ones; wide where too few machines tell."""
    if len(own) < FEWEST_MACHINES:
        return np.full(own.shape[1], _UNKNOWN_SPREAD)
    return np.asarray(np.maximum(_NORMAL * np.median(np.abs(own), axis=0), _LEAST_SPREAD), np.float64)


def _gram(part: _Part, sensor: int) -> tuple[FloatArray, FloatArray]:
    """Return products around the means of the rows in which the sensor was measured."""
    seen = ~np.isnan(part.sensors[:, sensor])
    features, values = part.features[seen], part.sensors[seen, sensor]
    if not len(values):
        return np.zeros((features.shape[1],) * 2), np.zeros(features.shape[1])
    features = features - features.mean(axis=0)
    return features.T @ features, features.T @ (values - values.mean())


def _solve(gram: FloatArray | int, told: FloatArray | int) -> FloatArray:
    matrix = np.asarray(gram, np.float64)
    return np.asarray(np.linalg.solve(matrix + _RIDGE * np.eye(len(matrix)), np.asarray(told, np.float64)), np.float64)


def _left(part: _Part, sensor: int, slope: FloatArray) -> float:
    values = part.sensors[:, sensor] - part.features @ slope
    return float(np.nanstd(values)) if np.isfinite(values).any() else np.nan
