"""Readings that would be right elsewhere: in another unit, or under another signal's name."""

import numpy as np
from numpy.typing import NDArray

from features.quality.elimination import diagonal
from features.quality.plan import Plan
from features.quality.relations import Comparison
from features.quality.state import FloatArray, QualityState

BoolArray = NDArray[np.bool_]
_STEP = 12.0
_POOR_FIT = 14.0
_FAR_BETTER = 20.0
_LONG_MEMORY = 1_000.0
_ALIKE = 2.0
_ALLOWANCE = 0.7  # per row, for noise of consecutive rows that is not independent
_RELEASE = 4.0
_TWICE = 2.0
_SUSPICION = 8.0
_BOTH_MOVE = 0.3  # the lesser of two moves, as a share of the larger
_FROZEN = 3.0
_OUTLASTED = 4
_TINY = 1e-12
_WELL = 5.0
_FAR, _NEAR, _AWAY, _CLOSE, _TOLD = 5.0, 2.5, 0.7, 0.25, 2.0


def follow_units(
    plan: Plan, state: QualityState, values: FloatArray, looked_at: BoolArray, seen: Comparison, off: BoolArray
) -> BoolArray:
    """Say which signals come in another unit: what is expected, converted, is what is read. Shape (asset, signal).

    Args:
        plan: The rules.
        state: Its candidate and its count of fits are changed.
        values: Shape (asset, signal).
        looked_at: Readings of which something is known, plausible or not.
        seen: What the other signals tell.
        off: Readings that deviate from it, or are outside of the plausible range.
    """
    if not len(plan.factors):
        return np.zeros_like(off)
    expected, deviation = seen.expected, seen.deviation
    converted = (np.where(looked_at, values, 0.0) - plan.offsets[:, None, :]) / plan.factors[:, None, :]
    allowed = np.maximum(_WELL * deviation, plan.parameters.unit_tolerance * np.abs(expected)) + plan.floor
    misfit = np.abs(converted - expected) / allowed
    misfit = np.where(np.isnan(misfit), np.inf, misfit)
    best = misfit.argmin(0)
    fits = looked_at & off & (misfit.min(0) <= 1.0)
    together, which = _fit_together(plan, state, converted, looked_at, seen, np.where(looked_at, values, seen.level))
    best, fits = np.where(together & ~fits, which, best), fits | together
    run = np.where(fits, np.where(state.unit_index == best, state.unit_run, 0) + 1, 0)
    state.unit_run[...] = np.where(looked_at, run, state.unit_run)
    state.unit_index[...] = np.where(fits, best, state.unit_index)
    return np.asarray(state.unit_run >= plan.parameters.unit_readings)


def _fit_together(
    plan: Plan, state: QualityState, converted: FloatArray, looked_at: BoolArray, seen: Comparison, values: FloatArray
) -> tuple[BoolArray, NDArray[np.int64]]:
    """Say which signals changed to one other unit together with another of their kind, and to which.

    Two that come through one device confirm each other in the same wrong unit, so that only their own levels tell.
    """
    spread = np.sqrt(diagonal(state.relation[np.arange(len(values)), seen.mode])) * seen.size + plan.floor
    share = np.where(plan.grows, np.abs(seen.level), np.inf)
    away = np.abs(converted - seen.level) / np.maximum(_NEAR * spread, np.where(plan.grows, _CLOSE * share, 0.0))
    away = np.where(np.isnan(away), np.inf, away)
    which = away.argmin(0)
    is_far = np.abs(values - seen.level) > np.minimum(_FAR * spread, _AWAY * share)
    fits = looked_at & (values != 0.0) & is_far & (away.min(0) <= 1.0) & (np.abs(seen.score) > _TOLD)
    one, two = plan.firsts, plan.seconds
    return _of_signals(plan, fits[:, one] & fits[:, two] & (which[:, one] == which[:, two])), which


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
    can = seen.judged[:, one] & seen.judged[:, two] & _is_in(seen, one) & _is_in(seen, two)
    value = np.where(seen.usable, right, 0.0)
    left = (value[:, two] - seen.level[:, one]) / seen.size[:, one] - seen.own[:, one]
    other = (value[:, one] - seen.level[:, two]) / seen.size[:, two] - seen.own[:, two]
    better, fit_after = _exchange(seen, one, two, left, other)
    is_held = state.swapped > 0
    as_is = _exchange(seen, one, two, 0.0 * left, 0.0 * other)[1]
    gain = np.clip(0.5 * np.where(is_held, -better, better) - _ALLOWANCE, -_STEP, _STEP)
    is_poor = fit_after > np.maximum(_POOR_FIT, as_is / _FAR_BETTER)
    is_usual = _follow_contrast(plan, state, right, can, is_held)
    gain = np.where((is_poor & ~is_held) | is_usual, np.minimum(gain, -2.0), gain)
    gain = np.where(_separation(seen, one, two) < _ALIKE, -1.0, gain)
    gain = np.where(_is_one_sided(seen, value, one, two) & ~is_held, np.minimum(gain, 0.0), gain)
    gain = np.where((seen.mode == 1)[:, None], gain, np.where(is_held, np.minimum(gain, 0.0), 0.0))
    most = _TWICE * plan.parameters.swap_evidence
    evidence = np.where(can, np.clip(state.evidence + gain, 0.0, most), state.evidence)
    state.evidence[...] = evidence
    holds = (evidence >= _RELEASE) & (is_held | (evidence > plan.parameters.swap_evidence))
    counts = (state.swapped == 0) | (seen.mode == 1)[:, None]
    state.swapped[...] = np.where(holds, state.swapped + counts, 0)
    _outlast(plan, state)
    return _of_signals(plan, state.swapped > 0), _of_signals(plan, evidence > _SUSPICION)


def is_frozen(state: QualityState) -> BoolArray:
    """Say of which pairs the usual difference is not learned: they are exchanged, or may be. Shape (asset, pair)."""
    return np.asarray((state.swapped > 0) | (state.evidence > _FROZEN))


def _outlast(plan: Plan, state: QualityState) -> None:
    """Take an exchange that lasted much longer than all that was known before it for what is usual."""
    known = state.count[:, 1][:, None] - state.swapped
    over = state.swapped > _OUTLASTED * np.maximum(known, plan.parameters.warm_up)
    if not over.any():
        return
    for pair in np.flatnonzero(over.any(0)):
        at, one, two = np.flatnonzero(over[:, pair]), plan.firsts[pair], plan.seconds[pair]
        for array in (state.level, state.level_count):
            array[at, :, one], array[at, :, two] = array[at, :, two].copy(), array[at, :, one].copy()
        state.contrast[at, :, pair] *= -1.0
    state.swapped[over], state.evidence[over] = 0, 0.0


def _of_signals(plan: Plan, pairs: BoolArray) -> BoolArray:
    return np.asarray((pairs[:, :, None] & plan.members).any(1))


def _separation(seen: Comparison, one: NDArray[np.int64], two: NDArray[np.int64]) -> FloatArray:
    """Squared distance of the two as they usually are from the two exchanged; small, and nobody could tell."""
    apart = seen.level[:, two] - seen.level[:, one]
    left, other = apart / seen.size[:, one], -apart / seen.size[:, two]
    first, second, between = seen.precision[:, one, one], seen.precision[:, two, two], seen.precision[:, one, two]
    form = first * np.square(left) + second * np.square(other) + 2.0 * between * left * other
    return form / (seen.scale[:, one] * seen.scale[:, two])


def _is_one_sided(seen: Comparison, value: FloatArray, one: NDArray[np.int64], two: NDArray[np.int64]) -> BoolArray:
    """Say of which pairs only one has moved, as when a drift ends: in an exchange both move, and apart as far."""
    moved, other = value[:, one] - seen.level[:, one], value[:, two] - seen.level[:, two]
    far = np.maximum(np.abs(moved), np.abs(other))
    return np.asarray((moved * other > 0.0) | (np.minimum(np.abs(moved), np.abs(other)) < _BOTH_MOVE * far))


def _follow_contrast(
    plan: Plan, state: QualityState, right: FloatArray, can: BoolArray, is_held: BoolArray
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
    learns = follows & ~is_frozen(state)
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
