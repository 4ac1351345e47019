"""What the order of rows tells: gaps, and rows that were seen before."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from features.quality.conversions import convert_back, fits_roughly
from features.quality.plan import Plan
from features.quality.state import RING, FloatArray, IntArray, QualityState

BoolArray = NDArray[np.bool_]
_MEMORY = 50.0
_USUALLY_THERE = 0.8
_FEWEST_MOVING = 3


class Presence(Protocol):
    """What is remembered of whether readings come; a `QualityState` has it. Shapes (asset,) and (asset, signal)."""

    rows: IntArray
    presence: FloatArray
    missing: IntArray


def follow_time(plan: Plan, state: QualityState, time_us: IntArray) -> IntArray:
    """Return how long nothing came before this row, in microseconds; 0 where that was no gap. Shape (asset,)."""
    elapsed = np.where(state.rows > 0, time_us - state.last_us, 0)
    is_first = (state.interval_us == 0.0) & (elapsed > 0)
    usual = np.where(is_first, elapsed, state.interval_us)
    silent = np.where(elapsed > plan.parameters.gap_intervals * usual, elapsed, 0)
    capped = np.clip(elapsed, 0.0, 2.0 * usual)
    state.interval_us[...] = np.where(elapsed > 0, usual + (capped - usual) / _MEMORY, usual)
    state.last_us[...] = time_us
    return silent


def follow_presence(plan: Plan, state: QualityState, values: FloatArray, present: BoolArray) -> BoolArray:
    """Say which readings are missing although they usually come. Shape (asset, signal).

    After a long absence the level of a signal is old, and learned anew, but from what comes in the same unit only.
    """
    returned = present & (state.missing >= _MEMORY)
    if returned.any():
        level = state.level[np.arange(len(values)), state.mode]
        returned &= ~fits_roughly(level, values, convert_back(plan, values)).any(0)
    state.level_count[...] = np.where(returned[:, None, :], 0, state.level_count)
    return follow_missing(state, present)


def follow_missing(state: Presence, present: BoolArray) -> BoolArray:
    """Say which readings are missing although they usually come. Shape (asset, signal)."""
    if np.count_nonzero(present) == present.size and not np.count_nonzero(state.missing):  # all came, as before
        state.presence += (1.0 - state.presence) / _MEMORY
        return ~present
    expected = state.presence > _USUALLY_THERE
    missing = expected & ~present & (state.rows > 0)[:, None]
    state.missing[...] = np.where(present, 0, state.missing + missing)
    is_known = state.missing < _MEMORY  # a long absence is not learned: silence does not become normal
    state.presence[...] += np.where(is_known & ~missing, (present - state.presence) / _MEMORY, 0.0)
    return missing


def follow_replays(plan: Plan, state: QualityState, values: FloatArray, present: BoolArray) -> BoolArray:
    """Say which rows repeat older rows, value by value, several in a row. Shape (asset,)."""
    assets = np.arange(len(values))
    moving = (state.repeat_share[assets, state.mode] < 0.5) & present & plan.is_measured
    print_of_row = (np.where(present, values, -1.0) * plan.coefficients).sum(-1)
    seen = (state.fingerprints == print_of_row[:, None]).any(-1) & (moving.sum(-1) >= _FEWEST_MOVING)
    state.replays[...] = np.where(seen, state.replays + 1, 0)
    place = state.rows % RING
    state.fingerprints[assets, place] = np.where(seen, state.fingerprints[assets, place], print_of_row)
    return np.asarray(state.replays >= plan.parameters.replay_readings)
