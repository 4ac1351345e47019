"""Running or standing, told from what most signals say, so that one wrong speed reading does not stop the machine."""

import numpy as np
from numpy.typing import NDArray

from features.quality.elimination import diagonal
from features.quality.plan import Plan
from features.quality.state import FloatArray, IntArray, QualityState

BoolArray = NDArray[np.bool_]
_FEWEST_AT_REST = 2


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
    spread = np.sqrt(diagonal(state.relation)) * size + plan.floor
    with np.errstate(invalid="ignore"):
        distance = np.minimum(np.abs(values[:, None, :] - state.level) / (6.0 * spread), 1.0)
    counts = np.isfinite(distance) & plan.is_measured
    share = np.where(counts, distance, 0.0).sum(-1) / np.maximum(counts.sum(-1), 1)
    known = state.count >= plan.parameters.warm_up
    at_rest = _is_at_rest(plan, state, values)
    share = np.where(known, share, 0.35)
    best = np.where(share[:, 1] <= share[:, 0], 1, 0)
    is_clear = np.abs(share[:, 1] - share[:, 0]) > 0.1
    return np.where(at_rest, 0, np.where(known.any(-1) & is_clear, best, ruled))


def _is_at_rest(plan: Plan, state: QualityState, values: FloatArray) -> BoolArray:
    """Say which machines read exactly zero in the signal that tells running and in another that never does so running.

    Transmitters cut off low values, so that zero is what standing reads, even of a machine never seen standing.
    """
    is_zero = (values == 0.0) & plan.is_measured & (state.level[:, 1] > plan.least_level)
    place = plan.rules.running_signal
    return np.asarray((values[:, place] == 0.0) & (is_zero.sum(-1) >= _FEWEST_AT_REST))


def is_settled(plan: Plan, state: QualityState) -> BoolArray:
    """Just after a change of mode temperatures still follow; after a long stay in the other mode levels are old."""
    wait = np.where(state.away > plan.parameters.warm_up, 3, 1)
    return np.asarray((state.settled >= wait) | (state.rows <= plan.parameters.warm_up))
