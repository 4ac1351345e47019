import numpy as np
import pytest

from models.prognosis.baseline import Baseline, fit_baseline
from models.prognosis.folds import machine_folds
from models.prognosis.metrics import coverage, root_mean_square
from tests.models.prognosis.toys import toy_rows

CAP = 60.0
ROWS = toy_rows(machines=40)


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return fit_baseline(ROWS, machine_folds(ROWS.machine, 2, 0), CAP)


def test_baseline_beats_the_mean_on_machines_it_has_not_seen(baseline: Baseline) -> None:
    others = toy_rows(machines=30, seed=9, censored_share=0.0)
    truth = np.minimum(others.remaining, CAP)
    predicted = baseline.mean(others.vectors)
    assert ((predicted >= 0) & (predicted <= CAP)).all()
    assert root_mean_square(predicted - truth) < 0.6 * root_mean_square(truth - truth.mean())
    low, high = baseline.bounds(predicted)
    assert 0.8 < coverage(low, high, truth) <= 1.0
    assert (low <= high).all()


def test_probability_rises_with_the_horizon_and_falls_with_the_forecast(baseline: Baseline) -> None:
    predicted = np.array([2.0, 55.0])
    probability = baseline.failure_probability(predicted, (5.0, 20.0, 60.0))
    assert probability.shape == (2, 3)
    assert (np.diff(probability, axis=1) >= 0).all()
    assert probability[0, 0] > probability[1, 0]
    assert ((probability >= 0) & (probability <= 1)).all()


def test_residuals_are_those_of_machines_not_seen(baseline: Baseline) -> None:
    known = ROWS.is_known_within(CAP)
    residuals = np.concatenate(baseline.residuals)
    assert len(residuals) == int(known.sum())
    seen = np.minimum(ROWS.remaining[known], CAP) - baseline.mean(ROWS.vectors[known])
    assert root_mean_square(residuals) > 1.2 * root_mean_square(seen)


def test_forecasts_that_coincide_leave_no_group_empty() -> None:
    rows = toy_rows(machines=20, censored_share=0.0)
    plain = fit_baseline(rows, machine_folds(rows.machine, 2, 0), cap=3.0)  # nearly all lives lie at the cap
    assert all(len(residuals) > 0 for residuals in plain.residuals)
    predicted = plain.mean(rows.vectors)
    assert np.isfinite(plain.bounds(predicted)).all()
    assert np.isfinite(plain.failure_probability(predicted, (1.0, 3.0))).all()
