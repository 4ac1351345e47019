from typing import Protocol

import numpy as np
import pytest
from numpy.typing import NDArray

from models.calibration.censoring import ObservationCurve, life_weights, row_weights
from tests.models.calibration.fleets import CAP, weibull_fleet


class Weights(Protocol):
    def __call__(
        self,
        remaining: NDArray[np.float64],
        is_failure: NDArray[np.bool_],
        age: NDArray[np.float64],
        life: NDArray[np.int64],
        cap: float,
        most: float = 10.0,
    ) -> NDArray[np.float64]: ...


def test_observation_curve_by_hand() -> None:
    # five lives: failures at 2 and 4, censored at 3, 3 and 5
    curve = ObservationCurve.fit(np.array([2.0, 3.0, 3.0, 4.0, 5.0]), np.array([True, False, False, True, False]))
    # four are watched when two of them are censored at 3; an age at which one is censored is still watched
    assert curve.reaches(np.array([3.0, 3.1, 4.0])) == pytest.approx([1.0, 0.5, 0.5])


def test_failure_comes_before_censoring_at_the_same_age() -> None:
    curve = ObservationCurve.fit(np.array([2.0, 2.0, 3.0]), np.array([True, False, True]))
    assert curve.reaches(np.array([2.5])) == pytest.approx([0.5])


def test_life_is_at_risk_from_the_age_at_which_it_was_first_watched() -> None:
    end, is_failure = np.array([2.0, 3.0, 9.0, 9.0]), np.array([False, True, True, True])
    late = ObservationCurve.fit(end, is_failure, np.array([0.0, 0.0, 5.0, 5.0]))
    assert late.reaches(np.array([2.5])) == pytest.approx([0.5])
    assert ObservationCurve.fit(end, is_failure).reaches(np.array([2.5])) == pytest.approx([0.75])


@pytest.mark.parametrize("weights", [row_weights, life_weights])
class TestEitherWay:
    def test_nothing_censored_leaves_every_weight_at_one(self, weights: Weights) -> None:
        remaining, age, life = np.array([5.0, 1.0, 7.0]), np.array([1.0, 5.0, 2.0]), np.array([0, 0, 1])
        assert weights(remaining, np.ones(3, np.bool_), age, life, 100.0).tolist() == [1.0, 1.0, 1.0]

    def test_hidden_outcome_counts_nothing_and_a_life_beyond_the_cap_is_known(self, weights: Weights) -> None:
        life, is_failure = np.arange(3), np.array([True, False, False])
        found = weights(np.array([5.0, 5.0, 20.0]), is_failure, np.zeros(3), life, 20.0)
        assert found[:2].tolist() == [1.0, 0.0]
        assert found[2] > 1.0, "one of two like it was hidden"

    def test_weights_are_clipped(self, weights: Weights) -> None:
        life = np.arange(100)
        end = np.where(life > 0, 1.0 + life / 200.0, 3.0)
        found = weights(end, life == 0, np.zeros(100), life, 9.0)
        assert found[0] == 10.0
        assert weights(end, life == 0, np.zeros(100), life, 9.0, 4.0)[0] == 4.0

    def test_order_of_rows_does_not_matter(self, weights: Weights) -> None:
        fleet = weibull_fleet(30, 3, censored_above=200.0)
        order = np.random.default_rng(0).permutation(len(fleet.age))
        found = weights(fleet.remaining, fleet.is_failure, fleet.age, fleet.life, CAP)
        mixed = weights(fleet.remaining[order], fleet.is_failure[order], fleet.age[order], fleet.life[order], CAP)
        np.testing.assert_allclose(mixed, found[order])


@pytest.mark.parametrize("seed", range(3))
def test_weighted_share_of_short_lives_is_the_true_one(seed: int) -> None:
    """Among known outcomes short lives are too many; weighted they are as many as there are."""
    generator = np.random.default_rng(seed)
    length, watched = 100.0 * generator.weibull(3.0, 8000), generator.uniform(0.0, 250.0, 8000)
    end, is_failure = np.minimum(length, watched), length <= watched
    at_age_20 = end > 20.0
    end, is_failure, length = end[at_age_20], is_failure[at_age_20], length[at_age_20]
    weights = row_weights(end - 20.0, is_failure, np.full(len(end), 20.0), np.arange(len(end)), 300.0)
    is_short = end < 80.0
    truth = np.mean(length < 80.0)
    assert np.mean(is_short[is_failure]) > truth + 0.05
    assert np.average(is_short, weights=weights) == pytest.approx(truth, abs=0.02)


@pytest.mark.parametrize("censored_above", [250.0, 500.0])
def test_rows_drawn_within_lives_stand_for_those_whose_outcome_is_hidden(censored_above: float) -> None:
    """Each life counts 1: the known rows must add up to the number of lives, and to the true share of short ones."""
    fleet = weibull_fleet(3000, 5, censored_above=censored_above, rows_per_life=20)
    is_short = np.minimum(fleet.truth, CAP) < 40.0
    weights = life_weights(fleet.remaining, fleet.is_failure, fleet.age, fleet.life, CAP)
    assert np.mean(weights) == pytest.approx(1.0, abs=0.03)
    assert np.average(is_short, weights=weights) == pytest.approx(np.mean(is_short), abs=0.015)
    others = row_weights(fleet.remaining, fleet.is_failure, fleet.age, fleet.life, CAP)
    assert np.mean(others) < 0.95, "the weights for rows alike are not those for lives alike"


def test_no_rows_have_no_weights() -> None:
    none = np.empty(0)
    for weights in (row_weights, life_weights):
        assert weights(none, none.astype(np.bool_), none, none.astype(np.int64), CAP).shape == (0,)
