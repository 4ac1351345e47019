"""What each sensor should read, given how the machine is run: a line in the conditions, learnt from its own past.

Bayesian linear regression, one row at a time (Bishop, Pattern Recognition and Machine Learning, 2006, section 3.3): the
slopes begin at those of the fleet with the spread that machines have, the level at the machine's first reading. With
few rows the fleet decides, with many the machine itself, and how sure the expectation is belongs to it: where a machine
was never run, it is wide. Nothing is forgotten, so a drift cannot be followed: it stays visible by half of its size at
least for as long as it grows. A step that comes to rest below the limit of learning is learnt in the end.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.state import ConditionState

_CREDIBLE = 6.0
"""A reading farther off, in what its expectation allows, teaches nothing."""
_AGREEING = 3
"""So many in a row of a machine hardly known say that its first reading was wrong, and not they."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One row against what is expected. Arrays have shape (sensor,).

    Attributes:
        features: What the expectation is linear in. Shape (feature,).
        expected: Comparable values.
        error: Reading less that; NaN where not measured.
        variance: Of the error, in squared noise; 1 for a machine known perfectly.
        told: Covariance of the weights with the row. Shape (sensor, feature).
    """

    features: FloatArray
    expected: FloatArray
    error: FloatArray
    variance: FloatArray
    told: FloatArray

    def deviation(self, model: ConditionModel) -> FloatArray:
        """Return the error in noise, less of it where the expectation is unsure. Shape (sensor,)."""
        return np.asarray(self.error / (model.noise * np.sqrt(self.variance)), np.float64)


def begin(model: ConditionModel, state: ConditionState, comparable: FloatArray, regime: int) -> None:
    """Note the first conditions, and the first reading of each sensor as its level.

    Args:
        model: Of the state.
        state: Changed.
        comparable: The row. Shape (signal,).
        regime: Of the row.
    """
    conditions = len(state.origin)
    np.copyto(state.origin, comparable[:conditions], where=np.isnan(state.origin))
    readings = comparable[conditions:]
    is_first = np.isnan(state.level) & ~np.isnan(readings)
    if is_first.any():
        row = model.features(comparable[:conditions] - state.origin, regime)
        np.copyto(state.level, readings - state.weights[:, 1:] @ row[1:], where=is_first)


def expect(model: ConditionModel, state: ConditionState, comparable: FloatArray, regime: int) -> Expectation:
    """Return what sensors should read.

    Args:
        model: Of the state.
        state: Left as it is; it has begun.
        comparable: The row; its conditions are known. Shape (signal,).
        regime: Of the row.
    """
    conditions = len(state.origin)
    row = model.features(comparable[:conditions] - state.origin, regime)
    expected = state.level + state.weights @ row
    told = state.spread @ row
    return Expectation(row, expected, comparable[conditions:] - expected, 1.0 + told @ row, told)


def is_credible(model: ConditionModel, state: ConditionState, seen: Expectation, is_young: bool) -> NDArray[np.bool_]:
    """Say which readings may teach; a level that none of the first few agrees with begins anew.

    Args:
        model: Of the state.
        state: Its count of readings that are not credible, and levels that begin anew, are changed.
        seen: The row.
        is_young: Whether the machine is hardly known yet.

    Returns:
        By sensor. Shape (sensor,).
    """
    is_there = np.isfinite(seen.error)
    far = is_there & (np.abs(np.where(is_there, seen.deviation(model), 0.0)) >= _CREDIBLE)
    state.astray = np.where(far, state.astray + 1.0, np.where(is_there, 0.0, state.astray))
    wrong = far & (state.astray >= _AGREEING) & is_young
    if wrong.any():
        state.weights[:, 0] += np.where(wrong, seen.error, 0.0)
        state.astray[wrong] = 0.0
        state.deviation[wrong], state.recent[wrong] = np.nan, np.nan
    return is_there & ~far


def learn(model: ConditionModel, state: ConditionState, seen: Expectation, chosen: NDArray[np.bool_]) -> None:
    """Learn from a row. Once a level is known, it may be moved by a bounded amount only until it begins anew.

    Args:
        model: How cautiously, and how far.
        state: Changed.
        seen: The row.
        chosen: Sensors to learn from. Shape (sensor,).
    """
    parameters = model.parameters
    variance = seen.variance - 1.0 + parameters.caution
    gain = np.where(chosen[:, None], seen.told / variance[:, None], 0.0)
    state.weights += gain * np.where(chosen, seen.error, 0.0)[:, None]
    state.spread -= gain[:, :, None] * seen.told[:, None, :]
    state.level_rows += chosen
    begins = np.isnan(state.anchor) & (state.level_rows >= parameters.known_rows)
    state.anchor = np.where(begins, state.weights[:, 0], state.anchor)
    most = parameters.most_drift * model.noise
    is_free = np.isnan(state.anchor)
    kept = np.clip(
        state.weights[:, 0],
        np.where(is_free, -np.inf, state.anchor - most),
        np.where(is_free, np.inf, state.anchor + most),
    )
    state.weights[:, 0] = kept
