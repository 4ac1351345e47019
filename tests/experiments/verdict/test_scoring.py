from dataclasses import replace

import numpy as np
import pytest

from experiments.verdict.fleet import Interval, Watched
from experiments.verdict.scoring import (
    Trial,
    answer_of,
    by_cause,
    confusion,
    delays_of,
    f1_by_kind,
    macro_f1,
    trials_of,
)
from experiments.verdict.watching import VERDICTS, Told
from features.domain.conditions import ConditionVerdict as V
from models.condition.expectation.rows import MachineRows

HOUR, DAY = 3600.0, 86_400.0
ROWS = 80 * 12
TRUTH = (
    Interval(20 * DAY, 30 * DAY, V.MACHINE.value, "bearing_wear"),
    Interval(40 * DAY, 44 * DAY, V.INSTRUMENT.value, "stuck"),
    Interval(50 * DAY, 52 * DAY, V.UNDETERMINED.value, "standstill"),
    Interval(60 * DAY, 60.5 * DAY, V.DATA_PATH.value, "gateway_silence"),
    Interval(70 * DAY, 76 * DAY, V.OPERATION_CHANGE.value, "load"),
)


def watched() -> Watched:
    rows = MachineRows.sound(2.0 * HOUR * np.arange(ROWS, dtype=np.float64), np.zeros((ROWS, 2)))
    return Watched("p-1", 0, rows, np.ones(ROWS, np.bool_), (), TRUTH)


def told(machine: Watched, *, late_hours: float = 0.0, always: V | None = None) -> Told:
    """What an oracle says, or what one says that always says the same."""
    verdicts = np.full(ROWS, VERDICTS.index(always or V.NORMAL), np.int8)
    for each in machine.truth if always is None else ():
        inside = (machine.rows.seconds >= each.begin + late_hours * HOUR) & (machine.rows.seconds <= each.end)
        verdicts[inside] = VERDICTS.index(V(each.verdict))
    return Told(verdicts, np.zeros(ROWS))


def judged(one: Told) -> list[Trial]:
    return trials_of(watched(), one, 8 * HOUR, 14 * DAY)


def test_an_oracle_is_right_and_its_delay_is_told() -> None:
    found = judged(told(watched(), late_hours=6.0))
    assert macro_f1(found) == 1.0
    assert by_cause(found)["machine/bearing_wear"]["median_delay_hours"] == 6.0
    assert sum(each.truth is V.NORMAL for each in found) >= 4


@pytest.mark.parametrize("always", list(V))
def test_whoever_always_says_the_same_scores_low(always: V) -> None:
    assert macro_f1(judged(told(watched(), always=always))) < 0.35


def test_what_has_no_single_cause_is_no_trial() -> None:
    machine = watched()
    covered = replace(machine, truth=(*TRUTH, Interval(19 * DAY, 31 * DAY, V.OPERATION_CHANGE.value, "recipe")))
    found = trials_of(covered, told(machine), 8 * HOUR, 14 * DAY)
    assert not any(each.cause == "bearing_wear" for each in found)


def test_rows_that_another_cause_covers_make_no_trial() -> None:
    machine = watched()
    few = replace(machine, truth=(TRUTH[0], Interval(20.5 * DAY, 31 * DAY, V.OPERATION_CHANGE.value, "recipe")))
    assert not any(each.cause == "bearing_wear" for each in trials_of(few, told(few), 8 * HOUR, 14 * DAY))
    runs = np.ones(ROWS, np.bool_)
    runs[(machine.rows.seconds >= 20 * DAY) & (machine.rows.seconds < 22 * DAY)] = False
    stands = replace(machine, runs=runs, truth=(TRUTH[0], Interval(22 * DAY, 31 * DAY, V.INSTRUMENT.value, "stuck")))
    assert not any(each.cause == "bearing_wear" for each in trials_of(stands, told(stands), 8 * HOUR, 14 * DAY))


def test_a_delay_is_told_with_the_number_of_those_that_have_one() -> None:
    found = [Trial(V.MACHINE, "a", V.MACHINE, 3.0), Trial(V.MACHINE, "a", V.NORMAL, None)]
    assert delays_of(found) == {"machine": {"trials": 2, "told": 1, "median_hours": 3.0}}
    assert by_cause(found)["machine/a"]["told"] == 1


def test_the_verdict_that_stood_longest_is_the_answer() -> None:
    machine, instrument, path = (VERDICTS.index(each) for each in (V.MACHINE, V.INSTRUMENT, V.DATA_PATH))
    undetermined = VERDICTS.index(V.UNDETERMINED)
    assert answer_of(np.array([0, instrument, instrument, machine, machine, machine], np.int8)) is V.MACHINE
    assert answer_of(np.array([0, 0, machine], np.int8)) is V.NORMAL
    assert answer_of(np.array([0, 0, path], np.int8)) is V.DATA_PATH
    assert answer_of(np.array([0, undetermined, undetermined], np.int8)) is V.UNDETERMINED


def test_confusion_and_f1_count_trials() -> None:
    found = [Trial(V.MACHINE, "a", V.MACHINE, 1.0), Trial(V.MACHINE, "a", V.INSTRUMENT, None)]
    found.append(Trial(V.INSTRUMENT, "b", V.INSTRUMENT, 2.0))
    assert confusion(found)["machine"] == dict.fromkeys(map(str, V), 0) | {"machine": 1, "instrument": 1}
    assert f1_by_kind(found) == {"machine": pytest.approx(2 / 3), "instrument": pytest.approx(2 / 3)}
