"""How a machine is run: the usual way, which follows slowly, the way before the last change, and how far it is now."""

import math

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.model import UNSEEN, ConditionModel, FloatArray, is_whole
from features.transforms.condition.state import ConditionState, doubt_of, forget_way, is_unmended

SCATTER_COUNTED = 2.0
"""Times its expectation that a squared distance of conditions counts at most in what is usual."""
GOING = 0.36
"""Share of the limit from which on the usual way of running follows slowly: it may be about to change."""

STILL = 1.5
"""A condition that lies no farther from its usual level, in its usual distances, has no part in a change."""
_MENDED = 0.8
"""Share of what moved that a condition must have for a repair to have mended it."""


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
    if squared > model.table.condition_limit and (mended := _mended(model, state, moved)).any():
        forget_way(state, mended)
        moved, squared = _begin(model, state, comparable)
    far = squared > model.table.condition_limit
    is_known = state.seen >= model.parameters.known_rows
    is_new = is_known and regime == UNSEEN and state.visits[UNSEEN] < model.parameters.fewest_rows
    state.visits[regime] += 1.0
    if far and not state.is_otherwise and _is_long_usual(model, state):
        state.condition_former = state.condition_level.copy()
    state.is_otherwise, state.usual_rows = far, 0 if far else state.usual_rows + 1
    state.condition_lasting = state.condition_lasting + 1 if far or is_new else 0
    _learn(model, state, comparable, moved, squared)


def _distance(model: ConditionModel, state: ConditionState) -> tuple[FloatArray, float]:
    """Return how far conditions are from the usual way, one by one, and the squared distance of all."""
    moved = moved_conditions(model, state)
    squared = float(moved.dot(state.condition_precision[0].dot(moved)))
    return moved, squared / doubt_of(model, state)


def _is_long_usual(model: ConditionModel, state: ConditionState) -> bool:
    """Say whether the machine has been run as usual for so long that this is the way before a change."""
    return state.usual_rows >= model.parameters.condition_memory or bool(np.isnan(state.condition_former).any())


def _mended(model: ConditionModel, state: ConditionState, moved: FloatArray) -> NDArray[np.bool_]:
    """Return conditions that, just after a repair, moved against a failure mode that moves them. Shape (condition,).

    A strainer that was clogged and is flushed lets the suction pressure rise: the machine is not run otherwise, its
    usual way had followed the fault.
    """
    none = np.zeros(len(moved), np.bool_)
    has_begun = (state.level_rows < model.parameters.fewest_rows) & ~np.isnan(state.level) & ~is_unmended(model, state)
    if not has_begun.any() or not len(model.mode_signs):
        return none
    signs = model.mode_signs[:, len(state.level) :]
    precision = state.condition_precision[0]
    pulled = precision.dot(moved)
    gains = np.square(pulled) / np.maximum(precision.diagonal(), 1e-12)
    best = int(gains.argmax())
    along = signs[:, best] * pulled[best]
    is_against = bool((along < 0.0).any() and not (along > 0.0).any())
    none[best] = is_against and gains[best] >= _MENDED * float(moved.dot(pulled))
    return none


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
    longest, known = model.parameters.condition_memory, is_way_known(model, state)
    is_otherwise = state.is_otherwise and state.seen >= model.parameters.fewest_rows
    state.way_rows += 1.0 if not is_otherwise else ~known
    if not is_otherwise and (known.all() or not known.any()):
        state.condition_rows += 1
        moved = _raw_moved(model, state)
        counted = min(1.0, SCATTER_COUNTED * len(moved) / squared) if squared > 0.0 else 1.0
        product = moved.reshape(-1, 1).dot((counted * moved).reshape(1, -1))
        state.condition_scatter += (product - state.condition_scatter) / state.condition_rows
        renew_precision(model, state)
    memory = np.minimum(state.way_rows, longest)
    if is_otherwise or squared > GOING * model.table.condition_limit:
        is_going = (np.abs(moved) >= STILL) & (state.way_rows > (0.0 if is_otherwise else longest)) & known
        memory[is_going] = model.parameters.changed_memory
    followed = (comparable - state.condition_level) / memory
    state.condition_level += followed
    if is_otherwise:  # what is before the change goes on with the season as well
        state.condition_former += np.where(np.abs(moved) < STILL, followed, 0.0)


def _begin(model: ConditionModel, state: ConditionState, comparable: FloatArray) -> tuple[FloatArray, float]:
    """Begin with conditions that were not known; return the distance from the usual way as `_distance` does."""
    kept = (state.condition, state.condition_level, state.condition_former)
    for values in kept if np.isfinite(state.condition_former).any() else kept[:2]:
        np.copyto(values, comparable, where=np.isnan(values))
    return _distance(model, state)


def renew_precision(model: ConditionModel, state: ConditionState) -> None:
    """Take over how conditions usually move together, as its inverse."""
    state.condition_precision = model.precisions(condition_covariance(model, state))


def moved_conditions(model: ConditionModel, state: ConditionState) -> FloatArray:
    """Return how far conditions are from their usual level, in the table's spreads; 0 while it begins.

    Returns:
        Shape (condition,).
    """
    return _raw_moved(model, state) * is_way_known(model, state)


def is_way_known(model: ConditionModel, state: ConditionState) -> NDArray[np.bool_]:
    """Say of which conditions the usual level is known. Shape (condition,)."""
    return state.way_rows >= model.parameters.fewest_rows


def _raw_moved(model: ConditionModel, state: ConditionState) -> FloatArray:
    return (state.condition - state.condition_level) / model.condition_spreads


def condition_covariance(model: ConditionModel, state: ConditionState) -> FloatArray:
    """Return how conditions of this machine usually move together: the fleet's way at first, then its own.

    Machines are run in different ways, one by speed, another by throttle, so that what is unusual is not the same.
    """
    own = state.condition_rows / (model.parameters.smoothing * model.parameters.condition_prior)
    mixed = model.condition_covariance * (1.0 / (1.0 + own))
    mixed += state.condition_scatter * (own / (1.0 + own))
    mixed += model.condition_steady
    return mixed
