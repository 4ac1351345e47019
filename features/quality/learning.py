"""What a row teaches: levels, how the signals vary together, how far they usually deviate."""

import numpy as np
from numpy.typing import NDArray

from features.quality.elimination import TINY, diagonal
from features.quality.exchanges import is_frozen
from features.quality.modes import is_settled
from features.quality.plan import Plan
from features.quality.relations import Comparison
from features.quality.state import FloatArray, IntArray, QualityState

BoolArray = NDArray[np.bool_]
_REFRESH = 8
_CLOSE, _DISTANT, _WIDER, _NARROWER, _WIDEST = 0.75, 2.0, 1.15, 0.9995, 2.0


def learn(plan: Plan, state: QualityState, values: FloatArray, seen: Comparison, good: BoolArray) -> None:
    """Follow the row: levels, relations, usual deviations. What is not good counts as what the others tell of it."""
    assets, mode = np.arange(len(values)), seen.mode
    count = state.count[assets, mode]
    known = state.level_count[assets, mode]
    rate = np.maximum(1.0 / (known + 1.0), _pace(plan, state, seen, count)[:, None])
    is_passing = ~is_settled(plan, state)
    rate = np.where(
        is_passing[:, None] & (known > 0), np.where(state.away > plan.parameters.warm_up, 0.5, 0.0)[:, None], rate
    )
    deviation = np.where(good, seen.own, _follow_pairs(plan, state, seen))
    deviation = np.where(seen.usable & ~good & ~seen.judged & ~seen.suspect, 0.0, deviation)  # nobody tells it either
    first = good & (known == 0)
    level = np.where(first, np.where(first, values, 0.0), seen.level + rate * deviation * seen.size)
    state.level[assets, mode] = np.where((known > 0) | first, level, 0.0)
    state.level_count[assets, mode] = known + good
    compared = plan.is_measured & (known > 0)
    _learn_relation(plan, state, np.where(compared & ~is_passing[:, None], deviation, 0.0), count, seen)
    calm = good & seen.judged & seen.is_explained[:, None]
    size = np.minimum(np.abs(seen.rest) / np.sqrt(diagonal(seen.precision)), 5.0 * seen.scale) * 1.2533
    scale = seen.scale + np.where(calm, (size - seen.scale) / 200.0, 0.0)
    state.scale[assets, mode] = np.clip(scale, 0.7, 4.0)
    _learn_tail(state, seen)
    state.count[assets, mode] = count + 1
    _refresh(plan, state, mode)


def _pace(plan: Plan, state: QualityState, seen: Comparison, count: IntArray) -> FloatArray:
    """Levels follow slowly, and fast where the operation changed in a way never seen before."""
    is_usual = seen.is_explained | (count < plan.parameters.warm_up)
    return np.where(is_usual, 1.0 / plan.parameters.level_memory, 0.3)


def _follow_pairs(plan: Plan, state: QualityState, seen: Comparison) -> FloatArray:
    """Return what the others tell; exchanged signals, and those that may be, follow their common mean.

    That is the same either way, so that their difference stays what it was before.
    """
    told = seen.told
    frozen = is_frozen(state)
    for pair in np.flatnonzero(frozen.any(0)):
        one, two, held = plan.firsts[pair], plan.seconds[pair], frozen[:, pair]
        mean = 0.5 * (seen.own[:, one] * seen.size[:, one] + seen.own[:, two] * seen.size[:, two])
        told = told.copy()
        told[:, one] = np.where(held, mean / seen.size[:, one], told[:, one])
        told[:, two] = np.where(held, mean / seen.size[:, two], told[:, two])
    return told


def _learn_tail(state: QualityState, seen: Comparison) -> None:
    """Widen the limit of a signal whose readings come close to it, or go somewhat beyond, again and again.

    Distant outliers teach nothing: they are what the limit is for.
    """
    assets = np.arange(len(seen.mode))
    ratio = np.abs(seen.score) / seen.limit
    close = seen.judged & (ratio > _CLOSE) & (ratio < _DISTANT)
    tail = state.tail[assets, seen.mode]
    after = np.where(close, tail * _WIDER, np.maximum(tail * _NARROWER, 1.0))
    state.tail[assets, seen.mode] = np.where(seen.judged, np.minimum(after, _WIDEST), tail)


def _learn_relation(plan: Plan, state: QualityState, deviation: FloatArray, count: IntArray, seen: Comparison) -> None:
    assets, mode = np.arange(len(count)), seen.mode
    relation = state.relation[assets, mode]
    spread = np.sqrt(diagonal(relation)) + plan.floor / seen.size
    farthest = (np.abs(deviation) / spread).max(-1)
    weight = np.where(count >= 12, np.minimum(1.0, 5.0 / np.maximum(farthest, TINY)), 1.0)
    shrunk = deviation * weight[:, None]
    rate = np.maximum(1.0 / np.maximum(count, 1), 1.0 / plan.parameters.relation_memory)
    rate = np.where(is_settled(plan, state) & ~is_frozen(state).any(-1), rate, 0.0)
    outer = shrunk[:, :, None] * shrunk[:, None, :]
    state.relation[assets, mode] = relation + rate[:, None, None] * (outer - relation)


def _refresh(plan: Plan, state: QualityState, mode: IntArray) -> None:
    """Invert the covariance anew now and then; few rows say little about how signals vary together."""
    assets = np.arange(len(mode))
    count = state.count[assets, mode]
    due = (count % _REFRESH == 0) & (count >= plan.parameters.warm_up // 2)
    due |= count == plan.parameters.warm_up
    if not due.any():
        return
    at, of = assets[due], mode[due]
    relation, signals = state.relation[at, of], state.relation.shape[-1]
    trust = (count[due] / (count[due] + float(signals)))[:, None, None]
    unit = np.eye(signals)
    floor = plan.floor / plan.sizes(state.level[at, of])
    floor = np.where(plan.is_measured, floor, 1.0)
    regular = relation * np.where(unit > 0.0, 1.0, trust) + unit * np.square(floor)[:, None, :]
    state.precision[at, of] = np.linalg.inv(regular)
