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

from features.quality.elimination import TINY, Elimination, diagonal, eliminate, eliminate_all, weigh
from features.quality.modes import is_settled
from features.quality.plan import Plan
from features.quality.state import LEVEL_KNOWN, FloatArray, IntArray, QualityState

_PASSING = 3.0
_RELEASED = 3.0
"""A suspect whose deviation is below so many standard deviations after all is not one."""

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row against what was learned. All arrays have shape (asset, signal) where nothing else is said.

    Attributes:
        mode: Shape (asset,).
        usable: Readings that are there and plausible.
        known: Those whose mode and level are known.
        judged: Those of them that can be judged: the mode did not just change.
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
    known: BoolArray
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
        alone = self.told - self.rest / diagonal(self.precision)  # without the signal's own say
        return self.level + alone * self.size

    @property
    def deviation(self) -> FloatArray:
        """The usual conditional deviation, in the signal's unit."""
        return self.scale * self.size / np.sqrt(diagonal(self.precision))


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
    settled = is_settled(plan, state)[:, None]
    known_well = comparable & (known >= LEVEL_KNOWN) & is_warm[:, None]
    judged = known_well & settled
    free = ~comparable | distrusted | (is_warm[:, None] & (known < LEVEL_KNOWN))
    root = np.sqrt(diagonal(precision))
    limit = plan.parameters.limit * state.tail[assets, mode] * np.where(settled, 1.0, _PASSING)
    told = np.where(free, 0.0, own)
    left, before = precision.copy(), weigh(precision, told)
    out = eliminate_all(left, before, free & plan.is_measured)
    whole, rest_of_whole = left.copy(), before.copy()
    suspect, worst = _take_out(plan, left, before, out, free, known_well, scale * limit)
    for each in reversed(out):
        each.fill(told)
    rest = weigh(precision, told)
    score = np.where(comparable, (own - told) * root + rest / root, 0.0) / scale
    is_released = suspect & (np.abs(score) < _RELEASED)
    told = np.where(is_released, own, told)
    rest = weigh(precision, told)
    score = np.where(comparable, (own - told) * root + rest / root, 0.0) / scale
    suspect &= ~is_released
    return Comparison(
        mode=mode,
        usable=usable,
        known=known_well,
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


def _take_out(
    plan: Plan,
    left: FloatArray,
    rest: FloatArray,
    out: list["Elimination"],
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
        root = np.sqrt(np.maximum(diagonal(left), TINY))
        ratio = np.where(candidate & ~suspect, np.abs(rest) / (root * limit), 0.0)
        worst = ratio.argmax(-1)
        found = ratio[assets, worst] > 1.0
        if most == 0 or not found.any():
            return suspect, ratio.max(-1)
        most -= 1
        suspect[assets, worst] |= found
        out.append(eliminate(left, rest, worst, found))
