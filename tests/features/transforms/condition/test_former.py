"""Levels from before a long change or a repair: the return to them is no deviation, and nothing else is a return."""

from dataclasses import replace

import numpy as np

from features.domain.conditions import ConditionVerdict
from features.transforms.condition.answer import Circumstances, ConditionRow
from features.transforms.condition.state import forget_levels, initial_condition
from tests.features.transforms.condition.rig import MODEL, SENSORS, judged, rows_of, shifted

NORMAL = ConditionVerdict.NORMAL
PRODUCT = {"pressure": 25.0, "current": 20.0, "warmth": 6.0}


def another_product(begin: int, end: int, count: int) -> list[ConditionRow]:
    rows = shifted(rows_of(count), begin, PRODUCT)
    return [
        *rows[:begin],
        replace(rows[begin], circumstances=Circumstances(is_change_reported=True)),
        *rows[begin + 1 : end],
        *rows_of(count)[end:],
    ]


def test_after_a_repair_amid_another_product_the_return_to_the_one_before_is_usual() -> None:
    rows, state = shifted(rows_of(360), 150, PRODUCT), initial_condition(MODEL)
    judged(rows[:170], state)
    repaired = forget_levels(MODEL, state, SENSORS, 100.0)
    assert {each.verdict for each in judged(rows[200:260], repaired)[40:]} == {NORMAL}
    later = judged(rows_of(400)[300:], repaired)
    assert {each.verdict for each in later[12:]} == {NORMAL}
    assert later[-1].score < 0.6


def test_a_change_that_ends_while_the_machine_stands_is_over() -> None:
    told = judged(another_product(150, 260, 360))
    assert {each.verdict for each in told[152:258]} == {ConditionVerdict.OPERATION_CHANGE}
    assert {each.verdict for each in told[290:]} == {NORMAL}


def test_a_fault_is_no_return() -> None:
    rows, state = shifted(rows_of(360), 150, PRODUCT), initial_condition(MODEL)
    judged(rows[:170], state)
    repaired = forget_levels(MODEL, state, SENSORS, 100.0)
    judged(rows[200:300], repaired)
    worn = shifted(rows[300:], 0, {"warmth": 14.0, "vibration": 16.0})
    assert judged(worn, repaired)[-1].verdict is ConditionVerdict.MACHINE


def test_of_a_machine_of_which_nothing_is_known_by_now_nothing_has_returned() -> None:
    state = initial_condition(MODEL)
    judged(shifted(rows_of(200), 150, PRODUCT), state)
    after = forget_levels(MODEL, state, SENSORS, 100.0)
    late = replace(rows_of(1)[0], seconds=state.seconds + 1e6, values=np.full(6, np.nan))
    before = after.relations.copy()
    judged([late], after)
    np.testing.assert_array_equal(after.relations, before)


def test_of_a_sound_machine_that_is_repaired_nothing_is_remembered_and_the_old_fault_may_come_back() -> None:
    worn, state = shifted(rows_of(200), 0, {"warmth": 5.0, "vibration": 5.0}), initial_condition(MODEL)
    judged(worn, state)
    mended = forget_levels(MODEL, state, SENSORS)
    later = shifted(rows_of(500)[200:], 100, {"warmth": 5.0, "vibration": 5.0}, grows=True)
    told = judged(later, mended)
    assert told[99].verdict is NORMAL
    assert {each.verdict for each in told[-60:]} == {ConditionVerdict.MACHINE}


def test_a_fault_that_two_jobs_in_a_row_did_not_mend_stays_one() -> None:
    rows, state = shifted(rows_of(400), 150, {"warmth": 14.0, "vibration": 16.0}), initial_condition(MODEL)
    assert judged(rows[:200], state)[-1].verdict is ConditionVerdict.MACHINE
    twice = forget_levels(MODEL, forget_levels(MODEL, state, SENSORS), SENSORS)
    assert {each.verdict for each in judged(rows[200:], twice)[-150:]} == {ConditionVerdict.MACHINE}


def test_a_fault_of_a_machine_that_stood_long_before_it_was_repaired_in_vain_stays_one() -> None:
    rows, state = shifted(rows_of(400), 150, {"warmth": 14.0, "vibration": 16.0}), initial_condition(MODEL)
    judged(rows[:200], state)
    stood = [replace(row, values=np.full(6, np.nan)) for row in rows[200:260]]
    judged(stood, state)
    assert state.lasting < 0
    repaired = forget_levels(MODEL, state, SENSORS)
    assert {each.verdict for each in judged(rows[260:], repaired)[-100:]} == {ConditionVerdict.MACHINE}
