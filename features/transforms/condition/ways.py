"""How a machine is run: the usual way, which follows slowly, the way before the last change, and how far it is now."""

import math

import numpy as np

from features.transforms.condition.model import UNSEEN, ConditionModel, FloatArray, is_whole
from features.transforms.condition.state import ConditionState, doubt_of

SCATTER_COUNTED = 2.0
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
    state.condition += share * (comparable - state.condition)
    moved, squared = _distance(model, state)
    if math.isnan(squared):
        moved, squared = _begin(model, state, comparable)
    if squared > model.table.condition_limit and is_whole(state.condition_former):
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
    moved = moved_conditions(model, state)
    squared = float(moved.dot(state.condition_precision[0].dot(moved)))
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
    longest = model.parameters.condition_memory
    is_otherwise = state.is_otherwise and state.seen >= model.parameters.fewest_rows
    if not is_otherwise:
        state.condition_rows += 1
        counted = min(1.0, SCATTER_COUNTED * len(moved) / squared) if squared > 0.0 else 1.0
        product = moved.reshape(-1, 1).dot((counted * moved).reshape(1, -1))
        state.condition_scatter += (product - state.condition_scatter) / state.condition_rows
        renew_precision(model, state)
    memory = model.parameters.changed_memory if is_otherwise else min(float(state.condition_rows), longest)
    state.condition_level += (comparable - state.condition_level) * (1.0 / memory)


def _begin(model: ConditionModel, state: ConditionState, comparable: FloatArray) -> tuple[FloatArray, float]:
    """Begin with conditions that were not known; return the distance from the usual way as `_distance` does."""
    for values in (state.condition, state.condition_level):
        np.copyto(values, comparable, where=np.isnan(values))
    return _distance(model, state)


def renew_precision(model: ConditionModel, state: ConditionState) -> None:
    """Take over how conditions usually move together, as its inverse."""
    state.condition_precision = model.precisions(condition_covariance(model, state))


def moved_conditions(model: ConditionModel, state: ConditionState) -> FloatArray:
    """Return how far conditions are from their usual level, in the table's spreads. Shape (condition,)."""
    return np.asarray((state.condition - state.condition_level) / model.condition_spreads, np.float64)


def condition_covariance(model: ConditionModel, state: ConditionState) -> FloatArray:
    """Return how conditions of this machine usually move together: the fleet's way at first, then its own.

    Machines are run in different ways, one by speed, another by throttle, so that what is unusual is not the same.
    """
    own = state.condition_rows / (model.parameters.smoothing * model.parameters.condition_prior)
    mixed = model.condition_covariance * (1.0 / (1.0 + own))
    mixed += state.condition_scatter * (own / (1.0 + own))
    mixed += model.condition_steady
    return mixed
