"""Learning a named state: judged on machines not seen (or blocks of one machine), then fitted on all labels."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import Pack
from features.transforms.specification import FeatureSpecification
from models.states.choosing import ChosenStates, choose_states, deal, log_losses
from pipelines.onboard.states.stretches import (
    Stretch,
    feature_groups,
    fit_state_specification,
    state_pack,
    stretch_vectors,
)

_MOST_FOLDS = 8
_DOUBT = 0.05


@dataclass(frozen=True, slots=True)
class StateFigures:
    """How well a state is told on stretches that were left out.

    Attributes:
        protocol: In words.
        stretches: Judged.
        right: How many were told right.
        majority: How many a guess at the most frequent state of the others would have told right.
        log_loss: Mean over stretches.
        chance: Probability of so many right answers, or more, if it were a guess at the most frequent state.
    """

    protocol: str
    stretches: int
    right: int
    majority: int
    log_loss: float
    chance: float

    @property
    def is_told(self) -> bool:
        """Whether it can be told at all, with five in a hundred doubts."""
        return self.right > self.majority and self.chance < _DOUBT


@dataclass(frozen=True, slots=True)
class LearnedState:
    """A model of one target.

    Attributes:
        specification: Of the features of a stretch.
        chosen: The model, fitted on every labelled stretch.
        told: What was told of each stretch when it was left out, in their order.
    """

    target: str
    specification: FeatureSpecification
    chosen: ChosenStates
    figures: StateFigures
    told: tuple[str, ...]

    def tell(self, stretches: Sequence[Stretch]) -> list[tuple[str, float]]:
        """Return the most likely state of each stretch, and its probability."""
        if not stretches:
            return []
        probability = self.chosen.fit.probability(stretch_vectors(self.specification, stretches))
        best = probability.argmax(axis=1)
        values = self.chosen.fit.values
        return [(values[place], float(row[place])) for place, row in zip(best, probability, strict=True)]


def learn_state(
    pack: Pack,
    target: str,
    labelled: Sequence[Stretch],
    tell: Callable[[int, int], None] | None = None,
    *,
    each: bool = False,
) -> LearnedState:
    """Judge, then fit on all.

    Args:
        pack: Says which features.
        target: The named state.
        labelled: Stretches with labels, of two values at least.
        tell: Told of folds done.
        each: Leave out one stretch at a time, whatever machine it is of, as a data set's own protocol may ask.

    Raises:
        TooFewStates: If there are not two different labels.
    """
    wider = state_pack(pack)
    labels = np.array([str(stretch.value) for stretch in labelled])
    unit, fold, words = _protocol(labelled, each=each)
    told, loss, majority = [""] * len(labelled), 0.0, 0
    folds = np.unique(fold)
    for done, index in enumerate(folds, start=1):
        judged, training = fold == index, _training(fold, index, unit, is_alone=words.startswith("a single"))
        majority += int((labels[judged] == _most_frequent(labels[training])).sum())
        loss += _judge(wider, labelled, labels, unit, training, judged, told)
        if tell is not None:
            tell(done, len(folds))
    right = int((np.array(told) == labels).sum())
    chance = binomial_tail(right, len(labels), majority / len(labels))
    specification = fit_state_specification(wider, labelled)
    vectors = stretch_vectors(specification, labelled)
    chosen = choose_states(vectors, labels, unit, feature_groups(specification))
    figures = StateFigures(words, len(labels), right, majority, loss / len(labels), chance)
    return LearnedState(target, specification, chosen, figures, tuple(told))


def binomial_tail(right: int, count: int, share: float) -> float:
    """Return the probability of `right` or more right answers of `count`, each right with probability `share`.

    Examples:
        >>> round(binomial_tail(2, 2, 0.5), 9)
        0.25
    """
    share = min(max(share, 1e-9), 1.0)
    whole, log_share, log_rest = math.lgamma(count + 1), math.log(share), math.log(max(1 - share, 1e-300))
    return min(
        1.0,
        sum(
            math.exp(whole - math.lgamma(k + 1) - math.lgamma(count - k + 1) + k * log_share + (count - k) * log_rest)
            for k in range(right, count + 1)
        ),
    )


def _judge(
    pack: Pack,
    labelled: Sequence[Stretch],
    labels: NDArray[np.str_],
    unit: NDArray[np.int64],
    training: NDArray[np.bool_],
    judged: NDArray[np.bool_],
    told: list[str],
) -> float:
    """Tell the stretches of one fold by the others, write the answers down, and return the sum of log losses."""
    places = np.flatnonzero(judged).tolist()
    if len(np.unique(labels[training])) < 2:
        for place in places:
            told[place] = _most_frequent(labels[training])
        return len(places) * math.log(2)
    seen = [labelled[place] for place in np.flatnonzero(training).tolist()]
    specification = fit_state_specification(pack, seen)
    vectors = stretch_vectors(specification, seen)
    chosen = choose_states(vectors, labels[training], unit[training], feature_groups(specification))
    others = stretch_vectors(specification, [labelled[place] for place in places])
    for place, row in zip(places, chosen.fit.probability(others), strict=True):
        told[place] = chosen.fit.values[int(row.argmax())]
    return float(log_losses(chosen.fit, others, labels[judged]).sum())


def _protocol(labelled: Sequence[Stretch], *, each: bool) -> tuple[NDArray[np.int64], NDArray[np.int64], str]:
    """Return what must stay together, the fold of each stretch, and the protocol in words."""
    places = np.arange(len(labelled))
    if each:
        return places, places, f"each of {len(labelled)} stretches by all others"
    _, machine = np.unique([stretch.asset for stretch in labelled], return_inverse=True)
    machines = int(machine.max()) + 1
    if machines > 1:
        fold = deal(machine.astype(np.int64), min(machines, _MOST_FOLDS))
        words = f"{fold.max() + 1} folds of machines; none is judged by a model that has seen it"
        return machine.astype(np.int64), fold, words
    count = min(len(labelled), _MOST_FOLDS)
    blocks = np.asarray(places * count // len(labelled), np.int64)
    words = (
        f"a single machine: {count} blocks of time, the stretches beside a block left out; how it does on others is "
        "not known"
    )
    return places, blocks, words


def _training(fold: NDArray[np.int64], index: int, unit: NDArray[np.int64], *, is_alone: bool) -> NDArray[np.bool_]:
    """Return what may be learned from: other folds, and with a single machine not the neighbours of this one."""
    training = fold != index
    if is_alone:
        inside = unit[fold == index]
        training = training & ((unit < inside.min() - 1) | (unit > inside.max() + 1))
    return np.asarray(training, np.bool_)


def _most_frequent(labels: NDArray[np.str_]) -> str:
    values, count = np.unique(labels, return_counts=True)
    return str(values[count.argmax()]) if len(values) else ""
