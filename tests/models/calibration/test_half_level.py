import numpy as np
import pytest
from numpy.typing import NDArray

from models.calibration.half_level import conformal_half_level, conformal_scores, interval
from models.prognosis.metrics import coverage

STEP, STEPS = 5.0, 20
CAP = STEP * STEPS
GRID = STEP * np.arange(1, STEPS + 1)


def fleet(rows: int, seed: int, sharpness: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return predicted curves and lives: lives are exponential, curves know their scale but not how sharp to be."""
    generator = np.random.default_rng(seed)
    scale = generator.uniform(20.0, 120.0, rows)
    lives = scale * generator.exponential(size=rows)
    return np.exp(-((GRID[None, :] / scale[:, None]) ** sharpness)), lives


@pytest.mark.parametrize("sharpness", [0.7, 1.0, 2.0])
def test_intervals_cover_as_promised_whatever_the_model_believes(sharpness: float) -> None:
    curves, lives = fleet(4000, 1, sharpness)
    level = conformal_half_level(curves, STEP, lives)
    others, others_lives = fleet(4000, 2, sharpness)
    low, high = interval(others, STEP, level)
    found = coverage(low, high, np.minimum(others_lives, CAP))
    assert 0.88 < found < 0.92
    assert (low <= high).all()
    assert ((low >= 0) & (high <= CAP)).all()


def test_row_is_covered_exactly_if_its_score_is_within_the_level() -> None:
    curves, lives = fleet(500, 3, 1.0)
    scores = conformal_scores(curves, STEP, lives)
    assert ((scores >= 0) & (scores <= 0.5)).all()
    low, high = interval(curves, STEP, 0.3)
    inside = (low - 1e-9 <= np.minimum(lives, CAP)) & (np.minimum(lives, CAP) <= high + 1e-9)
    np.testing.assert_array_equal(inside, scores <= 0.3)


def test_life_at_the_cap_is_covered_as_soon_as_the_upper_bound_reaches_it() -> None:
    curve = np.linspace(0.95, 0.2, STEPS)[None, :]  # a fifth outlives the grid
    assert conformal_scores(curve, STEP, np.array([CAP]))[0] == pytest.approx(0.3)
    assert conformal_scores(curve, STEP, np.array([10 * CAP]))[0] == pytest.approx(0.3)
    assert interval(curve, STEP, 0.3 + 1e-9)[1][0] == CAP
    assert interval(curve, STEP, 0.3 - 1e-3)[1][0] < CAP


def test_life_at_the_cap_that_was_expected_to_reach_it_costs_nothing() -> None:
    assert conformal_scores(np.full((1, STEPS), 0.9), STEP, np.array([CAP]))[0] == 0.0


def test_score_by_hand() -> None:
    curve = np.array([[0.8, 0.4]])
    assert conformal_scores(curve, 10.0, np.array([5.0]))[0] == pytest.approx(0.4)
    assert conformal_scores(curve, 10.0, np.array([15.0]))[0] == pytest.approx(0.1)


def test_level_is_the_rank_of_split_conformal_prediction() -> None:
    curves, lives = fleet(9, 4, 1.0)
    assert conformal_half_level(curves, STEP, lives) == np.sort(conformal_scores(curves, STEP, lives))[8]
    assert conformal_half_level(curves, STEP, lives, 0.5) == np.sort(conformal_scores(curves, STEP, lives))[4]


def test_too_few_rows_are_refused_with_the_number_that_would_do() -> None:
    curves, lives = fleet(8, 4, 1.0)
    with pytest.raises(ValueError, match=r"at least 9 rows.*found 8"):
        conformal_half_level(curves, STEP, lives)
    with pytest.raises(ValueError, match="at least 19 rows"):
        conformal_half_level(curves, STEP, lives, 0.95)
