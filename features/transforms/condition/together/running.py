"""How machines are run, many at once; see `ways`, which does the same for one."""

from dataclasses import dataclass

import numpy as np

from features.transforms.condition.model import UNSEEN, ConditionModel, FloatArray
from features.transforms.condition.together.block import Block, Places
from features.transforms.condition.together.rounds import BoolArray
from features.transforms.condition.ways import GOING, SCATTER_COUNTED, STILL

_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Run:
    """Distances of conditions from the usual way.

    Attributes:
        raw: In the table's spreads. Shape (machine, condition).
        moved: The same, 0 while the usual level begins.
        squared: Of all. Shape (machine,).
    """

    raw: FloatArray
    moved: FloatArray
    squared: FloatArray


def doubts(model: ConditionModel, seen: FloatArray) -> FloatArray:
    """Return how much wider deviations are of machines of which little was seen. Shape (machine,)."""
    return np.asarray(1.0 + 1.0 / (1.0 + seen / model.parameters.known_rows), np.float64)


def follow_ways(
    model: ConditionModel, block: Block, comparable: FloatArray, share: FloatArray, regimes: Places
) -> tuple[Block, BoolArray]:
    """Follow the way of running.

    Args:
        model: Of all machines.
        block: Left as it is.
        comparable: Conditions. Shape (machine, condition).
        share: What the row counts in smoothing. Shape (machine,).
        regimes: Of the rows. Shape (machine,).

    Returns:
        What is changed, and of which machines that holds: not of those of which the usual level of some conditions only
        is known, nor of those that a repair may have mended. Shape (machine,).
    """
    parameters, limit, doubt = model.parameters, model.table.condition_limit, doubts(model, block["seen"])
    condition = block["condition"] + share[:, None] * (comparable - block["condition"])
    level, former = block["condition_level"], block["condition_former"]
    known = is_way_known(model, block["way_rows"])
    run = _distance(model, block, (condition, level, known), doubt)
    is_far = run.squared > limit
    holds = _is_even(known)
    usual_rows = block["usual_rows"] + 1.0
    if is_far.any():
        run, level, former = _returned(model, block, (condition, former, known), run, doubt)
        is_far = run.squared > limit
        if len(model.mode_signs):
            holds &= ~is_far | (block["level_rows"].min(axis=1) >= parameters.fewest_rows)
        is_long_usual = (block["usual_rows"] >= parameters.condition_memory) | np.isnan(former).any(axis=1)
        former = np.where((is_far & (block["is_otherwise"] == 0.0) & is_long_usual)[:, None], level, former)
        usual_rows = usual_rows * ~is_far
    is_new, visits = _visits(model, block, regimes)
    changed = {
        "condition": condition,
        "is_otherwise": is_far.astype(np.float64),
        "usual_rows": usual_rows,
        "condition_lasting": (block["condition_lasting"] + 1.0) * (is_far | is_new),
        "visits": visits,
    }
    is_otherwise = is_far & (block["seen"] >= parameters.fewest_rows)
    return changed | _learnt(model, block, comparable, run, (level, former), is_otherwise), holds


def is_way_known(model: ConditionModel, way_rows: FloatArray) -> BoolArray:
    """Say of which conditions the usual level is known. Shape (machine, condition)."""
    return np.asarray(way_rows >= model.parameters.fewest_rows, np.bool_)


def _is_even(known: BoolArray) -> BoolArray:
    """Say of which machines all or none of the usual levels are known. Shape (machine,)."""
    if known.all():
        return np.ones(len(known), np.bool_)
    return np.asarray(known.all(axis=1) | ~known.any(axis=1), np.bool_)


_Where = tuple[FloatArray, FloatArray, BoolArray]
"""Conditions, a level of theirs, and whether it is known. Shape (machine, condition) each."""


def _distance(model: ConditionModel, block: Block, where: _Where, doubt: FloatArray) -> Run:
    condition, level, known = where
    raw = (condition - level) / model.condition_spreads
    moved = raw * known
    squared = np.vecdot(moved, np.matvec(block["condition_precision"][:, 0], moved)) / doubt
    return Run(raw, moved, squared)


def _returned(
    model: ConditionModel, block: Block, before_change: _Where, run: Run, doubt: FloatArray
) -> tuple[Run, FloatArray, FloatArray]:
    """Take the way before the last change for the usual one again, where machines are run so."""
    limit, level, former = model.table.condition_limit, block["condition_level"], before_change[1]
    may_be_back = (run.squared > limit) & np.isfinite(np.vecdot(former, former))
    if not may_be_back.any():
        return run, level, former
    before = _distance(model, block, before_change, doubt)
    is_back = may_be_back & (before.squared <= limit)
    if not is_back.any():
        return run, level, former
    back = is_back[:, None]
    raw, moved = np.where(back, before.raw, run.raw), np.where(back, before.moved, run.moved)
    found = Run(raw, moved, np.where(is_back, before.squared, run.squared))
    return found, np.where(back, former, level), np.where(back, level, former)


def _visits(model: ConditionModel, block: Block, regimes: Places) -> tuple[BoolArray | bool, FloatArray]:
    """Return whether machines that are known run in a way never seen, and the rows seen in each regime."""
    if not len(model.regime_centers):
        return False, block["visits"] + 1.0
    visits, parameters = block["visits"].copy(), model.parameters
    is_new = (block["seen"] >= parameters.known_rows) & (visits[:, UNSEEN] < parameters.fewest_rows)
    visits[np.arange(len(visits)), regimes] += 1.0
    return is_new & (regimes == UNSEEN), visits


def _learnt(
    model: ConditionModel,
    block: Block,
    comparable: FloatArray,
    run: Run,
    ways: tuple[FloatArray, FloatArray],
    is_otherwise: BoolArray,
) -> Block:
    """Return the usual way of running after a row; another one is learnt slowly, and its distance not at all.

    Args:
        model: Of all machines.
        block: Before the row.
        comparable: Conditions. Shape (machine, condition).
        run: How the machines are run.
        ways: The usual one, and that before the last change. Shape (machine, condition) each.
        is_otherwise: Whether they are run otherwise. Shape (machine,).
    """
    parameters, raw, is_usual = model.parameters, run.raw, ~is_otherwise
    rows, way_rows = block["condition_rows"] + is_usual, block["way_rows"] + is_usual[:, None]
    counted = np.minimum(1.0, SCATTER_COUNTED * raw.shape[1] / np.maximum(run.squared, _TINY))
    scatter = raw[:, :, None] * (counted[:, None] * raw)[:, None, :]
    scatter -= block["condition_scatter"]
    scatter *= is_usual[:, None, None]
    scatter /= np.maximum(rows, 1.0)[:, None, None]
    scatter += block["condition_scatter"]
    own = rows / (parameters.smoothing * parameters.condition_prior)
    mixed = scatter * (own / (1.0 + own))[:, None, None]
    mixed += model.condition_covariance * (1.0 / (1.0 + own))[:, None, None]
    mixed += model.condition_steady
    level, former = ways
    memory, is_moving = np.minimum(way_rows, parameters.condition_memory), np.abs(run.moved) >= STILL
    is_going = is_otherwise | (run.squared > GOING * model.table.condition_limit)
    if is_going.any():
        least = np.where(is_otherwise, 0.0, parameters.condition_memory)[:, None]
        memory[is_going[:, None] & is_moving & (way_rows > least)] = parameters.changed_memory
    followed = comparable - level
    followed /= memory
    if is_otherwise.any():  # what is before the change goes on with the season as well
        former = former + followed * (is_otherwise[:, None] & ~is_moving)
    return {
        "condition_rows": rows,
        "way_rows": way_rows,
        "condition_scatter": scatter,
        "condition_precision": _precisions(model, block["condition_precision"], mixed, is_usual),
        "condition_level": level + followed,
        "condition_former": former,
    }


def _precisions(model: ConditionModel, before: FloatArray, mixed: FloatArray, is_usual: BoolArray) -> FloatArray:
    """Return the precisions of covariances that are new, and those before of the others."""
    if is_usual.all():
        return model.precisions(mixed[:, None])
    found, places = before.copy(), np.flatnonzero(is_usual)
    if len(places):
        found[places] = model.precisions(mixed[places, None])
    return found
