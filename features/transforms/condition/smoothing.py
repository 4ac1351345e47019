"""How deviations, and how far readings scatter around them, are followed from row to row."""

import math
from functools import lru_cache

import numpy as np

from features.transforms.condition.expectation import Expectation
from features.transforms.condition.model import ConditionModel, FloatArray, is_whole
from features.transforms.condition.state import ConditionState

LOUDEST = 12.0
"""A reading lies no farther from the smoothed ones than this, in noise."""
SLOW = 6.0
"""How many times longer the time is that the score is smoothed over to be told from a rising one."""
SETTLED, GROWN = 2.0, 1.5
"""After so many lengths of smoothing a jump is seen as a whole; what grows by this since then did not come at once."""
FARTHEST = 8.0
QUICK = 4.0


def interval_after(interval: float, elapsed: float) -> float:
    """Return the usual distance of two rows after one more of them, seconds."""
    return interval + (min(elapsed, 2.0 * interval) - interval) / 50.0


def bounded(model: ConditionModel, seen: Expectation) -> FloatArray:
    """Return a row's deviations made smaller, all alike, if one is so large that the row would count for all."""
    most = FARTHEST * math.sqrt(model.parameters.smoothing)
    if seen.size <= most**2:
        return seen.deviation
    largest = float(np.nanmax(np.abs(seen.deviation), initial=0.0))
    return seen.deviation if largest <= most else seen.deviation * (most / largest)


def share_of(model: ConditionModel, interval: float, elapsed: float) -> float:
    """Return what a row counts in smoothing; a long silence does not make one reading count for all."""
    return -math.expm1(-min(elapsed, 2.0 * interval) / (model.parameters.smoothing * interval))


def smooth(model: ConditionModel, state: ConditionState, deviation: FloatArray, share: float) -> None:
    """Follow deviations, and how far readings lie from them; one reading scatters no more than a few noisy ones."""
    tracks, target = state.tracks, np.empty_like(state.tracks)
    target[:2] = deviation
    np.abs(np.subtract(deviation, tracks[1], out=target[2]), out=target[2])
    np.minimum(target[2], LOUDEST, out=target[2])
    shares = shares_of_tracks(share, model.parameters.scatter_rows, len(deviation))
    apart = target - tracks
    if is_whole(apart.ravel()):  # all were measured, now and before
        apart *= shares
        tracks += apart
        state.deviation_seconds.fill(state.seconds)
        state.whole_seconds = state.seconds
        return
    is_there = ~np.isnan(deviation)
    target[2] = np.nan_to_num(target[2])  # a first reading lies where it lies
    begun = np.nan_to_num(tracks)
    np.copyto(tracks, begun + shares * (target - begun), where=is_there)
    np.copyto(state.deviation_seconds, state.seconds, where=is_there)


@lru_cache(maxsize=256)
def shares_of_tracks(share: float, scatter_rows: float, sensors: int) -> FloatArray:
    """Return what a row counts in each track. Shape (3, sensor)."""
    return np.repeat([share, min(QUICK * share, 1.0), 1.0 / scatter_rows], sensors).reshape(3, sensors)
