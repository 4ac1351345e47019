import numpy as np
import pytest
from scipy.stats import poisson

from pipelines.monitor.outcomes import outcomes


def test_interval_is_the_exact_one_of_a_poisson_count() -> None:
    found = outcomes(np.full(100, 0.05), np.arange(100) < 9)
    assert found.ratio == pytest.approx(9 / 5)
    assert poisson.sf(8, found.low * 5.0) == pytest.approx(0.005)
    assert poisson.cdf(9, found.high * 5.0) == pytest.approx(0.005)
    assert not found.has_drifted


def test_no_failure_where_many_were_expected_is_drift() -> None:
    assert outcomes(np.full(100, 0.1), np.zeros(100, np.bool_)).has_drifted


def test_nothing_expected_says_nothing() -> None:
    assert not outcomes(np.empty(0), np.empty(0, np.bool_)).has_drifted


def test_a_calibrated_model_is_seldom_told_off() -> None:
    generator, told = np.random.default_rng(2), 0
    for _ in range(300):
        chance = generator.uniform(0.0, 0.05, 400)
        told += outcomes(chance, generator.uniform(size=400) < chance).has_drifted
    assert told <= 8
