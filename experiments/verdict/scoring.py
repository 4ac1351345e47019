"""What verdicts are worth: trials with a known cause, a confusion table, F1 by class, and how soon the right one came.

A trial is a stretch with one true cause, or a week of health of one machine. Its answer is the verdict that stood in
most of its rows (two at least, of the data path one), `normal` and `undetermined` left out; where none of the others
stood, `undetermined` if that did, else `normal`. So a week of health is answered `normal` only if nothing else was said
in it. What stands in fewer than eight rows, a single spike or an error code, is no state of a machine and no trial;
rows that another cause covers do not count, and of a machine and of the way it is run only those in which it runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.verdict.fleet import Interval, Watched
from experiments.verdict.watching import VERDICTS, Told
from features.domain.conditions import ConditionVerdict

TRUE_KINDS: tuple[ConditionVerdict, ...] = (
    ConditionVerdict.NORMAL,
    ConditionVerdict.MACHINE,
    ConditionVerdict.INSTRUMENT,
    ConditionVerdict.DATA_PATH,
    ConditionVerdict.OPERATION_CHANGE,
)
"""The five kinds of truth; `undetermined` is an answer, and right for none of them."""

_DAY, _WEEK = 86_400.0, 604_800.0
_RECOVERY = 3.0 * _DAY
_HEALTHY_ROWS = 42
_FEWEST_ROWS = 8
_FEWEST_SAID = 2
_OF_RUNNING = (ConditionVerdict.MACHINE.value, ConditionVerdict.OPERATION_CHANGE.value)
_WITHOUT_ROWS = ("gateway_silence", "gateway_backlog", "clock_off", "replayed", "replayed_as_new")
_DATA_PATH = VERDICTS.index(ConditionVerdict.DATA_PATH)
_NORMAL, _UNDETERMINED = VERDICTS.index(ConditionVerdict.NORMAL), VERDICTS.index(ConditionVerdict.UNDETERMINED)


@dataclass(frozen=True, slots=True)
class Trial:
    """One stretch.

    Attributes:
        truth: What is to blame.
        cause: Kind of fault, defect or change; "health" for none.
        answer: What was said of it.
        delay_hours: From its beginning to the first row with the right verdict; None without one.
    """

    truth: ConditionVerdict
    cause: str
    answer: ConditionVerdict
    delay_hours: float | None


def trials_of(machine: Watched, told: Told, grace: float, known_from: float) -> list[Trial]:
    """Return the trials of a machine.

    Args:
        machine: With its truth.
        told: What was said of its rows.
        grace: Seconds after a stretch in which its verdict may still come: a gap is told with the row that ends it.
        known_from: Seconds from which the machine counts as known; what begins before is no trial.
    """
    seconds = machine.rows.seconds
    inside = [(seconds >= each.begin) & (seconds <= each.end + grace) for each in machine.truth]
    found = []
    for place, (interval, rows) in enumerate(zip(machine.truth, inside, strict=True)):
        if interval.verdict == ConditionVerdict.UNDETERMINED.value or interval.begin < known_from:
            continue
        alone = rows.copy()
        for other, covered in enumerate(inside):
            if other != place and machine.truth[other].verdict != interval.verdict:
                alone &= ~covered
        seen = alone & machine.runs if interval.verdict in _OF_RUNNING else alone
        if alone.any() and (seen.sum() >= _FEWEST_ROWS or interval.cause in _WITHOUT_ROWS):
            found.append(_trial(interval, seconds[alone], told.verdicts[alone]))
    return found + _healthy(machine, told, known_from)


def _trial(interval: Interval, seconds: NDArray[np.float64], verdicts: NDArray[np.int8]) -> Trial:
    truth = ConditionVerdict(interval.verdict)
    right = np.flatnonzero(verdicts == VERDICTS.index(truth))
    delay = float(max(seconds[right[0]] - interval.begin, 0.0)) / 3600.0 if len(right) else None
    return Trial(truth, interval.cause, answer_of(verdicts), delay)


def answer_of(verdicts: NDArray[np.int8]) -> ConditionVerdict:
    """Return what was said of a stretch.

    Args:
        verdicts: Places in `VERDICTS`. Shape (row,).
    """
    counts = np.bincount(verdicts, minlength=len(VERDICTS))
    definite = np.where((counts >= _FEWEST_SAID) | (np.arange(len(counts)) == _DATA_PATH), counts, 0)
    definite[[_NORMAL, _UNDETERMINED]] = 0
    if definite.any():
        return VERDICTS[int(definite.argmax())]
    return ConditionVerdict.UNDETERMINED if counts[_UNDETERMINED] >= _FEWEST_SAID else ConditionVerdict.NORMAL


def _healthy(machine: Watched, told: Told, known_from: float) -> list[Trial]:
    """Cut what is healthy into weeks: days after a stretch, in which a machine recovers, are no trial."""
    seconds = machine.rows.seconds
    free = seconds >= known_from
    for each in machine.truth:
        free &= ~((seconds >= each.begin) & (seconds <= each.end + _RECOVERY))
    weeks = ((seconds - seconds[0]) // _WEEK).astype(np.int64)
    found = []
    for week in np.unique(weeks[free]).tolist():
        rows = free & (weeks == week)
        if rows.sum() >= _HEALTHY_ROWS:
            found.append(Trial(ConditionVerdict.NORMAL, "health", answer_of(told.verdicts[rows]), None))
    return found


def confusion(trials: Sequence[Trial]) -> dict[str, dict[str, int]]:
    """Count answers by truth."""
    return {
        truth.value: {
            answer.value: sum(each.truth is truth and each.answer is answer for each in trials) for answer in VERDICTS
        }
        for truth in TRUE_KINDS
    }


def f1_by_kind(trials: Sequence[Trial]) -> dict[str, float]:
    """Return the F1 of every kind of truth that occurs."""
    found = {}
    for kind in TRUE_KINDS:
        true = sum(each.truth is kind for each in trials)
        if true:
            said = sum(each.answer is kind for each in trials)
            hits = sum(each.truth is kind and each.answer is kind for each in trials)
            found[kind.value] = 2.0 * hits / (true + said)
    return found


def macro_f1(trials: Sequence[Trial]) -> float:
    """Return the mean F1 over the kinds of truth that occur."""
    values = list(f1_by_kind(trials).values())
    return float(np.mean(values)) if values else float("nan")


def delays_of(trials: Sequence[Trial]) -> dict[str, dict[str, float]]:
    """Return for each kind how many there were, how many were told rightly at all, and the median delay of those."""
    found = {}
    for kind in TRUE_KINDS:
        own = [each for each in trials if each.truth is kind]
        told = [each.delay_hours for each in own if each.delay_hours is not None]
        if told:
            found[kind.value] = {"trials": len(own), "told": len(told), "median_hours": float(np.median(told))}
    return found


def by_cause(trials: Sequence[Trial]) -> dict[str, dict[str, object]]:
    """Return for each cause how many there were, what was said of them, and the median delay of those told rightly."""
    found: dict[str, dict[str, object]] = {}
    for truth, cause in sorted({(each.truth.value, each.cause) for each in trials}):
        own = [each for each in trials if (each.truth.value, each.cause) == (truth, cause)]
        delays = [each.delay_hours for each in own if each.delay_hours is not None]
        answers = {answer.value: sum(each.answer is answer for each in own) for answer in VERDICTS}
        found[f"{truth}/{cause}"] = {
            "trials": len(own),
            "answers": {name: count for name, count in answers.items() if count},
            "told": len(delays),
            "median_delay_hours": float(np.median(delays)) if delays else None,
        }
    return found
