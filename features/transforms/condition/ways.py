"""How a machine is run: the usual way, which follows slowly, the way before the last change, and how far it is now."""

import numpy as np

from features.transforms.condition.model import UNSEEN, ConditionModel, FloatArray
from features.transforms.condition.state import ConditionState, doubt_of

_STEADY = 0.02
"""Variance, in the table's spreads, that a condition is taken to have although it never moved."""
_SCATTER_COUNTED = 2.0
"""Times its expectation that a squared distance of conditions counts at most in what is usual."""


def follow_ways(
    model: ConditionModel, state: ConditionState, comparable: FloatArray, share: float, regime: int
) -> None:
    """Follow the way of running; what is usual follows slowly.

    Args:
        model: Of the state.
        state: Changed.
        comparable: The conditions of a row. Shape (condition,).
        share: What the row counts in smoothing.
        regime: Of the row.
    """
    state.condition = np.where(
        np.isnan(state.condition), comparable, state.condition + share * (comparable - state.condition)
    )
    moved, squared = _distance(model, state)
    if squared > model.table.condition_limit and not np.isnan(state.condition_former).any():
        moved, squared = _return(model, state, moved, squared)
    far = squared > model.table.condition_limit
    is_known = state.seen >= model.parameters.known_rows
    is_new = is_known and regime == UNSEEN and state.visits[UNSEEN] < model.parameters.fewest_rows
    state.visits[regime] += 1.0
    if far and not state.is_otherwise:
        state.condition_former = state.condition_level.copy()
    state.is_otherwise = far
    state.condition_lasting = state.condition_lasting + 1 if far or is_new else 0
    _learn(model, state, comparable, moved, squared)


def _distance(model: ConditionModel, state: ConditionState) -> tuple[FloatArray, float]:
    """Return how far conditions are from the usual way, one by one, and the squared distance of all."""
    moved = np.nan_to_num(moved_conditions(model, state))
    squared = float(moved @ np.linalg.solve(condition_covariance(model, state), moved))
    return moved, squared / doubt_of(model, state)


def _return(
    model: ConditionModel, state: ConditionState, moved: FloatArray, squared: float
) -> tuple[FloatArray, float]:
    """Take the way before the last change for the usual one again, if the machine is run so."""
    state.condition_level, state.condition_former = state.condition_former, state.condition_level
    before, distance = _distance(model, state)
    if distance <= model.table.condition_limit:
        return before, distance
    state.condition_level, state.condition_former = state.condition_former, state.condition_level
    return moved, squared


def _learn(
    model: ConditionModel, state: ConditionState, comparable: FloatArray, moved: FloatArray, squared: float
) -> None:
    """Learn the usual way of running; another one slowly, and its distance not at all."""
    before, longest = state.condition_level, model.parameters.condition_memory
    is_otherwise = state.is_otherwise and state.seen >= model.parameters.fewest_rows
    if not is_otherwise:
        state.condition_rows += 1
        counted = min(1.0, _SCATTER_COUNTED * len(moved) / squared) if squared > 0.0 else 1.0
        apart = counted * np.outer(moved, moved) - state.condition_scatter
        state.condition_scatter += apart / state.condition_rows
    memory = model.parameters.changed_memory if is_otherwise else min(float(state.condition_rows), longest)
    state.condition_level = np.where(np.isnan(before), comparable, before + (comparable - before) / memory)


def moved_conditions(model: ConditionModel, state: ConditionState) -> FloatArray:
    """Return how far conditions are from their usual level, in the table's spreads. Shape (condition,)."""
    return np.asarray((state.condition - state.condition_level) / model.condition_spreads, np.float64)


def condition_covariance(model: ConditionModel, state: ConditionState) -> FloatArray:
    """Return how conditions of this machine usually move together: the fleet's way at first, then its own.

    Machines are run in different ways, one by speed, another by throttle, so that what is unusual is not the same.
    """
    own = state.condition_rows / (model.parameters.smoothing * model.parameters.condition_prior)
    mixed = (model.condition_covariance + own * state.condition_scatter) / (1.0 + own)
    return np.asarray(mixed + _STEADY * np.eye(len(mixed)), np.float64)
