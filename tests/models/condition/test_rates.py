import numpy as np
import pytest
from scipy.stats import poisson

from models.condition.rates import dispersion, poisson_bounds


@pytest.mark.parametrize("count", [1, 4, 30])
def test_bounds_are_where_the_count_is_just_as_unlikely_as_said(count: int) -> None:
    low, high = poisson_bounds(count, 0.05)
    assert poisson.sf(count - 1, low) == pytest.approx(0.05)
    assert poisson.cdf(count, high) == pytest.approx(0.05)


def test_events_that_come_three_at_a_time_are_a_third_as_many() -> None:
    clusters = np.random.default_rng(0).poisson(0.5, 20_000).astype(np.float64)
    assert dispersion(clusters, np.ones(20_000)) == pytest.approx(1.0, abs=0.05)
    assert dispersion(3 * clusters, np.ones(20_000)) == pytest.approx(3.0, abs=0.15)


def test_units_watched_for_longer_are_expected_to_show_more() -> None:
    assert dispersion(np.array([1.0, 9.0]), np.array([1.0, 9.0])) == 1.0
    assert dispersion(np.array([5.0, 5.0]), np.array([1.0, 9.0])) > 10.0


def test_nothing_seen_is_no_cluster() -> None:
    assert dispersion(np.zeros(5), np.ones(5)) == 1.0
    assert dispersion(np.array([4.0]), np.ones(1)) == 1.0
