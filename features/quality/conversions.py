"""Readings that would be right in another unit."""

import numpy as np
from numpy.typing import NDArray

from features.quality.elimination import diagonal
from features.quality.plan import Plan
from features.quality.relations import Comparison
from features.quality.state import FloatArray, QualityState

BoolArray = NDArray[np.bool_]
AWAY, CLOSE = 0.7, 0.25
"""Shares of a level: a value in another unit is farther from it than the first, and once converted within the other."""

_WELL = 5.0
_FAR, _NEAR, _TOLD = 5.0, 2.5, 2.0


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
    converted = convert_back(plan, np.where(looked_at, values, 0.0))
    allowed = np.maximum(_WELL * deviation, plan.parameters.unit_tolerance * np.abs(expected)) + plan.floor
    misfit = np.abs(converted - expected) / allowed
    misfit = np.where(np.isnan(misfit), np.inf, misfit)
    best = misfit.argmin(0)
    fits = looked_at & off & (misfit.min(0) <= 1.0)
    together, which = _fit_together(plan, state, converted, looked_at, seen, np.where(looked_at, values, seen.level))
    best, fits = np.where(together & ~fits, which, best), fits | together
    best, fits = _hold_on(plan, state, converted, seen, values, best, fits, looked_at)
    run = np.where(fits, np.where(state.unit_index == best, state.unit_run, 0) + 1, 0)
    state.unit_run[...] = np.where(looked_at, run, state.unit_run)
    state.unit_index[...] = np.where(fits, best, state.unit_index)
    return np.asarray(state.unit_run >= plan.parameters.unit_readings)


def convert_back(plan: Plan, values: FloatArray) -> FloatArray:
    """Return what the values are in the declared unit if they came in each of the others; NaN where there is none.

    Args:
        plan: The rules.
        values: Shape (asset, signal).

    Returns:
        Shape (conversion, asset, signal).
    """
    return np.asarray((values - plan.offsets[:, None, :]) / plan.factors[:, None, :])


def fits_roughly(level: FloatArray, values: FloatArray, converted: FloatArray) -> BoolArray:
    """Say which values are far from the level as they are, and near it converted; shape (conversion, asset, signal)."""
    size = np.abs(level)
    is_near = np.abs(converted - level) <= CLOSE * size
    return np.asarray(is_near & (np.abs(values - level) > AWAY * size) & (level != 0.0))


def _fit_together(
    plan: Plan, state: QualityState, converted: FloatArray, looked_at: BoolArray, seen: Comparison, values: FloatArray
) -> tuple[BoolArray, NDArray[np.int64]]:
    """Say which signals changed to one other unit together with another of their kind, and to which.

    Two that come through one device confirm each other in the same wrong unit, so that only their own levels tell.
    """
    spread = np.sqrt(diagonal(state.relation[np.arange(len(values)), seen.mode])) * seen.size + plan.floor
    share = np.where(plan.grows, np.abs(seen.level), np.inf)
    away = np.abs(converted - seen.level) / np.maximum(_NEAR * spread, np.where(plan.grows, CLOSE * share, 0.0))
    away = np.where(np.isnan(away), np.inf, away)
    which = away.argmin(0)
    is_far = np.abs(values - seen.level) > np.minimum(_FAR * spread, AWAY * share)
    fits = looked_at & (values != 0.0) & is_far & (away.min(0) <= 1.0) & (np.abs(seen.score) > _TOLD)
    one, two = plan.firsts, plan.seconds
    return plan.of_signals(fits[:, one] & fits[:, two] & (which[:, one] == which[:, two])), which


def _hold_on(
    plan: Plan,
    state: QualityState,
    converted: FloatArray,
    seen: Comparison,
    values: FloatArray,
    best: NDArray[np.int64],
    fits: BoolArray,
    looked_at: BoolArray,
) -> tuple[NDArray[np.int64], BoolArray]:
    """Keep a confirmed unit while it fits roughly: the machine may change meanwhile, and its level with it."""
    held = looked_at & ~fits & (state.unit_run >= plan.parameters.unit_readings)
    before = np.maximum(state.unit_index, 0)
    roughly = fits_roughly(seen.level, values, converted)
    stays = held & np.take_along_axis(roughly, before[None], 0)[0]
    return np.where(stays, before, best), fits | stays
