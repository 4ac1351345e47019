"""Machines watched in the order of time, those behind one gateway side by side, as a service would."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from experiments.verdict.fleet import Watched
from features.domain.conditions import ConditionVerdict
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.neighbours import Neighbours
from features.transforms.condition.state import forget_levels, initial_condition
from features.transforms.condition.step import advance
from pipelines.condition.judging.happened import Reset, happened_to

VERDICTS: tuple[ConditionVerdict, ...] = tuple(ConditionVerdict)


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of one machine, row by row.

    Attributes:
        verdicts: Places in `VERDICTS`. Shape (row,).
        scores: Shape (row,).
    """

    verdicts: NDArray[np.int8]
    scores: NDArray[np.float64]


def watch(model: ConditionModel, machines: Sequence[Watched]) -> list[Told]:
    """Judge every row of every machine."""
    told = [Told(np.zeros(len(each.rows), np.int8), np.full(len(each.rows), np.nan)) for each in machines]
    for gateway in sorted({each.gateway for each in machines}):
        places = [place for place, each in enumerate(machines) if each.gateway == gateway]
        _watch_gateway(model, [machines[place] for place in places], [told[place] for place in places])
    return told


def _watch_gateway(model: ConditionModel, machines: Sequence[Watched], told: Sequence[Told]) -> None:
    states, neighbours = [initial_condition(model) for _ in machines], Neighbours(model)
    for place, state in enumerate(states):
        neighbours.note(place, state)
    resets = [list(_resets(model, each)) for each in machines]
    owner = np.concatenate([np.full(len(each.rows), place) for place, each in enumerate(machines)])
    number = np.concatenate([np.arange(len(each.rows)) for each in machines])
    order = np.argsort(np.concatenate([each.rows.seconds for each in machines]), kind="stable")
    for place, row in zip(owner[order].tolist(), number[order].tolist(), strict=True):
        seconds = machines[place].rows.seconds[row]
        while resets[place] and resets[place][0].at_us <= seconds * 1e6:
            reset = resets[place].pop(0)
            states[place] = forget_levels(model, states[place], reset.signals, reset.spread)
        given = machines[place].rows.row(row)
        known, straying = neighbours.company(place)
        beside = replace(given.circumstances, neighbours=known, neighbours_straying=straying)
        answer = advance(model, states[place], replace(given, circumstances=beside))
        neighbours.note(place, states[place])
        told[place].verdicts[row], told[place].scores[row] = VERDICTS.index(answer.verdict), answer.score


def _resets(model: ConditionModel, machine: Watched) -> Sequence[Reset]:
    """Return what is learnt anew of a machine, as the worker and a gateway do."""
    asset = AssetId(machine.asset)
    return happened_to(DEFAULT_TENANT, asset, machine.events, model.table, ()).resets
