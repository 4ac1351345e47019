import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import f1_score  # type: ignore[import-untyped]  # ships no types

from models.states.errors import TooFewStates
from models.states.modes import best_threshold, deal_evenly, fit_modes, noisy_or

MODES = ("hot", "chance")


def parts(rows: int = 600, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """One mode follows a sharp limit of two readings together, the other strikes a few of the old by chance."""
    rng = np.random.default_rng(seed)
    vectors = rng.uniform(size=(rows, 3)).astype(np.float32)
    hot = (vectors[:, 0] > 0.7) & (vectors[:, 1] < 0.4)
    chance = (vectors[:, 2] > 0.8) & (rng.random(rows) < 0.15)
    return vectors, np.stack([hot, chance], axis=1)


def either(holds: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(holds.any(axis=1), np.bool_)


def test_a_mode_that_follows_a_limit_is_told_and_chance_drowns_it_not() -> None:
    vectors, holds = parts()
    fit = fit_modes(vectors, holds, either(holds), MODES)
    others, truth = parts(seed=1)
    told, any_told = fit.tell(others)
    assert f1_score(truth[:, 0], told[:, 0]) > 0.9
    best = f1_score(truth.any(axis=1), truth[:, 0])  # who knows the limit and nothing else
    assert f1_score(truth.any(axis=1), any_told) > best - 0.12


def test_the_same_rows_give_the_same_fit_and_no_row_hangs_on_another() -> None:
    vectors, holds = parts(300)
    one, other = (fit_modes(vectors, holds, either(holds), MODES) for _ in range(2))
    assert one.thresholds == other.thresholds
    np.testing.assert_array_equal(one.probability(vectors), other.probability(vectors))
    np.testing.assert_array_equal(one.probability(vectors)[:7], one.probability(vectors[:7]))


def test_a_mode_that_never_holds_is_refused() -> None:
    vectors, holds = parts(60)
    with pytest.raises(TooFewStates, match="Every mode"):
        fit_modes(vectors, holds & np.array([True, False]), either(holds), MODES)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_no_other_threshold_has_a_better_f1(rows: list[tuple[bool, int]]) -> None:
    is_true = np.array([True, *(each for each, _ in rows)])
    probability = np.array([0.3, *(level / 5 for _, level in rows)])
    found = f1_score(is_true, probability >= best_threshold(is_true, probability))
    every = [f1_score(is_true, probability >= cut, zero_division=0.0) for cut in np.unique(probability)]
    assert found == pytest.approx(max(every))


def test_folds_share_what_is_true_evenly() -> None:
    is_true = np.arange(100) < 17
    fold = deal_evenly(is_true, 4, seed=3)
    assert np.ptp(np.bincount(fold[is_true])) <= 1
    assert np.ptp(np.bincount(fold)) <= 2


def test_noisy_or_is_at_least_each_and_at_most_their_sum() -> None:
    probability = np.random.default_rng(0).uniform(size=(50, 3))
    found = noisy_or(probability)
    assert (found >= probability.max(axis=1) - 1e-9).all()
    assert (found <= np.minimum(probability.sum(axis=1), 1.0) + 1e-9).all()
