"""What is usual of how a machine is run: another way is told, and the return to the one before is not."""

from dataclasses import replace

import numpy as np
import pytest

from features.domain.conditions import ConditionVerdict
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import forget_levels, initial_condition
from features.transforms.condition.table import ModeSigns
from tests.features.transforms.condition.rig import MODEL, SENSORS, TABLE, judged, rows_of

OPERATION = ConditionVerdict.OPERATION_CHANGE
CLOGGED = ConditionModel.of(replace(TABLE, modes=(ModeSigns("clogged", (-1.0, 0.0, 0.0, 0.0, 0.0, 0.0)),)))


def test_after_a_long_change_the_way_before_is_usual_again() -> None:
    places = np.arange(460)
    load = np.where((places >= 120) & (places < 400), 0.8, 0.0)
    told = [each.verdict for each in judged(rows_of(460, load=load))]
    assert set(told[140:400]) == {OPERATION}
    assert set(told[410:]) == {ConditionVerdict.NORMAL}


def test_a_third_way_is_told_again() -> None:
    places = np.arange(300)
    load = np.where(places >= 220, -0.8, np.where((places >= 120) & (places < 170), 0.8, 0.0))
    told = [each.verdict for each in judged(rows_of(300, load=load))]
    assert ConditionVerdict.NORMAL in told[185:220]
    assert told[-1] is OPERATION


def test_a_way_that_is_left_bit_by_bit_stays_known() -> None:
    places = np.arange(420)
    load = np.where((places >= 120) & (places < 320), 0.012 * (places - 120), 0.0)
    told = [each.verdict for each in judged(rows_of(420, load=load))]
    assert OPERATION in told[150:320]
    assert set(told[350:]) == {ConditionVerdict.NORMAL}


@pytest.mark.parametrize(("moved", "verdict"), [(-0.8, ConditionVerdict.MACHINE), (0.8, OPERATION)])
def test_a_condition_that_alone_moves_as_a_failure_mode_moves_it_is_the_machine(
    moved: float, verdict: ConditionVerdict
) -> None:
    rows = rows_of(180, load=np.where(np.arange(180) >= 150, moved, 0.0))
    assert judged(rows, model=CLOGGED)[-1].verdict is verdict


def test_after_a_repair_a_condition_that_moves_against_a_failure_mode_was_mended() -> None:
    rows, state = rows_of(420), initial_condition(CLOGGED)
    judged(rows[:300], state, model=CLOGGED)
    state.condition_level[0] -= 0.8  # as if it had followed the fault for long
    kept = judged(rows[300:], state.copy(), model=CLOGGED)
    mended = judged(rows[300:], forget_levels(CLOGGED, state, SENSORS), model=CLOGGED)
    assert OPERATION in {each.verdict for each in kept[:40]}
    assert {each.verdict for each in mended} == {ConditionVerdict.NORMAL}


def test_after_a_repair_of_all_the_machines_own_way_is_learnt_anew() -> None:
    rows = rows_of(280, load=np.where(np.arange(280) >= 150, 0.8, 0.0))
    state = initial_condition(MODEL)
    assert judged(rows[:180], state)[-1].verdict is OPERATION
    kept = judged(rows[180:], state.copy())
    anew = judged(rows[180:], forget_levels(MODEL, state, SENSORS))
    assert {each.verdict for each in kept} == {OPERATION}
    assert {each.verdict for each in anew} == {ConditionVerdict.NORMAL}
