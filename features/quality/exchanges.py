"""Readings that would be right under another signal's name: two signals of one quantity and unit exchanged."""

import numpy as np
from numpy.typing import NDArray

from features.quality.plan import Plan
from features.quality.relations import Comparison
from features.quality.state import FloatArray, QualityState
from features.quality.verdicts import plausible

BoolArray = NDArray[np.bool_]
_STEP = 12.0
_POOR_FIT = 14.0
_FAR_BETTER = 10.0
_LONG_MEMORY = 4_000.0
_ALIKE = 2.0
_ALLOWANCE = 0.7  # per row, for noise of consecutive rows that is not independent
_RELEASE = 4.0
_TWICE = 2.0
_SUSPICION = 8.0
_BOTH_MOVE = 0.3  # the lesser of two moves, as a share of the larger
_FROZEN = 3.0
_OUTLASTED = 4
_TINY = 1e-12


def put_right(plan: Plan, state: QualityState, values: FloatArray) -> FloatArray:
    """Return the values with those pairs exchanged back that are known to be exchanged. Shape (asset, signal)."""
    if not state.swapped.any():
        return values
    right = values.copy()
    for pair in np.flatnonzero(state.swapped.any(0)):
        one, two, held = plan.firsts[pair], plan.seconds[pair], state.swapped[:, pair] > 0
        right[held, one], right[held, two] = right[held, two], right[held, one]
    return right


def follow_swaps(plan: Plan, state: QualityState, right: FloatArray, seen: Comparison) -> tuple[BoolArray, BoolArray]:
    """Say which signals carry each other's values, and which may; both of shape (asset, signal).

    Per pair of one quantity and unit, the evidence is the logarithm of a likelihood ratio, less a little, summed over
    rows as in Page's test (Biometrika 41, 1954): how well all signals agree as they are, and with the two exchanged.
    Only what comes while the machine runs confirms an exchange; while it stands, temperatures cool and cross. Once
    there is some evidence, the usual difference of the two is kept as it was.

    Args:
        plan: The rules.
        state: Its evidence is changed.
        right: The values of `put_right`.
        seen: Their comparison.
    """
    swapped, suspected = np.zeros_like(seen.suspect), np.zeros_like(seen.suspect)
    if not len(plan.firsts):
        return swapped, suspected
    one, two = plan.firsts, plan.seconds
    can = seen.known[:, one] & seen.known[:, two] & _is_in(seen, one) & _is_in(seen, two)
    can &= plausible(right[:, one], plan.low[two], plan.high[two]) & plausible(
        right[:, two], plan.low[one], plan.high[one]
    )
    is_settled = seen.judged[:, one] & seen.judged[:, two]
    value = np.where(seen.usable, right, 0.0)
    left = (value[:, two] - seen.level[:, one]) / seen.size[:, one] - seen.own[:, one]
    other = (value[:, one] - seen.level[:, two]) / seen.size[:, two] - seen.own[:, two]
    better, fit_after = _exchange(seen, one, two, left, other)
    is_held = state.swapped > 0
    as_is = _exchange(seen, one, two, 0.0 * left, 0.0 * other)[1]
    gain = np.clip(0.5 * np.where(is_held, -better, better) - _ALLOWANCE, -_STEP, _STEP)
    is_poor = fit_after > np.maximum(_POOR_FIT, as_is / _FAR_BETTER)
    is_usual = _follow_contrast(plan, state, seen, right, can & is_settled, is_held)
    gain = np.where((is_poor & ~is_held) | is_usual, np.minimum(gain, -2.0), gain)
    gain = np.where(_separation(seen, one, two) < _ALIKE, -1.0, gain)
    gain = np.where(_is_one_sided(plan, seen) & ~is_held, np.minimum(gain, 0.0), gain)
    gain = np.where((seen.mode == 1)[:, None], gain, np.where(is_held, np.minimum(gain, 0.0), 0.0))
    most = np.where(is_settled, _TWICE * plan.parameters.swap_evidence, np.maximum(state.evidence, _STEP))
    evidence = np.where(can, np.clip(state.evidence + gain, 0.0, most), state.evidence)
    state.evidence[...] = evidence
    holds = (evidence >= _RELEASE) & (is_held | (evidence > plan.parameters.swap_evidence))
    counts = (state.swapped == 0) | (seen.mode == 1)[:, None]
    state.swapped[...] = np.where(holds, state.swapped + counts, 0)
    _turn(plan, state, (state.swapped == 1) & (state.turned == 1))
    _turn(plan, state, _outlasts(plan, state))
    return plan.of_signals(state.swapped > 0), plan.of_signals(evidence > _SUSPICION)


def is_frozen(state: QualityState) -> BoolArray:
    """Say of which pairs the usual difference is not learned: they are exchanged, or may be. Shape (asset, pair)."""
    return np.asarray((state.swapped > 0) | (state.evidence > _FROZEN))


def _outlasts(plan: Plan, state: QualityState) -> BoolArray:
    """Say which exchanges lasted much longer than all that was known before them: those are usual from now on."""
    known = state.count[:, 1][:, None] - state.swapped
    return np.asarray(state.swapped > _OUTLASTED * np.maximum(known, plan.parameters.warm_up))


def _turn(plan: Plan, state: QualityState, which: BoolArray) -> None:
    """Take two signals as they now come for what is usual: an exchange that outlasts, or the end of such a one."""
    for pair in np.flatnonzero(which.any(0)):
        at, one, two = np.flatnonzero(which[:, pair]), plan.firsts[pair], plan.seconds[pair]
        for array in (state.level, state.level_count):
            array[at, :, one], array[at, :, two] = array[at, :, two].copy(), array[at, :, one].copy()
        state.contrast[at, :, pair] *= -1.0
        state.turned[at, pair] = 1 - state.turned[at, pair]
    state.swapped[which], state.evidence[which] = 0, 0.0


def _separation(seen: Comparison, one: NDArray[np.int64], two: NDArray[np.int64]) -> FloatArray:
    """Squared distance of the two as they usually are from the two exchanged; small, and nobody could tell."""
    apart = seen.level[:, two] - seen.level[:, one]
    left, other = apart / seen.size[:, one], -apart / seen.size[:, two]
    first, second, between = seen.precision[:, one, one], seen.precision[:, two, two], seen.precision[:, one, two]
    form = first * np.square(left) + second * np.square(other) + 2.0 * between * left * other
    return form / (seen.scale[:, one] * seen.scale[:, two])


def _is_one_sided(plan: Plan, seen: Comparison) -> BoolArray:
    """Say of which pairs only one has moved, as when a drift ends: in an exchange both move, and apart as far.

    What the other signals tell of both is no movement of theirs.
    """
    one, two = plan.firsts, plan.seconds
    first, second, between = seen.whole[:, one, one], seen.whole[:, two, two], seen.whole[:, one, two]
    pull_one, pull_two = seen.rest_of_whole[:, one], seen.rest_of_whole[:, two]
    moved = (second * pull_one - between * pull_two) * seen.size[:, one]
    other = (first * pull_two - between * pull_one) * seen.size[:, two]
    far = np.maximum(np.abs(moved), np.abs(other))
    return np.asarray((moved * other > 0.0) | (np.minimum(np.abs(moved), np.abs(other)) < _BOTH_MOVE * far))


def _follow_contrast(
    plan: Plan, state: QualityState, seen: Comparison, right: FloatArray, can: BoolArray, is_held: BoolArray
) -> BoolArray:
    """Say of which pairs the difference, as it came, points the way that it usually does; shape (asset, pair).

    Such a pair is not exchanged, and one that is held to be exchanged is so no more.
    """
    known = np.isfinite(right)
    value = np.where(known, right, 0.0)
    came = value[:, plan.firsts] - value[:, plan.seconds]
    came = np.where(is_held, -came, came)
    assets = np.arange(len(right))
    rate = 1.0 / np.minimum(state.count[assets, state.mode] + 1.0, _LONG_MEMORY)[:, None]
    usual = state.contrast[assets, state.mode]
    follows = can & known[:, plan.firsts] & known[:, plan.seconds]
    sound = ~seen.suspect & seen.usable
    learns = follows & ~is_frozen(state) & sound[:, plan.firsts] & sound[:, plan.seconds]
    state.contrast[assets, state.mode] = np.where(learns, usual + rate * (came - usual), usual)
    return np.asarray(follows & (came * usual > 0.0))


def _is_in(seen: Comparison, places: NDArray[np.int64]) -> BoolArray:
    """Whether a signal was neither missing nor distrusted: its part of the precision is left."""
    return np.asarray(seen.whole[:, places, places] > _TINY)


def _exchange(
    seen: Comparison, one: NDArray[np.int64], two: NDArray[np.int64], left: FloatArray, other: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return what changing two deviations does to the squared distance of all, and the distance of the two afterwards.

    Both of shape (asset, pair), in squared usual deviations; the latter is that from what the others tell.
    """
    first, second, between = seen.whole[:, one, one], seen.whole[:, two, two], seen.whole[:, one, two]
    pull_one, pull_two = seen.rest_of_whole[:, one], seen.rest_of_whole[:, two]
    scale = seen.scale[:, one] * seen.scale[:, two]
    after_one, after_two = pull_one + first * left + between * other, pull_two + second * other + between * left
    better = -((pull_one + after_one) * left + (pull_two + after_two) * other)
    determinant = np.maximum(first * second - np.square(between), _TINY)
    form = second * np.square(after_one) + first * np.square(after_two) - 2.0 * between * after_one * after_two
    return better / scale, form / determinant / scale
