import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # ships no types

from models.states.errors import TooFewStates
from models.states.logistic import StateNetwork, fit_states

COLUMNS = np.array([0, 1])


def rows(count: int = 90, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.repeat(["low", "middle", "high"], count // 3)
    level = np.repeat([0.0, 1.5, 3.0], count // 3)
    vectors = np.stack([level + generator.standard_normal(count), generator.standard_normal(count)], axis=1)
    return vectors.astype(np.float32), labels


def test_probabilities_are_those_of_another_library() -> None:
    vectors, labels = rows()
    fit = fit_states(vectors, labels, COLUMNS, 2.0)
    scaled = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    other = LogisticRegression(C=0.5, tol=1e-8, max_iter=1000).fit(scaled, labels)
    assert fit.values == tuple(other.classes_)
    assert fit.probability(vectors) == pytest.approx(other.predict_proba(scaled), abs=2e-3)


def test_network_for_export_says_the_same() -> None:
    vectors, labels = rows()
    vectors[3, 1] = np.nan
    fit = fit_states(vectors, labels, COLUMNS, 1.0)
    told = StateNetwork(fit)(torch.from_numpy(vectors)).numpy()
    assert told == pytest.approx(fit.probability(vectors), abs=1e-5)


def test_more_features_than_rows_are_taken() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.standard_normal((8, 50)).astype(np.float32)
    fit = fit_states(vectors, np.array(["a", "b"] * 4), np.arange(50), 10.0)
    assert np.isfinite(fit.probability(vectors)).all()


def test_feature_that_never_varied_or_is_unknown_says_nothing() -> None:
    vectors, labels = rows()
    wider = np.concatenate([vectors, np.ones((len(vectors), 1)), np.full((len(vectors), 1), np.nan)], axis=1)
    narrow = fit_states(vectors, labels, COLUMNS, 1.0).probability(vectors)
    wide = fit_states(wider.astype(np.float32), labels, np.arange(4), 1.0).probability(wider.astype(np.float32))
    assert wide == pytest.approx(narrow, abs=1e-4)


def test_one_state_alone_is_refused() -> None:
    vectors, _ = rows()
    with pytest.raises(TooFewStates, match="two values"):
        fit_states(vectors, np.full(len(vectors), "low"), COLUMNS, 1.0)
