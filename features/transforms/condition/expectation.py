"""What each sensor should read, given how the machine is run: a line in the conditions, learnt from its own past.

Bayesian linear regression, one row at a time (Bishop, Pattern Recognition and Machine Learning, 2006, section 3.3): the
slopes begin at those of the fleet with the spread that machines have, the level at the machine's first reading. With
few rows the fleet decides, with many the machine itself, and how sure the expectation is belongs to it: where a machine
was never run, it is wide. Nothing is forgotten, so a drift cannot be followed: it stays visible by half of its size at
least for as long as it grows. A step that comes to rest below the limit of learning is learnt in the end.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.model import ConditionModel, FloatArray, is_whole
from features.transforms.condition.state import ConditionState

CREDIBLE = 6.0
"""A reading farther off, in what its expectation allows, teaches nothing."""
_AGREEING = 3
"""So many in a row of a machine hardly known say that its first reading was wrong, and not they."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One row against what is expected. Arrays have shape (sensor,).

    Attributes:
        expected: Comparable values.
        error: Reading less that; NaN where not measured.
        unsure: Variance of what is expected, in squared noise; 0 for a machine known perfectly.
        deviation: The error in noise, less of it where the expectation is unsure.
        size: Sum of the squared deviations; NaN where one is.
        product: Covariance of the weights with the row, then what the weights add to the level. Shape (feature + 1,
            sensor).
    """

    expected: FloatArray
    error: FloatArray
    unsure: FloatArray
    deviation: FloatArray
    size: float
    product: FloatArray


def begin(model: ConditionModel, state: ConditionState, comparable: FloatArray, regime: int) -> None:
    """Note the first conditions, and the first reading of each sensor as its level; nothing where all are known.

    Args:
        model: Of the state.
        state: Changed.
        comparable: The row. Shape (signal,).
        regime: Of the row.
    """
    if is_whole(state.level):
        return
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
    conditions, sensors = len(state.origin), len(state.level)
    row = model.features(comparable[:conditions] - state.origin, regime)
    features = len(row)
    product = row.dot(state.relations.reshape(features, -1)).reshape(features + 1, sensors)
    expected = state.level + product[features]
    error, unsure = comparable[conditions:] - expected, row.dot(product[:features])
    deviation = error / (model.noise * np.sqrt(1.0 + unsure))
    return Expectation(expected, error, unsure, deviation, float(deviation.dot(deviation)), product)


def is_credible(state: ConditionState, seen: Expectation, is_young: bool) -> NDArray[np.bool_] | None:
    """Say which readings may teach; a level that none of the first few agrees with begins anew.

    Args:
        state: Its count of readings that are not credible, and levels that begin anew, are changed.
        seen: The row.
        is_young: Whether the machine is hardly known yet.

    Returns:
        By sensor, shape (sensor,); None where all may.
    """
    if seen.size < CREDIBLE**2:  # then none is that far
        state.astray.fill(0.0)
        return None
    is_there = np.isfinite(seen.error)
    far = np.abs(seen.deviation) >= CREDIBLE  # not of what was not measured
    if not np.count_nonzero(far) and math.isfinite(seen.size):
        state.astray.fill(0.0)
        return None
    state.astray[is_there & ~far] = 0.0
    state.astray += far
    wrong = far & (state.astray >= _AGREEING) & is_young
    if wrong.any():
        state.weights[:, 0] += np.where(wrong, seen.error, 0.0)
        state.astray[wrong] = 0.0
        state.deviation[wrong], state.recent[wrong] = np.nan, np.nan
    return is_there & ~far


def learn(
    model: ConditionModel, state: ConditionState, seen: Expectation, chosen: NDArray[np.bool_] | None = None
) -> None:
    """Learn from a row. Once a level is known, it may be moved by a bounded amount only until it begins anew.

    Args:
        model: How cautiously, and how far.
        state: Changed.
        seen: The row; it is used up.
        chosen: Sensors to learn from, None for all. Shape (sensor,).
    """
    parameters = model.parameters
    gain = seen.product[:-1] / (seen.unsure + parameters.caution)
    np.negative(seen.error, out=seen.product[-1])
    if chosen is not None:
        gain *= chosen
        seen.product[-1, ~chosen] = 0.0
    state.relations -= gain[:, None, :] * seen.product
    state.level_rows += 1.0 if chosen is None else chosen
    level, most = state.relations[0, -1], parameters.most_drift * model.noise
    if not is_whole(state.anchor):
        begins = np.isnan(state.anchor) & (state.level_rows >= parameters.known_rows)
        np.copyto(state.anchor, level, where=begins)
    np.fmin(np.fmax(level, state.anchor - most), state.anchor + most, out=level)  # those without an anchor are free
