"""Ways to judge the rows of many machines as they come: this product's two, and scikit-learn's, a model a machine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.bench.condition_stream import LEARNT, STREAMED, Drawn, fitted, streamed
from features.transforms.condition.step import advance
from features.transforms.condition.together.step import Together

Scores = NDArray[np.float64]
Way = Callable[[], Scores]
"""Judges the whole stream; returns the scores, shape (machine, row)."""

_TREES = 200
_KEPT = 0.9


def one_by_one(drawn: Drawn) -> Way:
    """Return the product's way for one row of one machine at a time."""
    (model, states), later = fitted(drawn), streamed(drawn)

    def run() -> Scores:
        after = [state.copy() for state in states]
        told = [
            [advance(model, state, machine.row(place)).score for state, machine in zip(after, later, strict=True)]
            for place in range(STREAMED)
        ]
        return np.array(told).T

    return run


def together(drawn: Drawn) -> Way:
    """Return the product's way for the rows of all machines that came at the same time."""
    (model, states), later = fitted(drawn), streamed(drawn)

    def run() -> Scores:
        machines, told = Together(model, states), []
        for place in range(STREAMED):
            answers = machines.advance([machine.row(place) for machine in later])
            told.append([np.nan if answer is None else answer.score for answer in answers])
        return np.array(told).T

    return run


def forest(drawn: Drawn) -> Way:
    """Return scikit-learn's isolation forest, one for each machine."""
    from sklearn.ensemble import IsolationForest  # type: ignore[import-untyped]  # lazy; ships no types

    models = [IsolationForest(n_estimators=_TREES, random_state=0).fit(rows[:LEARNT]) for rows in drawn.rows]

    def run() -> Scores:
        told = [
            [-model.score_samples(row[None, :])[0] for row in rows[LEARNT:]]
            for model, rows in zip(models, drawn.rows, strict=True)
        ]
        return np.array(told)

    return run


@dataclass(frozen=True, slots=True)
class _Components:
    """Principal components of one machine, with what its rows are scaled by."""

    center: Scores
    scale: Scores
    model: Any  # scikit-learn ships no types


def _components(drawn: Drawn) -> list[_Components]:
    from sklearn.decomposition import PCA  # type: ignore[import-untyped]  # lazy; ships no types

    scales = [(rows[:LEARNT].mean(axis=0), rows[:LEARNT].std(axis=0)) for rows in drawn.rows]
    return [
        _Components(center, scale, PCA(_KEPT).fit((rows[:LEARNT] - center) / scale))
        for rows, (center, scale) in zip(drawn.rows, scales, strict=True)
    ]


def components(drawn: Drawn) -> Way:
    """Return the squared prediction error of scikit-learn's principal components, one model for each machine."""
    machines = _components(drawn)

    def run() -> Scores:
        found = []
        for machine, rows in zip(machines, drawn.rows, strict=True):
            told = []
            for row in rows[LEARNT:]:
                score = ((row - machine.center) / machine.scale)[None, :]
                again = machine.model.inverse_transform(machine.model.transform(score))
                told.append(float(np.square(score - again).sum()))
            found.append(told)
        return np.array(found)

    return run


def components_by_hand(drawn: Drawn) -> Way:
    """Return the same error for all machines in one go, as one may write it in NumPy; scikit-learn has no such form."""
    machines = _components(drawn)
    center, scale = (np.stack([getattr(each, name) for each in machines]) for name in ("center", "scale"))
    most = max(len(each.model.components_) for each in machines)
    kept = np.zeros((len(machines), most, center.shape[1]))
    for place, each in enumerate(machines):
        kept[place, : len(each.model.components_)] = each.model.components_
    rows = np.stack([each[LEARNT:] for each in drawn.rows], axis=1)

    def run() -> Scores:
        told = []
        for given in rows:
            score = (given - center) / scale
            apart = score - np.vecmat(np.matvec(kept, score), kept)
            told.append(np.vecdot(apart, apart))
        return np.array(told).T

    return run
