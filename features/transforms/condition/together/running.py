"""How machines are run, many at once; see `ways`, which does the same for one."""

import numpy as np

from features.transforms.condition.model import UNSEEN, ConditionModel, FloatArray
from features.transforms.condition.together.block import Block, Places
from features.transforms.condition.together.rounds import BoolArray
from features.transforms.condition.ways import GOING, SCATTER_COUNTED

_TINY = 1e-300


def doubts(model: ConditionModel, seen: FloatArray) -> FloatArray:
    """Return how much wider deviations are of machines of which little was seen. Shape (machine,)."""
    return np.asarray(1.0 + 1.0 / (1.0 + seen / model.parameters.known_rows), np.float64)


def follow_ways(
    model: ConditionModel, block: Block, comparable: FloatArray, share: FloatArray, regimes: Places
) -> tuple[Block, BoolArray]:
    """Follow the way of running of machines whose usual one is known.

    Args:
        model: Of all machines.
        block: Left as it is.
        comparable: Conditions. Shape (machine, condition).
        share: What the row counts in smoothing. Shape (machine,).
        regimes: Of the rows. Shape (machine,).

    Returns:
        What is changed, and of which machines that holds: those that are run as usual. Shape (machine,).
    """
    condition = block["condition"] + share[:, None] * (comparable - block["condition"])
    moved = (condition - block["condition_level"]) / model.condition_spreads
    distance = np.vecdot(moved, np.matvec(block["condition_precision"][:, 0], moved))
    squared = distance / doubts(model, block["seen"])
    is_new, visits = _visits(model, block, regimes)
    changed = {
        "condition": condition,
        "condition_lasting": (block["condition_lasting"] + 1.0) * is_new,
        "usual_rows": block["usual_rows"] + 1.0,
        "visits": visits,
    }
    is_usual = squared <= GOING * model.table.condition_limit
    return changed | _learnt(model, block, comparable, moved, squared), is_usual


def _visits(model: ConditionModel, block: Block, regimes: Places) -> tuple[BoolArray | bool, FloatArray]:
    """Return whether machines that are known run in a way never seen, and the rows seen in each regime."""
    if not len(model.regime_centers):
        return False, block["visits"] + 1.0
    visits, parameters = block["visits"].copy(), model.parameters
    is_new = (block["seen"] >= parameters.known_rows) & (visits[:, UNSEEN] < parameters.fewest_rows)
    visits[np.arange(len(visits)), regimes] += 1.0
    return is_new & (regimes == UNSEEN), visits


def _learnt(
    model: ConditionModel, block: Block, comparable: FloatArray, moved: FloatArray, squared: FloatArray
) -> Block:
    """Return the usual way of running after a row."""
    parameters = model.parameters
    rows, way_rows = block["condition_rows"] + 1.0, block["way_rows"] + 1.0
    counted = np.minimum(1.0, SCATTER_COUNTED * moved.shape[1] / np.maximum(squared, _TINY))
    scatter = moved[:, :, None] * (counted[:, None] * moved)[:, None, :]
    scatter -= block["condition_scatter"]
    scatter /= rows[:, None, None]
    scatter += block["condition_scatter"]
    own = (rows / (parameters.smoothing * parameters.condition_prior))[:, None, None]
    mixed = scatter * (own / (1.0 + own))
    mixed += model.condition_covariance * (1.0 / (1.0 + own))
    mixed += model.condition_steady
    level = comparable - block["condition_level"]
    level /= np.minimum(way_rows, parameters.condition_memory)
    level += block["condition_level"]
    return {
        "condition_rows": rows,
        "way_rows": way_rows,
        "condition_scatter": scatter,
        "condition_precision": model.precisions(mixed[:, None]),
        "condition_level": level,
    }
