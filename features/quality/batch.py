"""The batch twin of the streaming judgement: the same step, run over time, many machines at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.quality.holding import NAMUR_CODES
from features.quality.plan import Plan
from features.quality.rules import QualityRules
from features.quality.state import FloatArray, IntArray, QualityState, initial_state, join_states
from features.quality.step import advance
from features.quality.verdicts import Namur, Verdict


@dataclass(frozen=True, slots=True)
class AssetRows:
    """The readings of one machine in time order, one row per moment.

    Attributes:
        time_us: Microseconds since 1970, ascending. Shape (row,).
        values: In the order of the rules' signals; NaN where not measured. Shape (row, signal).
    """

    time_us: IntArray
    values: FloatArray


@dataclass(frozen=True, slots=True)
class StateChange:
    """A measuring point changed its NE 107 state.

    Attributes:
        time_us: Time of the row with which it changed.
        verdict: Of that row's reading; GOOD where it went back to normal, or where readings are missing.
        since_us: Time of the first bad (or, back to normal, good) reading that led to it.
    """

    time_us: int
    signal: str
    namur: Namur
    verdict: Verdict
    since_us: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Readings that should have come and did not.

    Attributes:
        signal: The signal, or None where whole rows are missing.
        from_us: Time of the row before.
        to_us: Time of the row with which it ended, or of the newest row if it has not.
    """

    signal: str | None
    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement of one machine's rows.

    Attributes:
        verdicts: Shape (row, signal).
        namur: State of each measuring point after the row, places in `holding.NAMUR_CODES`. Shape (row, signal).
        states: Changes of state, by time.
        gaps: By their beginning.
        state: After the last row, of this one machine.
    """

    verdicts: NDArray[np.int8]
    namur: NDArray[np.int8]
    states: list[StateChange]
    gaps: list[Gap]
    state: QualityState


def judge(rules: QualityRules, time_us: IntArray, values: FloatArray, state: QualityState | None = None) -> Judged:
    """Judge the rows of one machine, from its beginning or from a saved state on.

    Args:
        rules: The pack's rules.
        time_us: Microseconds since 1970, ascending. Shape (row,).
        values: Shape (row, signal).
        state: The state before the first row; it is left as it was.
    """
    return judge_fleet(rules, [AssetRows(time_us, values)], None if state is None else [state])[0]


def judge_fleet(
    rules: QualityRules, machines: Sequence[AssetRows], states: Sequence[QualityState] | None = None
) -> list[Judged]:
    """Judge many machines at once; each is judged as if it were alone.

    Args:
        rules: The pack's rules.
        machines: Their rows; they may differ in number.
        states: Their states before the first row, one each; default: nothing is known.
    """
    if not machines:
        return []
    order = sorted(range(len(machines)), key=lambda place: -len(machines[place].time_us))
    longest_first = [machines[place] for place in order]
    state = initial_state(rules, len(machines)) if states is None else join_states([states[place] for place in order])
    begin = state.namur.astype(np.int8)
    parts = _run(Plan.of(rules), state, longest_first)
    judged: list[Judged | None] = [None] * len(machines)
    for row, place in enumerate(order):
        judged[place] = _result(rules, state, row, longest_first[row], parts, begin[row])
    return [each for each in judged if each is not None]


@dataclass(frozen=True, slots=True)
class _Parts:
    verdicts: NDArray[np.int8]
    namur: NDArray[np.int8]
    missing: NDArray[np.bool_]
    silent: IntArray


def _run(plan: Plan, state: QualityState, machines: Sequence[AssetRows]) -> _Parts:
    lengths = np.array([len(machine.time_us) for machine in machines])
    rows, signals = int(lengths.max()), len(plan.low)
    time_us = np.zeros((rows, len(machines)), np.int64)
    values = np.full((rows, len(machines), signals), np.nan)
    for place, machine in enumerate(machines):
        time_us[: lengths[place], place] = machine.time_us
        values[: lengths[place], place] = machine.values
    shape = values.shape
    parts = _Parts(
        np.zeros(shape, np.int8), np.zeros(shape, np.int8), np.zeros(shape, np.bool_), np.zeros(shape[:2], np.int64)
    )
    active, part = len(machines), state
    for row in range(rows):
        still = int((lengths > row).sum())
        if still != active:
            active, part = still, state.first(still)
        given = advance(plan, part, time_us[row, :active], values[row, :active])
        parts.verdicts[row, :active], parts.namur[row, :active] = given.verdicts, given.namur
        parts.missing[row, :active], parts.silent[row, :active] = given.missing, given.silent_us
    return parts


def _result(
    rules: QualityRules, state: QualityState, place: int, machine: AssetRows, parts: _Parts, begin: NDArray[np.int8]
) -> Judged:
    rows = len(machine.time_us)
    verdicts, namur = parts.verdicts[:rows, place].copy(), parts.namur[:rows, place].copy()
    return Judged(
        verdicts=verdicts,
        namur=namur,
        states=_changes(rules, machine.time_us, verdicts, namur, begin),
        gaps=_gaps(rules, machine.time_us, parts.missing[:rows, place], parts.silent[:rows, place]),
        state=state.one(place),
    )


def _changes(
    rules: QualityRules, time_us: IntArray, verdicts: NDArray[np.int8], namur: NDArray[np.int8], begin: NDArray[np.int8]
) -> list[StateChange]:
    before = np.vstack([begin[None, :], namur[:-1]]) if len(namur) else namur
    changes = []
    for row, signal in np.argwhere(namur != before).tolist():
        is_bad = verdicts[: row + 1, signal] != 0
        other = np.flatnonzero(is_bad != is_bad[row])
        since = int(other[-1]) + 1 if len(other) else 0
        name = rules.signals[signal].id
        code, verdict = NAMUR_CODES[namur[row, signal]], Verdict(int(verdicts[row, signal]))
        changes.append(StateChange(int(time_us[row]), name, code, verdict, int(time_us[since])))
    return changes


def _gaps(rules: QualityRules, time_us: IntArray, missing: NDArray[np.bool_], silent: IntArray) -> list[Gap]:
    gaps = [Gap(None, int(time_us[row] - silent[row]), int(time_us[row])) for row in np.flatnonzero(silent)]
    for signal in np.flatnonzero(missing.any(0)).tolist():
        edges = np.diff(np.concatenate([[0], missing[:, signal].astype(np.int8), [0]]))
        begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
            before, after = max(begin - 1, 0), min(end, len(time_us) - 1)
            gaps.append(Gap(rules.signals[signal].id, int(time_us[before]), int(time_us[after])))
    return sorted(gaps, key=lambda gap: (gap.from_us, gap.signal or ""))
