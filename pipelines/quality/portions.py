"""Judges lives of any length in bounded memory: many short ones together, a long one piece by piece."""

from collections.abc import Sequence

import numpy as np

from features.quality.batch import AssetRows, Judged, judge, judge_fleet
from features.quality.rules import QualityRules
from features.quality.state import QualityState, initial_state

CELLS = 10_000_000
"""Readings in memory at once, about 80 MB as numbers."""


def judge_all(
    rules: QualityRules, machines: Sequence[AssetRows], states: Sequence[QualityState | None], cells: int = CELLS
) -> list[Judged]:
    """Judge lives; each as if it were alone and in one piece.

    Args:
        rules: The pack's rules.
        machines: Their rows.
        states: Their states before the first row; None where nothing is known.
        cells: Readings in memory at once.
    """
    judged: list[Judged | None] = [None] * len(machines)
    order = sorted(range(len(machines)), key=lambda place: len(machines[place].time_us))
    while order:
        rows = len(machines[order[-1]].time_us)
        together = max(1, cells // max(1, rows * len(rules.signals)))
        group, order = order[-together:], order[:-together]
        if rows * len(rules.signals) > cells:
            judged[group[0]] = _in_pieces(rules, machines[group[0]], states[group[0]], cells)
            continue
        known = [states[place] or initial_state(rules, 1) for place in group]
        for place, each in zip(group, judge_fleet(rules, [machines[place] for place in group], known), strict=True):
            judged[place] = each
    return [each for each in judged if each is not None]


def _in_pieces(rules: QualityRules, machine: AssetRows, state: QualityState | None, cells: int) -> Judged:
    step = max(1, cells // len(rules.signals))
    pieces: list[Judged] = []
    for start in range(0, len(machine.time_us), step):
        piece = slice(start, start + step)
        pieces.append(judge(rules, machine.time_us[piece], machine.values[piece], state))
        state = pieces[-1].state
    return Judged(
        verdicts=np.concatenate([each.verdicts for each in pieces]),
        namur=np.concatenate([each.namur for each in pieces]),
        states=[change for each in pieces for change in each.states],
        gaps=[gap for each in pieces for gap in each.gaps],
        state=pieces[-1].state,
    )
