"""Flat lines: readings that repeat longer than this signal ever does while others move."""

import numpy as np
from numpy.typing import NDArray

from features.quality.plan import Plan
from features.quality.relations import Comparison
from features.quality.state import QualityState

BoolArray = NDArray[np.bool_]
_MEMORY = 100.0
_SUSPICIOUS = 3
_SMALLEST_SHARE, _LARGEST_SHARE = 0.03, 0.97
_DEVIATING = 3


def follow_repeats(
    plan: Plan, state: QualityState, values: NDArray[np.float64], present: BoolArray, seen: Comparison
) -> BoolArray:
    """Count repeats, learn what is usual, and say which signals are flat. Shape (asset, signal).

    A run of equal readings is judged against how often the signal repeats a value in this mode of operation, and
    against its longest run so far. A suspicious run is not learned, and rows in which nothing moves count for nobody.
    """
    assets, mode = np.arange(len(values)), seen.mode
    share, longest = state.repeat_share[assets, mode], state.longest[assets, mode]
    in_warm_up = (state.count[assets, mode] < plan.parameters.warm_up)[:, None]
    had = present & ~np.isnan(state.last)
    repeats = had & (values == state.last)
    moved = had & ~repeats
    others = moved.sum(-1)[:, None] - moved
    counts = others >= np.where(had.sum(-1)[:, None] > 4, 2, 1)
    usual = np.clip(share, _SMALLEST_SHARE, _LARGEST_SHARE)
    goes_on = repeats & counts
    moves = share < plan.parameters.flat_usual
    begun = state.settled == 0  # runs are counted apart for each mode
    before = np.where(begun[:, None], 0, state.repeats)
    run = np.where(moved, 0, before + goes_on)
    chance = np.where(
        moved, 1.0, np.where(begun[:, None], 1.0, state.run_chance) * np.where(goes_on & moves, usual, 1.0)
    )
    rare = (run >= plan.parameters.flat_repeats) & (chance < plan.parameters.flat_chance) & (2 * run > 3 * longest)
    at_rest = (mode == 0)[:, None] & (values == 0.0)  # transmitters cut off low values: zero is what standing reads
    stays_away = (run >= _DEVIATING) & seen.judged & (np.abs(seen.score) > seen.limit)
    flat = present & plan.is_measured & ((rare & ~in_warm_up & ~at_rest) | (stays_away & moves))
    learns = (goes_on | (moved & (counts | (others == 0)))) & (in_warm_up | (run < _SUSPICIOUS))
    state.repeat_share[assets, mode] = share + np.where(learns, (goes_on - share) / _memory(state, mode), 0.0)
    ended = moved & (state.verdict == 0)
    known = np.where(ended | in_warm_up, np.maximum(longest, np.where(in_warm_up, run, before)), longest)
    state.longest[assets, mode] = known
    state.repeats[...], state.run_chance[...] = run, chance
    state.last[...] = np.where(present, values, state.last)
    return np.asarray(flat)


def _memory(state: QualityState, mode: NDArray[np.int64]) -> NDArray[np.float64]:
    count = state.count[np.arange(len(mode)), mode]
    return np.asarray(np.minimum(count + 4.0, _MEMORY)[:, None])
