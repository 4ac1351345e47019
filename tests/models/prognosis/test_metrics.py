import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (  # type: ignore[import-untyped]  # scikit-learn ships no types
    brier_score_loss,
    root_mean_squared_error,
)

from models.prognosis.metrics import (
    bootstrap_difference,
    brier,
    brier_skill,
    coverage,
    known_outcomes,
    phm08_score,
    root_mean_square,
)

PAIRS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30)
LIVES = st.lists(st.floats(0, 1e3), min_size=1, max_size=30)


@given(PAIRS)
def test_brier_is_that_of_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    probability, outcome = np.array([p for p, _ in pairs]), np.array([o for _, o in pairs])
    expected = brier_score_loss(outcome.astype(int), probability, pos_label=1)
    assert brier(probability, outcome) == pytest.approx(float(expected))


@given(LIVES)
def test_root_mean_square_is_that_of_scikit_learn(lives: list[float]) -> None:
    truth = np.array(lives)
    assert root_mean_square(truth[::-1] - truth) == pytest.approx(float(root_mean_squared_error(truth, truth[::-1])))


def test_phm08_score_by_hand() -> None:
    assert phm08_score(np.array([0.0])) == 0.0
    assert phm08_score(np.array([10.0])) == pytest.approx(math.e - 1)
    assert phm08_score(np.array([-13.0])) == pytest.approx(math.e - 1)
    assert phm08_score(np.array([5.0, -5.0])) == pytest.approx(math.exp(0.5) + math.exp(5 / 13) - 2)
    assert phm08_score(np.array([20.0])) > phm08_score(np.array([-20.0]))


def test_coverage_counts_the_bounds() -> None:
    low, high = np.array([0.0, 0.0, 0.0, 0.0]), np.array([10.0, 10.0, 10.0, 10.0])
    assert coverage(low, high, np.array([0.0, 10.0, -0.1, 10.1])) == 0.5


def test_life_censored_before_the_horizon_tells_nothing_of_it() -> None:
    remaining = np.array([5.0, 5.0, 10.0, 15.0, 15.0])
    is_failure = np.array([True, False, True, True, False])
    outcome, is_known = known_outcomes(remaining, is_failure, 10.0)
    assert outcome.tolist() == [True, False, True, False, False]
    assert is_known.tolist() == [True, False, True, True, True]


def test_skill_is_nought_for_the_constant_hazard_and_one_for_the_truth() -> None:
    remaining, is_failure = np.array([5.0, 20.0, 40.0]), np.array([True, True, False])
    horizons, rate = (10.0, 30.0), 0.02
    constant = np.tile(1.0 - np.exp(-rate * np.array(horizons)), (3, 1))
    truth = np.array([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    assert brier_skill(constant, rate, remaining, is_failure, horizons) == pytest.approx(0.0)
    assert brier_skill(truth, rate, remaining, is_failure, horizons) == pytest.approx(1.0)
    assert brier_skill(1.0 - truth, rate, remaining, is_failure, horizons) < 0


def test_skill_by_hand_leaves_unknown_outcomes_out() -> None:
    remaining, is_failure = np.array([5.0, 5.0, 20.0]), np.array([True, False, True])
    probability = np.array([[0.8], [0.9], [0.1]])
    constant = 1.0 - math.exp(-0.1)
    reference = ((1 - constant) ** 2 + constant**2) / 2
    expected = 1.0 - (0.2**2 + 0.1**2) / 2 / reference
    assert brier_skill(probability, 0.01, remaining, is_failure, (10.0,)) == pytest.approx(expected)


def test_skill_without_any_known_outcome_is_no_number() -> None:
    assert math.isnan(brier_skill(np.array([[0.5]]), 0.01, np.array([5.0]), np.array([False]), (10.0,)))


def test_bootstrap_interval_holds_the_difference_and_takes_whole_machines() -> None:
    generator = np.random.default_rng(0)
    machine = np.repeat(np.arange(60), 10)
    shared = np.repeat(generator.standard_normal(60), 10)
    better = shared + 0.1 * generator.standard_normal(600)
    worse = 1.5 * shared + 0.1 * generator.standard_normal(600)
    low, high = bootstrap_difference(better, worse, machine, seed=0)
    difference = root_mean_square(better) - root_mean_square(worse)
    assert low < difference < high < 0
    rows_low, rows_high = bootstrap_difference(better, worse, np.arange(600), seed=0)
    assert high - low > 1.5 * (rows_high - rows_low)
    assert bootstrap_difference(better, worse, machine, seed=0) == (low, high)
    assert bootstrap_difference(better, better, machine, seed=0) == (0.0, 0.0)
