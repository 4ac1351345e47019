"""What the other signals tell of a signal, in the machine's present mode, from its own past only.

Deviations of all signals from their slowly following levels vary together: load, speed and weather move many at once.
Their covariance is learned, and its inverse gives at once what each signal should read, given the others (conditional
mean of a multivariate normal distribution: Bishop, Pattern Recognition and Machine Learning, 2006, section 2.3.1). The
reading that contradicts the others most is taken out of the comparison, then the next, until the rest agree; where too
many disagree, the operation changed and no instrument is blamed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.quality.plan import Plan
from features.quality.state import LEVEL_KNOWN, FloatArray, IntArray, QualityState

_REFRESH = 8
_TINY = 1e-12
_PASSING = 3.0
_CLOSE, _DISTANT, _WIDER, _NARROWER, _WIDEST = 0.75, 2.0, 1.15, 0.9995, 2.0
_RELEASED = 3.0
"""A suspect whose deviation is below so many standard deviations after all is not one."""

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row against what was learned. All arrays have shape (asset, signal) where nothing else is said.

    Attributes:
        mode: Shape (asset,).
        usable: Readings that are there and plausible.
        judged: Those that can be judged: mode and level are known.
        level: Level of the mode.
        size: What deviations are divided by.
        own: Deviation of the reading, relative.
        told: Deviation that the other signals tell, relative; of sound readings, their own.
        rest: Precision times the deviations told.
        precision: Shape (asset, signal, signal).
        whole: The precision without what is missing or distrusted, suspects still in. Shape (asset, signal, signal).
        rest_of_whole: That precision times the deviations, suspects still in.
        scale: Usual size of the conditional deviation.
        limit: Score from which a reading is suspect.
        score: Distance of the reading from what the others tell, in its usual deviations.
        suspect: Readings that contradict the others.
        is_explained: Whether the others agree among themselves. Shape (asset,).
    """

    mode: IntArray
    usable: BoolArray
    judged: BoolArray
    level: FloatArray
    size: FloatArray
    own: FloatArray
    told: FloatArray
    rest: FloatArray
    precision: FloatArray
    whole: FloatArray
    rest_of_whole: FloatArray
    scale: FloatArray
    limit: FloatArray
    score: FloatArray
    suspect: BoolArray
    is_explained: BoolArray

    @property
    def expected(self) -> FloatArray:
        """What the other signals tell that the signal reads, in its unit."""
        alone = self.told - self.rest / _diagonal(self.precision)  # without the signal's own say
        return self.level + alone * self.size

    @property
    def deviation(self) -> FloatArray:
        """The usual conditional deviation, in the signal's unit."""
        return self.scale * self.size / np.sqrt(_diagonal(self.precision))


def choose_mode(plan: Plan, state: QualityState, values: FloatArray) -> IntArray:
    """Tell running from standing by what most signals say, so that one wrong speed reading does not stop the machine.

    Every signal says which known mode it fits; where only one mode is known, it stays as long as most signals fit it;
    where none is known, the rule of the pack decides. Shape (asset,).
    """
    place = plan.rules.running_signal
    if place is None:
        return np.ones(len(values), np.int64)
    speed = values[:, place]
    ruled = np.where(np.isnan(speed), state.mode, (speed > plan.rules.running_above).astype(np.int64))
    size = plan.sizes(state.level)
    spread = np.sqrt(_diagonal(state.relation)) * size + plan.floor
    with np.errstate(invalid="ignore"):
        distance = np.minimum(np.abs(values[:, None, :] - state.level) / (6.0 * spread), 1.0)
    counts = np.isfinite(distance) & plan.is_measured
    share = np.where(counts, distance, 0.0).sum(-1) / np.maximum(counts.sum(-1), 1)
    known = state.count >= plan.parameters.warm_up
    share = np.where(known, share, 0.35)
    best = np.where(share[:, 1] <= share[:, 0], 1, 0)
    is_clear = np.abs(share[:, 1] - share[:, 0]) > 0.1
    return np.where(known.any(-1) & is_clear, best, ruled)


def compare(
    plan: Plan, state: QualityState, values: FloatArray, usable: BoolArray, distrusted: BoolArray
) -> Comparison:
    """Compare one row with what was learned; the state is left as it is.

    Args:
        plan: The rules.
        state: With the mode of this row.
        values: Shape (asset, signal).
        usable: Readings that are there and plausible.
        distrusted: Signals with a lasting fault; the others are judged without them.
    """
    assets = np.arange(len(values))
    mode = state.mode
    level, known = state.level[assets, mode], state.level_count[assets, mode]
    precision, scale = state.precision[assets, mode], state.scale[assets, mode]
    size = plan.sizes(level)
    comparable = usable & (known > 0) & plan.is_measured
    own = np.where(comparable, (np.where(comparable, values, 0.0) - level) / size, 0.0)
    is_warm = state.count[assets, mode] >= plan.parameters.warm_up
    settled = _is_settled(plan, state)[:, None]
    known_well = comparable & (known >= LEVEL_KNOWN) & is_warm[:, None]
    judged = known_well & settled
    free = ~comparable | distrusted | (is_warm[:, None] & (known < LEVEL_KNOWN))
    root = np.sqrt(_diagonal(precision))
    limit = plan.parameters.limit * state.tail[assets, mode] * np.where(settled, 1.0, _PASSING)
    told = np.where(free, 0.0, own)
    left, before = precision.copy(), _weigh(precision, told)
    out = _eliminate_all(left, before, free & plan.is_measured)
    whole, rest_of_whole = left.copy(), before.copy()
    suspect, worst = _take_out(plan, left, before, out, free, known_well, scale * limit)
    for each in reversed(out):
        each.fill(told)
    rest = _weigh(precision, told)
    score = np.where(comparable, (own - told) * root + rest / root, 0.0) / scale
    is_released = suspect & (np.abs(score) < _RELEASED)
    told = np.where(is_released, own, told)
    rest = _weigh(precision, told)
    score = np.where(comparable, (own - told) * root + rest / root, 0.0) / scale
    suspect &= ~is_released
    return Comparison(
        mode=mode,
        usable=usable,
        judged=judged,
        level=level,
        size=size,
        own=own,
        told=told,
        rest=rest,
        precision=precision,
        whole=whole,
        rest_of_whole=rest_of_whole,
        scale=scale,
        limit=limit,
        score=score,
        suspect=suspect,
        is_explained=worst <= 1.0,
    )


def learn(plan: Plan, state: QualityState, values: FloatArray, seen: Comparison, good: BoolArray) -> None:
    """Follow the row: levels, relations, usual deviations. What is not good counts as what the others tell of it."""
    assets, mode = np.arange(len(values)), seen.mode
    count = state.count[assets, mode]
    known = state.level_count[assets, mode]
    rate = np.maximum(1.0 / (known + 1.0), _pace(plan, state, seen, count)[:, None])
    is_passing = ~_is_settled(plan, state)
    rate = np.where(
        is_passing[:, None] & (known > 0), np.where(state.away > plan.parameters.warm_up, 0.5, 0.0)[:, None], rate
    )
    deviation = np.where(good, seen.own, _follow_pairs(plan, state, seen))
    first = good & (known == 0)
    level = np.where(first, np.where(first, values, 0.0), seen.level + rate * deviation * seen.size)
    state.level[assets, mode] = np.where((known > 0) | first, level, 0.0)
    state.level_count[assets, mode] = known + good
    compared = plan.is_measured & (known > 0)
    _learn_relation(plan, state, np.where(compared & ~is_passing[:, None], deviation, 0.0), count, seen)
    calm = good & seen.judged & seen.is_explained[:, None]
    size = np.minimum(np.abs(seen.rest) / np.sqrt(_diagonal(seen.precision)), 5.0 * seen.scale) * 1.2533
    scale = seen.scale + np.where(calm, (size - seen.scale) / 200.0, 0.0)
    state.scale[assets, mode] = np.clip(scale, 0.7, 4.0)
    _learn_tail(state, seen)
    state.count[assets, mode] = count + 1
    _refresh(plan, state, mode)


def _pace(plan: Plan, state: QualityState, seen: Comparison, count: IntArray) -> FloatArray:
    """Levels follow slowly, and fast where the operation changed in a way never seen before."""
    is_usual = seen.is_explained | (count < plan.parameters.warm_up)
    return np.where(is_usual, 1.0 / plan.parameters.level_memory, 0.3)


def _is_settled(plan: Plan, state: QualityState) -> BoolArray:
    """Just after a change of mode temperatures still follow; after a long stay in the other mode levels are old."""
    wait = np.where(state.away > plan.parameters.warm_up, 3, 1)
    return np.asarray((state.settled >= wait) | (state.rows <= plan.parameters.warm_up))


def _take_out(
    plan: Plan,
    left: FloatArray,
    rest: FloatArray,
    out: list["_Elimination"],
    free: BoolArray,
    judged: BoolArray,
    limit: FloatArray,
) -> tuple[BoolArray, FloatArray]:
    """Take suspects out of the comparison, one after the other; also say how far the worst of the rest is off."""
    assets = np.arange(len(rest))
    suspect = np.zeros_like(free)
    candidate = judged & ~free
    most = max(int(plan.parameters.suspects * plan.is_measured.sum()), 1)
    while True:
        root = np.sqrt(np.maximum(_diagonal(left), _TINY))
        ratio = np.where(candidate & ~suspect, np.abs(rest) / (root * limit), 0.0)
        worst = ratio.argmax(-1)
        found = ratio[assets, worst] > 1.0
        if most == 0 or not found.any():
            return suspect, ratio.max(-1)
        most -= 1
        suspect[assets, worst] |= found
        out.append(_eliminate(left, rest, worst, found))


def _eliminate_all(left: FloatArray, rest: FloatArray, free: BoolArray) -> list["_Elimination"]:
    assets = np.arange(len(rest))
    out, waiting = [], free.copy()
    while waiting.any():
        place = waiting.argmax(-1)
        out.append(_eliminate(left, rest, place, waiting[assets, place]))
        waiting[assets, place] = False
    return out


@dataclass(frozen=True, slots=True)
class _Elimination:
    """One signal of each machine taken out: its place, its row of the precision then, and where that was done."""

    place: IntArray
    row: FloatArray
    pivot: FloatArray
    done: BoolArray

    def fill(self, told: FloatArray) -> None:
        """Write what the signals that stayed longer tell of it."""
        assets = np.arange(len(told))
        own = told[assets, self.place]
        others = (self.row * told).sum(-1) - self.pivot * own
        told[assets, self.place] = np.where(self.done, -others / self.pivot, own)


def _eliminate(left: FloatArray, rest: FloatArray, place: IntArray, done: BoolArray) -> _Elimination:
    """Take a signal of each machine out (Schur complement), in place: the rest is judged without it, exactly."""
    assets = np.arange(len(left))
    row = left[assets, place]
    pivot = np.maximum(row[assets, place], _TINY)
    factor = np.where(done, 1.0 / pivot, 0.0)
    scaled = row * factor[:, None]
    rest -= scaled * rest[assets, place][:, None]
    left -= row[:, :, None] * scaled[:, None, :]
    return _Elimination(place, row, pivot, done)


def _weigh(precision: FloatArray, told: FloatArray) -> FloatArray:
    return np.asarray((precision * told[:, None, :]).sum(-1))


def _follow_pairs(plan: Plan, state: QualityState, seen: Comparison) -> FloatArray:
    """Return what the others tell; exchanged signals follow their common mean, which is the same either way."""
    told = seen.told
    for pair in np.flatnonzero(state.swapped.any(0)):
        one, two, held = plan.firsts[pair], plan.seconds[pair], state.swapped[:, pair] > 0
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
    spread = np.sqrt(_diagonal(relation)) + plan.floor / seen.size
    farthest = (np.abs(deviation) / spread).max(-1)
    weight = np.where(count >= 12, np.minimum(1.0, 5.0 / np.maximum(farthest, _TINY)), 1.0)
    shrunk = deviation * weight[:, None]
    rate = np.maximum(1.0 / np.maximum(count, 1), 1.0 / plan.parameters.relation_memory)
    rate = np.where(_is_settled(plan, state) & ~state.swapped.any(-1), rate, 0.0)
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


def _diagonal(matrices: FloatArray) -> FloatArray:
    return np.diagonal(matrices, axis1=-2, axis2=-1)
