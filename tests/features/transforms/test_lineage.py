"""The lineage of a feature is what it really hangs on: nothing else moves it, and each of its signals can."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from features.transforms.batch import LifeRows, compute
from features.transforms.specification import FeatureSpecification
from tests.features.transforms.fleet import ALL, RICH, life


def moved(specification: FeatureSpecification, signal: str) -> set[str]:
    """Return the features that change when readings of one signal do: other values, none, or idle for running."""
    found: set[str] = set()
    column = specification.signals.index(signal)
    for seed in range(4):
        rows = _shuffled(specification, seed) if seed % 2 else life(specification, 80, seed)
        (before,) = compute(specification, [rows])
        for change in (_scaled, _stretched, _silent, _reversed, _constant):
            values = rows.values.copy()
            values[:, column] = change(values[:, column])
            (after,) = compute(specification, [LifeRows(rows.time, values, rows.events)])
            is_same = (before.vectors == after.vectors) | (np.isnan(before.vectors) & np.isnan(after.vectors))
            found |= {name for name, same in zip(specification.names, is_same.all(axis=0), strict=True) if not same}
    return found


def _shuffled(specification: FeatureSpecification, seed: int) -> LifeRows:
    """Make a life whose wear does not grow, so that its extremes may lie anywhere."""
    rows = life(specification, 80, seed)
    values = rows.values[np.random.default_rng(seed).permutation(80)]
    if specification.life.signal is not None:
        column = specification.signals.index(specification.life.signal)
        values[:, column] = rows.values[:, column]
    return LifeRows(rows.time, values, rows.events)


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values * 1.01


def _stretched(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values * 20.0


def _silent(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.arange(len(values)) % 3 == 0, np.nan, values)


def _constant(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.full_like(values, np.nanmedian(values))


def _reversed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[::-1]


@pytest.mark.parametrize("specification", ALL.values(), ids=ALL)
def test_every_feature_hangs_on_its_lineage_and_on_nothing_else(specification: FeatureSpecification) -> None:
    lineage = specification.lineage
    for signal in specification.signals:
        assert moved(specification, signal) == {name for name, signals in lineage.items() if signal in signals}


def test_grade_is_the_highest_of_the_lineage() -> None:
    grades = RICH.grades({**dict.fromkeys(RICH.signals, 1), "hours": 2, "power": 3})
    assert grades["age"] == 2
    assert grades["vibration__mean_4"] == 2
    assert grades["efficiency__mean_4"] == 3
    assert grades["rise__mean_4"] == 2
    assert grades["running_share"] == 1
    assert grades["since_repair"] == 1


def test_every_feature_is_described_and_named_once() -> None:
    assert len(set(RICH.names)) == len(RICH.names)
    for each in RICH.descriptions:
        assert all((each.meaning, each.unit, each.formula, each.source)), each


def test_names_are_known_without_fitted_regimes() -> None:
    blank = replace(RICH, regimes=replace(RICH.regimes, centers=((0.1, 0.1),), means=((0.0, 0.0),)))
    assert blank.names == RICH.names
