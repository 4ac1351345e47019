"""The features once more, written plainly: every row looks back over the whole history before it."""

import math

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import LifeSource
from features.transforms.batch import LifeRows
from features.transforms.specification import FeatureSpecification


def lives_of(specification: FeatureSpecification, rows: LifeRows) -> list[float]:
    """Return life at every row."""
    rule = specification.life
    if rule.source is LifeSource.COUNT:
        return [float(time) / rule.seconds_per_unit for time in rows.time]
    if rule.source is LifeSource.CALENDAR:
        return [float(time - rows.time[0]) / rule.seconds_per_unit for time in rows.time]
    readings = rows.values[:, specification.signals.index(str(rule.signal))]
    total, last, lives = 0.0, math.nan, []
    for reading in map(float, readings):
        if not math.isnan(reading):
            if not math.isnan(last):
                total += reading - last if reading >= last else reading
            last = reading
        lives.append(total)
    return lives


def is_idle(specification: FeatureSpecification, row: NDArray[np.float64]) -> bool:
    """Say whether a row was taken at standstill."""
    signal = specification.regime_rule.running_signal
    return signal is not None and bool(
        row[specification.signals.index(signal)] <= specification.regime_rule.running_above
    )


def scores_of(
    specification: FeatureSpecification, rows: LifeRows, lives: list[float]
) -> tuple[list[int], NDArray[np.float64]]:
    """Return the regime and the z-scores of every row."""
    table, regimes = specification.regimes, []
    scores = np.full((len(lives), len(specification.sensors)), np.nan)
    for index in range(len(lives)):
        conditions = [_held(specification, rows, lives, name, index) for name in specification.conditions]
        regime = -1
        if not is_idle(specification, rows.values[index]):
            regime = _regime(specification, conditions)
        regimes.append(regime)
        if regime < 0:
            continue
        for place, name in enumerate(specification.sensors):
            expected = table.means[regime][place]
            for condition, value in enumerate(conditions):
                offset = value / table.spans[condition] - table.centers[regime][condition]
                expected += table.slopes[regime][place][condition] * offset
            measured = rows.values[index, specification.signals.index(name)]
            scores[index, place] = (measured - expected) / table.scales[regime][place]
    return regimes, scores


def vector_at(
    specification: FeatureSpecification, lives: list[float], scores: NDArray[np.float64], row: int
) -> list[float]:
    """Return the feature vector of one row from the scores up to it."""
    vector = [lives[row]]
    for place in range(len(specification.sensors)):
        seen = [index for index in range(row + 1) if not np.isnan(scores[index, place])]
        value = scores[seen, place]
        age = np.array([lives[row] - lives[index] for index in seen])
        first = [index for index in seen if lives[index] <= specification.rule.baseline]
        life_mean = float(np.mean(value)) if seen else math.nan
        base_mean = float(np.mean(scores[first, place])) if first else math.nan
        vector += [life_mean, base_mean]
        for window in specification.rule.windows:
            vector += _recent(value, age, window, life_mean, base_mean)
    return vector


def _recent(
    value: NDArray[np.float64], age: NDArray[np.float64], window: float, life_mean: float, base_mean: float
) -> list[float]:
    weight = np.exp(-age / window)
    if weight.sum() <= 1e-12:
        return [math.nan] * 5
    mean = float(np.average(value, weights=weight))
    spread = float(np.sqrt(np.average((value - mean) ** 2, weights=weight)))
    time = -age
    middle = np.average(time, weights=weight)
    # Weighted least squares, with a prior on the slope worth half a sample at one window's distance.
    slope = float(np.sum(weight * (time - middle) * (value - mean)))
    slope /= float(np.sum(weight * (time - middle) ** 2)) + 0.5 * window**2
    return [mean, slope * window, spread, mean - life_mean, mean - base_mean]


def _held(specification: FeatureSpecification, rows: LifeRows, lives: list[float], name: str, row: int) -> float:
    column = specification.signals.index(name)
    for index in range(row, -1, -1):
        if not is_idle(specification, rows.values[index]) and not np.isnan(rows.values[index, column]):
            is_fresh = lives[row] - lives[index] <= specification.rule.windows[0]
            return float(rows.values[index, column]) if is_fresh else math.nan
    return math.nan


def _regime(specification: FeatureSpecification, conditions: list[float]) -> int:
    table = specification.regimes
    if any(math.isnan(value) for value in conditions):
        return -1
    place = [value / span for value, span in zip(conditions, table.spans, strict=True)]
    distances = [math.dist(place, center) for center in table.centers]
    nearest = int(np.argmin(distances))
    return nearest if distances[nearest] <= table.radius else -1
