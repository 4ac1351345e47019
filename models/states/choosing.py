"""Which features and which penalty: chosen on stretches left out, by log loss, within what is learned from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.states.logistic import StateFit, fit_states

PENALTIES = (1.0, 10.0, 100.0, 1000.0)
_FOLDS = 6
_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class ChosenStates:
    """A model and how it was chosen.

    Attributes:
        group: Name of the group of features.
        log_loss: Mean log loss on what was left out.
    """

    fit: StateFit
    group: str
    penalty: float
    log_loss: float


def choose_states(
    vectors: NDArray[np.float32],
    labels: NDArray[np.str_],
    unit: NDArray[np.int64],
    groups: Mapping[str, NDArray[np.int64]],
) -> ChosenStates:
    """Choose features and penalty, then fit on everything.

    Args:
        vectors: NaN where unknown. Shape (batch, feature).
        labels: Names of the states. Shape (batch,).
        unit: What must stay together when parts are left out. Shape (batch,).
        groups: Columns of each group of features.

    Raises:
        TooFewStates: If there are not two different labels.
    """
    folds = deal(unit, _FOLDS)
    tried = [
        (_left_out(vectors, labels, folds, columns, penalty), name, penalty)
        for name, columns in groups.items()
        for penalty in PENALTIES
    ]
    loss, group, penalty = min(tried, key=lambda each: each[0])
    return ChosenStates(fit_states(vectors, labels, groups[group], penalty), group, penalty, loss)


def log_loss(fit: StateFit, vectors: NDArray[np.float32], labels: Sequence[str] | NDArray[np.str_]) -> float:
    """Return the sum of log losses; a state that the model does not know costs as much as one it deems impossible."""
    probability, place = fit.probability(vectors), {value: index for index, value in enumerate(fit.values)}
    known = [row[place[label]] if label in place else 0.0 for row, label in zip(probability, labels, strict=True)]
    return -float(sum(math.log(max(each, _SMALLEST)) for each in known))


def deal(unit: NDArray[np.int64], folds: int) -> NDArray[np.int64]:
    """Deal units into folds, in turn. Shape (batch,)."""
    _, place = np.unique(unit, return_inverse=True)
    return np.asarray(place % folds, np.int64)


def _left_out(
    vectors: NDArray[np.float32],
    labels: NDArray[np.str_],
    folds: NDArray[np.int64],
    columns: NDArray[np.int64],
    penalty: float,
) -> float:
    total = 0.0
    for fold in np.unique(folds):
        judged = folds == fold
        if len(np.unique(labels[~judged])) < 2:  # nothing to learn from: as good as a guess at the only state, or none
            total += float(judged.sum()) * math.log(max(2, len(np.unique(labels))))
            continue
        total += log_loss(
            fit_states(vectors[~judged], labels[~judged], columns, penalty), vectors[judged], labels[judged]
        )
    return total / len(labels)
