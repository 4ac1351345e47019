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

    Of all that do about as well as the best, within one standard error of it, the most cautious is taken (Hastie,
    Tibshirani & Friedman 2009, section 7.10): few stretches make the best look better than it is.

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
        (name, penalty, _left_out(vectors, labels, folds, columns, penalty))
        for penalty in sorted(PENALTIES, reverse=True)
        for name, columns in groups.items()
    ]
    best = min((losses for _, _, losses in tried), key=lambda losses: float(losses.mean()))
    allowed = float(best.mean() + best.std() / math.sqrt(len(best)))
    group, penalty, losses = next(each for each in tried if each[2].mean() <= allowed)
    return ChosenStates(fit_states(vectors, labels, groups[group], penalty), group, penalty, float(losses.mean()))


def log_losses(
    fit: StateFit, vectors: NDArray[np.float32], labels: Sequence[str] | NDArray[np.str_]
) -> NDArray[np.float64]:
    """Return log losses; a state that the model does not know costs as much as one that it deems impossible."""
    probability, place = fit.probability(vectors), {value: index for index, value in enumerate(fit.values)}
    known = [row[place[label]] if label in place else 0.0 for row, label in zip(probability, labels, strict=True)]
    return -np.log(np.maximum(known, _SMALLEST))


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
) -> NDArray[np.float64]:
    """Return the log loss of each row by a model of the other folds. Shape (batch,)."""
    losses = np.empty(len(labels))
    for fold in np.unique(folds):
        judged = folds == fold
        if len(np.unique(labels[~judged])) < 2:  # nothing to learn from: as good as a guess
            losses[judged] = math.log(max(2, len(np.unique(labels))))
        else:
            fit = fit_states(vectors[~judged], labels[~judged], columns, penalty)
            losses[judged] = log_losses(fit, vectors[judged], labels[judged])
    return losses
