"""How machines are run, many at once; see `ways`, which does the same for one."""

from dataclasses import dataclass

import numpy as np

from features.transforms.condition.model import UNSEEN, ConditionModel, FloatArray
from features.transforms.condition.together.block import Block, Places
from features.transforms.condition.together.rounds import BoolArray
from features.transforms.condition.ways import SCATTER_COUNTED

_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Run:
    """Distances of conditions from the usual way: one by one, shape (machine, condition), and all, squared."""

    moved: FloatArray
    squared: FloatArray


def doubts(model: ConditionModel, seen: FloatArray) -> FloatArray:
    """Return how much wider deviations are of machines of which little was seen. Shape (machine,)."""
    return np.asarray(1.0 + 1.0 / (1.0 + seen / model.parameters.known_rows), np.float64)


def follow_ways(
    model: ConditionModel, block: Block, comparable: FloatArray, share: FloatArray, regimes: Places
) -> Block:
    """Follow the way of running.

    Args:
        model: Of all machines.
        block: Left as it is.
        comparable: Conditions. Shape (machine, condition).
        share: What the row counts in smoothing. Shape (machine,).
        regimes: Of the rows. Shape (machine,).

    Returns:
        What is changed.
    """
    limit, seen, parameters = model.table.condition_limit, block["seen"], model.parameters
    condition = block["condition"] + share[:, None] * (comparable - block["condition"])
    level, former, doubt = block["condition_level"], block["condition_former"], doubts(model, seen)
    run = _distance(model, block, condition, level, doubt)
    is_far = run.squared > limit
    if is_far.any():
        run, level, former = _returned(model, block, condition, run, doubt)
        is_far = run.squared > limit
        former = np.where((is_far & (block["is_otherwise"] == 0.0))[:, None], level, former)
    is_new, visits = _visits(model, block, regimes)
    lasting = (block["condition_lasting"] + 1.0) * (is_far | is_new)
    changed = {
        "condition": condition,
        "condition_former": former,
        "is_otherwise": is_far.astype(np.float64),
        "condition_lasting": lasting,
        "visits": visits,
    }
    return changed | _learnt(model, block, comparable, run, level, is_far & (seen >= parameters.fewest_rows))


def _visits(model: ConditionModel, block: Block, regimes: Places) -> tuple[BoolArray | bool, FloatArray]:
    """Return whether machines that are known run in a way never seen, and the rows seen in each regime."""
    if not len(model.regime_centers):
        return False, block["visits"] + 1.0
    visits, parameters = block["visits"].copy(), model.parameters
    is_new = (block["seen"] >= parameters.known_rows) & (visits[:, UNSEEN] < parameters.fewest_rows)
    visits[np.arange(len(visits)), regimes] += 1.0
    return is_new & (regimes == UNSEEN), visits


def _distance(model: ConditionModel, block: Block, condition: FloatArray, level: FloatArray, doubt: FloatArray) -> Run:
    moved = (condition - level) / model.condition_spreads
    squared = np.vecdot(moved, np.matvec(block["condition_precision"][:, 0], moved)) / doubt
    return Run(moved, squared)


def _returned(
    model: ConditionModel, block: Block, condition: FloatArray, run: Run, doubt: FloatArray
) -> tuple[Run, FloatArray, FloatArray]:
    """Take the way before the last change for the usual one again, where machines are run so."""
    limit, level, former = model.table.condition_limit, block["condition_level"], block["condition_former"]
    before = _distance(model, block, condition, former, doubt)
    is_back = (run.squared > limit) & np.isfinite(np.vecdot(former, former)) & (before.squared <= limit)
    if not is_back.any():
        return run, level, former
    back = is_back[:, None]
    found = Run(np.where(back, before.moved, run.moved), np.where(is_back, before.squared, run.squared))
    return found, np.where(back, former, level), np.where(back, level, former)


def _learnt(
    model: ConditionModel,
    block: Block,
    comparable: FloatArray,
    run: Run,
    level: FloatArray,
    is_otherwise: BoolArray,
) -> Block:
    """Return the usual way of running after a row; another one is learnt slowly, and its distance not at all.

    The precision is made anew of what did not change, too: it comes out the same.
    """
    parameters, moved = model.parameters, run.moved
    is_usual = ~is_otherwise
    rows = block["condition_rows"] + is_usual
    counted = np.minimum(1.0, SCATTER_COUNTED * moved.shape[1] / np.maximum(run.squared, _TINY))
    scatter = moved[:, :, None] * (counted[:, None] * moved)[:, None, :]
    scatter -= block["condition_scatter"]
    scatter *= is_usual[:, None, None]
    scatter /= np.maximum(rows, 1.0)[:, None, None]
    scatter += block["condition_scatter"]
    own = (rows / (parameters.smoothing * parameters.condition_prior))[:, None, None]
    mixed = scatter * (own / (1.0 + own))
    mixed += model.condition_covariance * (1.0 / (1.0 + own))
    mixed += model.condition_steady
    memory = np.minimum(np.maximum(rows, 1.0), parameters.condition_memory)
    if is_otherwise.any():
        memory = np.where(is_otherwise, parameters.changed_memory, memory)
    apart = comparable - level
    apart *= (1.0 / memory)[:, None]
    apart += level
    return {
        "condition_rows": rows,
        "condition_scatter": scatter,
        "condition_precision": model.precisions(mixed[:, None]),
        "condition_level": apart,
    }
