"""The dilated network one reading at a time: the twin of `models.prognosis.dilated` in numpy, with its state as arrays.

Each block needs what it was given one dilation ago, and nothing else of the past. A ring of as many places as the
dilation holds it: the place that a reading is about to take is that of the reading to be remembered. So a reading costs
the same whenever it comes, and the state has the same size after one reading and after a million.

Only the benchmark `bench dilated` and tests use it: no bundle carries such a network (docs/adr/0014).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LARGEST_INPUT = 6.0
"""Inputs are cut off there, in deviations."""

_Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class DilatedWeights:
    """All that a trained stack knows, as arrays.

    Attributes:
        mixing: From z-scores to inputs. Shape (sensor, input).
        shares: How much each sensor counts for whether an input is known; columns add up to 1. Shape (sensor, input).
        entry: From inputs, and whether each is known, to channels. Shape (member, 2 × input, channel).
        entry_bias: Shape (member, channel).
        now: By block, from its input now. Shape (block, member, channel, channel).
        before: By block, from its input one dilation ago. Shape (block, member, channel, channel).
        bias: Shape (block, member, channel).
        dilations: Of each block, readings.
    """

    mixing: _Floats
    shares: _Floats
    entry: _Floats
    entry_bias: _Floats
    now: _Floats
    before: _Floats
    bias: _Floats
    dilations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DilatedState:
    """What a stack remembers of one life.

    Attributes:
        rings: Of each block the inputs of the last readings, as many as its dilation, one block after the other.
            Shape (sum of dilations, member, channel).
        count: Readings so far. Shape (1,).
    """

    rings: _Floats
    count: NDArray[np.int64]


def initial_dilated(weights: DilatedWeights) -> DilatedState:
    """Return the state of a life that has not begun: zeros, the padding on the left of a whole life."""
    members, channels = weights.entry_bias.shape
    rings = np.zeros((sum(weights.dilations), members, channels), weights.entry.dtype)
    return DilatedState(rings, np.zeros(1, np.int64))


def advance_dilated(
    weights: DilatedWeights, state: DilatedState, scores: NDArray[np.float64]
) -> tuple[DilatedState, _Floats]:
    """Take one reading.

    Args:
        weights: Of the trained stack.
        state: Before the reading; it is left as it was.
        scores: z-scores of the reading, NaN where unknown. Shape (sensor,).

    Returns:
        The state after it, and what the stack tells. Shape (member, channel).
    """
    is_known = ~np.isnan(scores)
    values = np.where(is_known, scores, 0.0).astype(weights.mixing.dtype)
    mixed = np.clip(values @ weights.mixing, -LARGEST_INPUT, LARGEST_INPUT)
    told = np.concatenate([mixed, is_known.astype(weights.shares.dtype) @ weights.shares])
    hidden = np.einsum("i,mic->mc", told, weights.entry) + weights.entry_bias
    rings, start = state.rings.copy(), 0
    for dilation, now, before, bias in zip(weights.dilations, weights.now, weights.before, weights.bias, strict=True):
        place = start + int(state.count[0]) % dilation
        earlier, rings[place] = rings[place].copy(), hidden
        change = np.einsum("mc,mcd->md", hidden, now) + np.einsum("mc,mcd->md", earlier, before) + bias
        hidden = hidden + change * _sigmoid(change)
        start += dilation
    return DilatedState(rings, state.count + 1), hidden


def _sigmoid(values: _Floats) -> _Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)))
