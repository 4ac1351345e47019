import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.transforms.survival import cumulative, failure_probability, mean_life, quantile

STEP = 10.0
CURVE = np.array([[0.8, 0.6, 0.6, 0.1]])
"""Falls by a fifth, a fifth, not at all, and a half; a tenth outlives the grid of 40."""


@st.composite
def curves(draw: st.DrawFn, falling: bool = False) -> NDArray[np.float64]:
    smallest = 0.01 if falling else 0.0
    hazards = draw(st.lists(st.floats(smallest, 0.9), min_size=1, max_size=12))
    return np.asarray(np.cumprod(1.0 - np.array([hazards]), axis=1), np.float64)


@pytest.mark.parametrize(
    ("horizon", "probability"), [(0, 0.0), (5, 0.1), (10, 0.2), (20, 0.4), (25, 0.4), (35, 0.65), (40, 0.9), (99, 0.9)]
)
def test_failure_probability_by_hand(horizon: float, probability: float) -> None:
    assert failure_probability(CURVE, STEP, np.array([horizon]))[0, 0] == pytest.approx(probability)
    assert cumulative(CURVE, STEP, np.array([horizon]))[0] == pytest.approx(probability)


@pytest.mark.parametrize(
    ("level", "life"), [(0.0, 0.0), (0.1, 5.0), (0.2, 10.0), (0.3, 15.0), (0.65, 35.0), (0.9, 40.0), (0.95, 40.0)]
)
def test_quantile_by_hand(level: float, life: float) -> None:
    assert quantile(CURVE, STEP, level)[0] == pytest.approx(life)


def test_mean_by_hand() -> None:
    assert mean_life(CURVE, STEP)[0] == pytest.approx(10 * (0.9 + 0.7 + 0.6 + 0.35))
    assert mean_life(np.ones((1, 4)), STEP)[0] == 40.0
    assert mean_life(np.zeros((1, 4)), STEP)[0] == 5.0  # dead within the first step: in its middle


def test_level_may_differ_from_row_to_row() -> None:
    rows = np.repeat(CURVE, 2, axis=0)
    assert quantile(rows, STEP, np.array([0.1, 0.3])).tolist() == pytest.approx([5.0, 15.0])


def test_several_horizons_of_several_rows() -> None:
    rows = np.concatenate([CURVE, np.ones((1, 4))])
    found = failure_probability(rows, STEP, np.array([5.0, 40.0]))
    np.testing.assert_allclose(found, [[0.1, 0.9], [0.0, 0.0]])


def test_curve_that_never_falls_has_every_quantile_at_the_cap() -> None:
    assert quantile(np.ones((1, 4)), STEP, 0.05)[0] == 40.0


@given(curves(falling=True), st.floats(0, 1))
def test_quantile_and_cumulative_are_inverse(survival: NDArray[np.float64], level: float) -> None:
    reachable = level * float(1.0 - survival[0, -1])
    life = quantile(survival, STEP, reachable)
    assert cumulative(survival, STEP, life)[0] == pytest.approx(reachable, abs=1e-9)


@given(curves(), st.floats(0, 1), st.floats(0, 1))
def test_higher_level_is_never_an_earlier_quantile(survival: NDArray[np.float64], one: float, other: float) -> None:
    low, high = sorted([one, other])
    cap = survival.shape[1] * STEP
    assert 0 <= quantile(survival, STEP, low)[0] <= quantile(survival, STEP, high)[0] + 1e-9 <= cap + 1e-6


@given(curves(), st.lists(st.floats(0, 200), min_size=2, max_size=5))
def test_probability_never_falls_with_the_horizon(survival: NDArray[np.float64], horizons: list[float]) -> None:
    found = failure_probability(survival, STEP, np.array(sorted(horizons)))[0]
    assert (np.diff(found) >= -1e-12).all()
    assert ((found >= 0) & (found <= 1)).all()


@given(curves())
def test_mean_lies_between_nothing_and_the_cap(survival: NDArray[np.float64]) -> None:
    cap = survival.shape[1] * STEP
    assert 0 < mean_life(survival, STEP)[0] <= cap
    grid = np.linspace(0, cap, 4001)
    plain = np.trapezoid(1.0 - failure_probability(survival, STEP, grid)[0], grid)
    assert mean_life(survival, STEP)[0] == pytest.approx(float(plain), rel=1e-4)


@given(st.lists(curves(), min_size=2, max_size=2), st.floats(0, 1))
def test_no_row_depends_on_another(both: list[NDArray[np.float64]], level: float) -> None:
    size = min(each.shape[1] for each in both)
    rows = np.concatenate([each[:, :size] for each in both])
    alone = [quantile(rows[index : index + 1], STEP, level)[0] for index in range(2)]
    assert quantile(rows, STEP, level).tolist() == alone
