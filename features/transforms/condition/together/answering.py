"""What is to be said of many machines whose rows were taken together; see `reasons`, which does the same for one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.domain.conditions import ConditionVerdict
from features.transforms.condition.answer import ConditionAnswer, ConditionRow, Estimate, Evidence
from features.transforms.condition.causes import MOST_SENSORS, Explained
from features.transforms.condition.estimates import estimate
from features.transforms.condition.faults import LOUD_TOO, scatter_evidence
from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.reasons import MOVED_COST, SIGN_COST, Found, is_sign, judge, mode_log
from features.transforms.condition.together.block import Block, Places, lent
from features.transforms.condition.together.rounds import BoolArray
from features.transforms.condition.together.straying import Strayed
from features.transforms.condition.together.weighing import Instruments, Several, beyond, instruments, modes, several

_INSTRUMENT, _MACHINE = ConditionVerdict.INSTRUMENT, ConditionVerdict.MACHINE
_OPERATION, _NORMAL = ConditionVerdict.OPERATION_CHANGE, ConditionVerdict.NORMAL
_CAUSES = (_INSTRUMENT, _MACHINE, _OPERATION)


_Said = tuple[ConditionVerdict, tuple[Evidence, ...], Explained | None]
"""A verdict, the numbers behind it, and the instrument at fault whose reading is to be estimated."""


@dataclass(frozen=True, slots=True)
class _Causes:
    """What causes explain, and what that counts for. Shape (machine,) each."""

    instrument: Instruments
    modes: list[Explained]
    several: Several
    logs: tuple[FloatArray, FloatArray, FloatArray]


def answers(
    model: ConditionModel, after: Block, found: Strayed, rows: Sequence[ConditionRow], holds: BoolArray
) -> list[ConditionAnswer | None]:
    """Return what is to be said of each machine.

    Args:
        model: Of all machines.
        after: Their memory after their rows, but for the verdict.
        found: How far they stray.
        rows: Theirs.
        holds: Of which of them all of this holds; of the others nothing is said.
    """
    parameters, shares = model.parameters, _shares(found)
    is_known = after["seen"] >= parameters.fewest_rows
    strays = after["lasting"] >= parameters.patience
    is_special = _is_loud(model, after["tracks"][:, 2])
    is_special |= strays & ~(is_known & (after["level_rows"].min(axis=1) >= parameters.fewest_rows))
    moves = ~strays & (after["condition_lasting"] >= parameters.condition_patience) & is_known
    weighs = np.flatnonzero((strays | moves) & ~is_special & holds)
    said: dict[int, _Said] = {}
    if len(weighs):
        said = _weighed(model, after, found, rows, weighs)
    told, score, seen = list[ConditionAnswer | None](), found.score.tolist(), after["seen"].tolist()
    for place, (is_held, is_one) in enumerate(zip(holds.tolist(), is_special.tolist(), strict=True)):
        verdict, evidence, at_fault = said.get(place, (_NORMAL, (), None))
        if not is_held:
            told.append(None)
        elif is_one:
            told.append(_one(model, after, found, rows[place], place))
        else:
            read = () if at_fault is None else _estimates(model, after, found, rows[place], place, at_fault)
            told.append(
                ConditionAnswer(verdict, score[place], score[place], int(seen[place]), shares[place], evidence, read)
            )
    return told


def _estimates(
    model: ConditionModel, after: Block, found: Strayed, row: ConditionRow, place: int, at_fault: Explained
) -> tuple[Estimate, ...]:
    """Return what an instrument at fault would read."""
    signal = (model.table.sensors + model.table.conditions)[at_fault.place]
    read = estimate(model, lent(after, place), row, found.deviation(model, place), (signal, at_fault))
    return () if read is None else (read,)


def _is_loud(model: ConditionModel, scatter: FloatArray) -> BoolArray:
    """Say of which machines one sensor alone scatters more than in health; see `scatter_evidence`. Shape (machine,)."""
    times = scatter / model.scatter_limits
    if not (times > 1.0).any():
        return np.zeros(len(times), np.bool_)
    loud, rather = np.count_nonzero(times > 1.0, axis=1), np.count_nonzero(times > LOUD_TOO, axis=1)
    return np.asarray((loud == 1) & (rather <= 1), np.bool_)


def _one(model: ConditionModel, after: Block, found: Strayed, row: ConditionRow, place: int) -> ConditionAnswer:
    """Judge one machine by itself."""
    state, deviation = lent(after, place), found.deviation(model, place)
    loud = scatter_evidence(model, state)
    return judge(model, state, row, Found([], loud, [], deviation, float(found.score[place])))


def _shares(found: Strayed) -> FloatArray:
    """Return what each sensor has in the score. Shape (machine, sensor)."""
    told = np.maximum(found.told * found.own, 0.0)
    total = np.vecdot(told, np.ones(told.shape[1]))
    if (total > 0.0).all():
        return np.asarray(told / total[:, None], np.float64)
    even = 1.0 / max(told.shape[1], 1)
    return np.where((total > 0.0)[:, None], told / np.where(total > 0.0, total, 1.0)[:, None], even)


def _weighed(
    model: ConditionModel, after: Block, found: Strayed, rows: Sequence[ConditionRow], weighs: Places
) -> dict[int, _Said]:
    """Return what is said of machines whose causes are weighed, by their places."""
    part, chosen = found.part(weighs), {name: after[name][weighs] for name in _ASKED}
    slopes = after["relations"][:, 1 : 1 + found.others.shape[1], -1][weighs]
    is_alone = [
        path.neighbours > 0 and path.neighbours_straying == 0
        for path in (rows[place].circumstances for place in weighs.tolist())
    ]
    causes = _causes(model, chosen, part, slopes, np.array(is_alone))
    condition_limit, certainty = model.table.condition_limit, model.parameters.certainty
    is_straying = (chosen["lasting"] >= model.parameters.patience).tolist()
    logs = zip(*(each.tolist() for each in causes.logs), strict=True)
    is_new = (part.condition_total <= condition_limit).tolist()
    said, numbers = {}, _numbers(model, causes, part, chosen)
    for place, (number, weights) in enumerate(zip(weighs.tolist(), logs, strict=True)):
        verdict, shares = _likeliest(weights, certainty)
        at_fault = causes.instrument.explained(place) if verdict is _INSTRUMENT and is_straying[place] else None
        if not is_straying[place] and (is_new[place] or verdict is _INSTRUMENT):
            verdict = _OPERATION if is_new[place] else ConditionVerdict.UNDETERMINED
        said[number] = verdict, _evidence(model, shares, causes.modes[place], numbers[place]), at_fault
    return said


def _likeliest(logs: Sequence[float], certainty: float) -> tuple[ConditionVerdict, list[float]]:
    """Return the likeliest of `_CAUSES` and the probability of each; see `reasons.likeliest`."""
    most = max(logs)
    weights = [math.exp(value - most) for value in logs]
    total = sum(weights)
    shares = [weight / total for weight in weights]
    highest = max(shares)
    return _CAUSES[shares.index(highest)] if highest >= certainty else ConditionVerdict.UNDETERMINED, shares


_ASKED = ("lasting", "condition_lasting", "is_sudden")


def _causes(model: ConditionModel, after: Block, found: Strayed, slopes: FloatArray, is_alone: BoolArray) -> _Causes:
    """Weigh the causes; see `reasons.weigh`, of machines without an excuse."""
    parameters, signals = model.parameters, found.own.shape[1] + found.others.shape[1]
    cost, is_sudden = parameters.direction_cost, after["is_sudden"] > 0.0
    temper = 2.0 * (1.0 + parameters.temper * (found.total + found.condition_total))
    of_mode = beyond(found.of_mode, model.table.mode_limit)
    sensors = np.maximum(beyond(found.total, model.table.limit), of_mode) / temper
    conditions = beyond(found.condition_total, model.table.condition_limit) / temper
    single = instruments(model, slopes, found)
    mode, some = modes(model, found, sensors, conditions), several(model, found, sensors)
    moved = found.condition_total * conditions
    is_condition = single.places >= found.own.shape[1]
    further = moved - cost * (moved > 0.0)
    one = single.gain * sensors + np.where(is_condition, 0.0, further) - math.log(2.0 * signals)
    of_several = some.gain * sensors + moved - cost * (some.directions - 1 + (moved > 0.0)) - math.log(signals)
    operation = moved - MOVED_COST * cost * (1.0 + is_alone)
    if len(model.mode_signs):
        signs = [is_sign(model, *each) for each in zip(mode, conditions.tolist(), strict=True)]
        operation -= SIGN_COST * cost * np.array(signs, np.float64)
    operation = np.where(is_sudden, np.maximum(operation, of_several), operation)
    is_measured = (is_sudden | (after["condition_lasting"] > 0.0)) & is_condition
    operation = np.where(is_measured, np.maximum(operation, one), operation)
    by_mode = np.array([mode_log(model, each) for each in mode])
    return _Causes(single, mode, some, (one, np.maximum(of_several, by_mode), operation))


def _evidence(
    model: ConditionModel, shares: Sequence[float], mode: Explained, numbers: "_Numbers"
) -> tuple[Evidence, ...]:
    """Return the numbers behind a verdict."""
    table, (by_one, place, by_several, directions, lasting, score, moved) = model.table, numbers
    signal = table.sensors[place] if place < len(table.sensors) else table.conditions[place - len(table.sensors)]
    evidence = [Evidence(name, "probability", share) for name, share in zip(_CAUSES, shares, strict=True)]
    evidence.append(Evidence(_INSTRUMENT, "explained_by_one_signal", by_one, signal))
    if mode.place >= 0:
        evidence.append(Evidence(_MACHINE, f"explained_by_{table.modes[mode.place].id}", min(mode.share, 1.0)))
    evidence.append(Evidence(_MACHINE, _BY_SEVERAL[directions], by_several))
    evidence.append(Evidence(_MACHINE, "rows_lasting", lasting))
    for name, value in zip(table.conditions, moved, strict=True):
        evidence.append(Evidence(_OPERATION, "condition_moved", value, name))
    evidence.append(Evidence(_OPERATION, "sensors_strayed", score))
    return tuple(evidence)


_BY_SEVERAL = {float(count): f"explained_by_{count}_sensors" for count in range(1, MOST_SENSORS + 1)}
_Numbers = tuple[float, int, float, float, float, float, list[float]]
"""Explained by one signal, and which; by several, and how many; rows lasting, the score, how far conditions moved."""


def _numbers(model: ConditionModel, causes: _Causes, found: Strayed, after: Block) -> list[_Numbers]:
    """Return the numbers of each machine."""
    total = np.maximum(found.total, 1e-9)
    columns = (
        np.minimum(causes.instrument.gain / total, 1.0).tolist(),
        causes.instrument.places.tolist(),
        np.minimum(causes.several.gain / total, 1.0).tolist(),
        causes.several.directions.tolist(),
        after["lasting"].tolist(),
        np.sqrt(np.maximum(found.total, 0.0) / model.table.limit).tolist(),
        found.others.tolist(),
    )
    return list(zip(*columns, strict=True))
