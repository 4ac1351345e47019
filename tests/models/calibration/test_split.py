"""Oracles: mapie and crepes, hand-computed ranks, and the theorem itself."""

import math
from typing import Any

import numpy as np
import pytest
from crepes import ConformalRegressor  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given, settings
from hypothesis import strategies as st
from mapie.regression import (  # type: ignore[import-untyped]  # it ships no types
    ConformalizedQuantileRegressor,
    SplitConformalRegressor,
)
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin  # type: ignore[import-untyped]  # it ships no types

from models.calibration.errors import TooFewToCalibrate
from models.calibration.evidence import Evidence
from models.calibration.split import conformal_threshold, quantile_scores, require_enough


class Line(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A fitted model whose forecast is its first feature plus an offset."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset
        self.is_fitted_ = True
        self.n_features_in_ = 1

    def fit(self, _rows: Any, _truth: Any) -> "Line":
        return self

    def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(rows[:, 0] + self.offset, np.float64)


def noisy(count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    generator = np.random.default_rng(seed)
    middle = generator.uniform(0.0, 10.0, count)
    return middle, middle + generator.gamma(2.0, 1.0, count) - 1.5


@pytest.mark.parametrize("count", [40, 98, 250])  # crepes rounds (n + 1) alpha down to 9 where it is 10
@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_threshold_is_half_the_interval_of_mapie_and_of_crepes(count: int, coverage: float) -> None:
    middle, truth = noisy(count, 1)
    ours = conformal_threshold(np.abs(truth - middle), 1 - coverage)
    mapie = SplitConformalRegressor(Line(), confidence_level=coverage, prefit=True)
    mapie.conformalize(middle[:, None], truth)
    bounds = mapie.predict_interval(np.array([[5.0]]))[1]
    assert bounds.ravel() == pytest.approx([5.0 - ours, 5.0 + ours])
    crepes = ConformalRegressor().fit(truth - middle)
    assert crepes.predict_int(np.array([5.0]), confidence=coverage).ravel() == pytest.approx([5.0 - ours, 5.0 + ours])


@pytest.mark.parametrize("is_symmetric", [True, False])
def test_conformalised_quantiles_are_those_of_mapie(is_symmetric: bool) -> None:
    middle, truth = noisy(300, 2)
    estimators = [Line(-1.0), Line(1.0), Line(0.0)]
    mapie = ConformalizedQuantileRegressor(estimators, confidence_level=0.9, prefit=True)
    mapie.conformalize(middle[:, None], truth)
    found = mapie.predict_interval(np.array([[5.0]]), symmetric_correction=is_symmetric)[1].ravel()
    low, high = middle - 1.0, middle + 1.0
    if is_symmetric:
        down = up = conformal_threshold(quantile_scores(low, high, truth), 0.1)
    else:
        down, up = conformal_threshold(low - truth, 0.05), conformal_threshold(truth - high, 0.05)
    assert found == pytest.approx([4.0 - down, 6.0 + up])


def test_too_few_rows_promise_nothing_and_say_how_many_would_do() -> None:
    assert conformal_threshold(np.arange(8.0), 0.1) == math.inf
    assert conformal_threshold(np.arange(9.0), 0.1) == 8.0
    assert conformal_threshold(np.empty(0), 0.1) == math.inf
    require_enough(Evidence.of_rows(9), 0.1)
    with pytest.raises(TooFewToCalibrate, match=r"at least 9 units.*found 8"):
        require_enough(Evidence.of_rows(8), 0.1)


def test_rows_of_one_life_share_its_voice() -> None:
    """One life of a thousand bad rows among nineteen good ones is one life in twenty."""
    scores = np.concatenate([np.full(1000, 50.0), np.arange(19.0)])
    unit = np.concatenate([np.zeros(1000, np.int64), np.arange(1, 20)])
    assert conformal_threshold(scores, 0.1) == 50.0
    assert conformal_threshold(scores, 0.1, Evidence.of_units(unit)) == 18.0


@settings(max_examples=200)
@given(
    scores=st.lists(st.integers(0, 20), min_size=1, max_size=60),
    units=st.integers(1, 30),
    alpha=st.sampled_from([0.05, 0.1, 0.2, 0.5]),
)
def test_threshold_is_the_smallest_score_that_keeps_the_miss_rate(scores: list[int], units: int, alpha: float) -> None:
    values = np.asarray(scores, np.float64)
    evidence = Evidence.of_units(np.arange(len(values)) % units)
    found = conformal_threshold(values, alpha, evidence)

    def rate(threshold: float) -> float:  # of a new unit that is missed for sure, together with those at hand
        shares = [float((values[evidence.unit == unit] > threshold).mean()) for unit in np.unique(evidence.unit)]
        return (sum(shares) + 1.0) / (len(shares) + 1)

    lower = values[values < found]
    assert (rate(found) <= alpha + 1e-9) if math.isfinite(found) else (rate(values.max()) > alpha + 1e-9)
    if lower.size:
        assert rate(float(lower.max())) > alpha


@pytest.mark.parametrize(("units", "alpha"), [(9, 0.1), (25, 0.1), (60, 0.05)])
def test_a_new_life_s_row_is_covered_as_promised_whatever_the_number_of_lives(units: int, alpha: float) -> None:
    """1,500 fleets of few lives; lives differ, and rows of one life resemble each other."""
    trials, rows = 1500, 5
    generator = np.random.default_rng(units)
    scores = generator.normal(size=(trials, units + 1, 1)) + 0.3 * generator.normal(size=(trials, units + 1, rows))
    evidence = Evidence.of_units(np.repeat(np.arange(units), rows))
    held = [
        scores[trial, units, 0] <= conformal_threshold(scores[trial, :units].ravel(), alpha, evidence)
        for trial in range(trials)
    ]
    deviation = math.sqrt(alpha * (1 - alpha) / trials)
    assert np.mean(held) > 1 - alpha - 3.5 * deviation
    assert np.mean(held) < 1 - alpha + 1 / (units + 1) + 0.02 + 3.5 * deviation
