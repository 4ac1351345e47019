import numpy as np
import pytest

from pipelines.simulate.arrays import first_order, lag, wander


def test_first_order_equals_the_loop_over_time() -> None:
    drive = np.random.default_rng(1).standard_normal((257, 3))
    state, expected = np.zeros(3), []
    for row in drive:
        state = 0.93 * state + row
        expected.append(state)
    np.testing.assert_allclose(first_order(drive, 0.93), expected, rtol=0, atol=1e-10)


def test_lag_reaches_63_percent_after_one_time_constant() -> None:
    target = np.concatenate([[0.0], np.ones(50)])
    assert lag(target, 1.0, 10.0)[10] == pytest.approx(1 - np.exp(-1))


def test_wander_has_unit_variance_and_forgets_with_its_time_constant() -> None:
    noise = wander(np.random.default_rng(2), 20_000, 4, 2.0, 20.0)
    assert noise.std() == pytest.approx(1.0, abs=0.03)
    lagged = np.mean(noise[10:] * noise[:-10])
    assert lagged == pytest.approx(np.exp(-1), abs=0.05)
