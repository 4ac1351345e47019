"""States that may hold at the same time, such as failure modes of one part: trees for each, and one for "any".

Each mode has boosted trees of its own (LightGBM). That any of them holds follows by a noisy or, 1 - Π (1 - p), so that
a mode that cannot be told drowns none that can. Where a probability becomes an answer is chosen on rows that the trees
have not seen, within what is learned from, by the F1 of each mode and of "any". Bins are as fine as the data: rules of
machines have sharp limits out in the tails, where the usual 255 bins are too coarse.

Source: Ke et al. 2017, "LightGBM: a highly efficient gradient boosting decision tree", NeurIPS; Pearl 1988,
"Probabilistic reasoning in intelligent systems", section 4.3.2 (noisy or).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.states.errors import TooFewStates

_FOLDS = 4
_SMALLEST = 1e-6
_SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.1,
    "max_bin": 10_000,
    "min_data_in_bin": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class _Growth:
    """How far trees may go: after sharp limits that few rows show, or after what many rows show alone."""

    rounds: int
    leaves: int
    rows_in_leaf: int


_GROWTHS = (_Growth(30, 4, 60), _Growth(40, 8, 15), _Growth(60, 8, 3))

Vectors = NDArray[np.float32] | NDArray[np.float64]
_Predict = Callable[[Vectors], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class ModesFit:
    """Trees of every mode, and from which probability on an answer is yes.

    Attributes:
        modes: Their names.
        trees: One by mode.
        thresholds: One by mode.
        any_threshold: Of the noisy or.
    """

    modes: tuple[str, ...]
    trees: tuple[_Predict, ...]
    thresholds: tuple[float, ...]
    any_threshold: float

    def probability(self, vectors: Vectors) -> NDArray[np.float64]:
        """Return the probability of every mode. From (batch, feature) to (batch, mode)."""
        return np.stack([tree(vectors) for tree in self.trees], axis=1)

    def tell(self, vectors: Vectors) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Say which modes hold, shape (batch, mode), and whether any does, shape (batch,)."""
        probability = self.probability(vectors)
        return probability >= np.array(self.thresholds), noisy_or(probability) >= self.any_threshold


def fit_modes(
    vectors: Vectors,
    holds: NDArray[np.bool_],
    any_holds: NDArray[np.bool_],
    modes: tuple[str, ...],
    seed: int = 0,
) -> ModesFit:
    """Fit the trees of every mode and choose thresholds on rows left out.

    Args:
        vectors: NaN where unknown. Shape (batch, feature).
        holds: Which modes hold. Shape (batch, mode).
        any_holds: What "any" is to be; it may hold for a reason that is no mode. Shape (batch,).
        modes: Their names.
        seed: Deals the rows.

    Raises:
        TooFewStates: If a mode never holds, or always.
    """
    if not (holds.any(axis=0) & ~holds.all(axis=0)).all():
        raise TooFewStates("Every mode must hold in some rows and not in others; one does not. Label further rows.")
    fold = deal_evenly(any_holds, _FOLDS, seed)
    trees, unseen = zip(*(_choose(vectors, holds[:, mode], fold) for mode in range(len(modes))), strict=True)
    return ModesFit(
        modes=modes,
        trees=tuple(trees),
        thresholds=tuple(best_threshold(holds[:, mode], unseen[mode]) for mode in range(len(modes))),
        any_threshold=best_threshold(any_holds, noisy_or(np.stack(unseen, axis=1))),
    )


def noisy_or(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability that any holds, were each to do so by itself. From (batch, mode) to (batch,).

    Examples:
        >>> noisy_or(np.array([[0.5, 0.5], [0.0, 0.2]])).tolist()
        [0.75, 0.2]
    """
    return np.asarray(np.round(1.0 - np.prod(1.0 - probability, axis=1), 12), np.float64)


def best_threshold(is_true: NDArray[np.bool_], probability: NDArray[np.float64]) -> float:
    """Return the probability from which on "yes" has the best F1, halfway to the next lower one.

    Args:
        is_true: At least one holds. Shape (batch,).
        probability: Shape (batch,).

    Examples:
        >>> best_threshold(np.array([True, False, True, False]), np.array([0.9, 0.1, 0.6, 0.2]))
        0.4
    """
    order = np.argsort(-probability, kind="stable")
    sorted_ones = probability[order]
    hits, told = np.cumsum(is_true[order]), np.arange(1, len(order) + 1)
    f1 = 2.0 * hits / (told + int(is_true.sum()))
    is_last = np.append(sorted_ones[1:] != sorted_ones[:-1], True)  # rows of equal probability go together
    place = int(np.argmax(np.where(is_last, f1, -1.0)))
    lower = sorted_ones[place + 1] if place + 1 < len(order) else 0.0
    return float((sorted_ones[place] + lower) / 2.0)


def deal_evenly(is_true: NDArray[np.bool_], folds: int, seed: int) -> NDArray[np.int64]:
    """Deal rows into folds by chance, as many true ones into each as can be. Shape (batch,)."""
    rng, fold = np.random.default_rng(seed), np.empty(len(is_true), np.int64)
    for value in (True, False):
        rows = rng.permutation(np.flatnonzero(is_true == value))
        fold[rows] = np.arange(len(rows)) % folds
    return fold


def _choose(
    vectors: Vectors, holds: NDArray[np.bool_], fold: NDArray[np.int64]
) -> tuple[_Predict, NDArray[np.float64]]:
    """Return the trees of one mode, and what trees that grew alike say of rows that they have not seen.

    Of all ways to grow, the one with the smallest log loss on those rows is taken.
    """
    best, chosen, unseen = np.inf, _GROWTHS[0], np.zeros(len(holds))
    for growth in _GROWTHS:
        told = np.empty(len(holds))
        for index in range(_FOLDS):
            judged = fold == index
            told[judged] = _grow(vectors[~judged], holds[~judged], growth)(vectors[judged])
        loss = float(-np.log(np.maximum(np.where(holds, told, 1.0 - told), _SMALLEST)).mean())
        if loss < best:
            best, chosen, unseen = loss, growth, told
    return _grow(vectors, holds, chosen), unseen


def _grow(vectors: Vectors, holds: NDArray[np.bool_], growth: _Growth) -> _Predict:
    import lightgbm  # lazy: only training pays

    settings = _SETTINGS | {"num_leaves": growth.leaves, "min_data_in_leaf": growth.rows_in_leaf}
    data = lightgbm.Dataset(vectors, holds.astype(np.float64), free_raw_data=True)
    booster = lightgbm.train(settings, data, num_boost_round=growth.rounds)
    return lambda rows: np.asarray(booster.predict(rows, num_threads=1), np.float64)
