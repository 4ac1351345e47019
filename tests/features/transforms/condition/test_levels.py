"""How levels are learnt: after a repair, from a bad first reading, and how far they may be moved at all."""

from dataclasses import replace

import numpy as np

from features.domain.conditions import ConditionVerdict
from features.transforms.condition.answer import ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState, forget_levels, initial_condition, is_anew
from tests.features.transforms.condition.rig import INTERVAL, MODEL, NOISE, SENSORS, TABLE, judged, rows_of, shifted

NORMAL, MACHINE = ConditionVerdict.NORMAL, ConditionVerdict.MACHINE


def later(rows: list[ConditionRow], by: int) -> list[ConditionRow]:
    return [replace(row, seconds=row.seconds + by * INTERVAL) for row in rows]


def known() -> ConditionState:
    state = initial_condition(MODEL)
    judged(rows_of(150), state)
    return state


def test_a_level_that_lies_elsewhere_after_a_repair_is_learnt() -> None:
    after = forget_levels(MODEL, known(), SENSORS)
    moved = shifted(later(rows_of(200, seed=5), 150), 0, {"current": -4.0, "pressure": 4.0})
    answers = judged(moved, after)
    assert MACHINE not in {each.verdict for each in answers}
    assert {each.verdict for each in answers[40:]} == {NORMAL}
    assert max(each.score for each in answers[-50:]) < 0.5


def test_while_a_level_is_learnt_after_a_repair_it_cannot_be_told_what_strays() -> None:
    after = forget_levels(MODEL, known(), SENSORS)
    moved = shifted(later(rows_of(20, seed=5), 150), 0, {"current": -8.0, "pressure": 8.0})
    told = judged(moved, after)
    strayed = [each for each in told if each.verdict is not NORMAL]
    assert {each.verdict for each in strayed} == {ConditionVerdict.UNDETERMINED}
    assert {each.name for each in strayed[-1].evidence} == {"rows_of_epoch"}


def test_a_fault_that_goes_on_after_a_repair_is_not_learnt() -> None:
    state = known()
    rows = shifted(rows_of(260), 150, {"current": -6.0, "pressure": 6.0, "warmth": 6.0}, grows=True)
    assert judged(rows[150:260], state)[-1].verdict is MACHINE
    after = forget_levels(MODEL, state, SENSORS)
    going_on = shifted(later(rows_of(120, seed=6), 260), 0, {"current": -6.0, "pressure": 6.0, "warmth": 6.0})
    told = judged(going_on, after)
    assert {each.verdict for each in told[30:]} == {MACHINE}


def test_one_bad_first_reading_is_forgotten() -> None:
    rows = rows_of(120)
    rows[2] = shifted(rows[2:3], 0, {"current": 20.0, "pressure": -30.0})[0]  # the first row that is compared
    answers = judged(rows)
    assert {each.verdict for each in answers[40:]} == {NORMAL}
    assert answers[-1].score < 0.5


def test_what_is_learnt_moves_a_known_level_by_a_bounded_amount() -> None:
    table = replace(TABLE, parameters=replace(TABLE.parameters, most_drift=0.25, caution=1.0))
    model = ConditionModel.of(table)
    state = initial_condition(model)
    judged(rows_of(150), state, model)
    anchor = state.anchor.copy()
    assert np.isfinite(anchor).all()
    stepped = shifted(later(rows_of(400, seed=7), 150), 0, {"vibration": 0.7})
    answers = judged(stepped, state, model)
    assert answers[-1].seen_rows > 500
    assert 0.2 < (state.weights[3, 0] - anchor[3]) / NOISE <= 0.25 + 1e-9


def test_a_new_epoch_moves_the_bound() -> None:
    state = known()
    assert np.isfinite(state.anchor).all()
    after = forget_levels(MODEL, state, ["vibration"])
    assert np.isnan(after.anchor).tolist() == [False, False, False, True]
    assert np.isfinite(state.anchor).all()


def test_while_a_machine_is_run_otherwise_no_level_is_learnt_whatever_it_does() -> None:
    state = initial_condition(MODEL)
    rows = rows_of(200, load=np.where((np.arange(200) >= 120) & (np.arange(200) < 160), 0.8, 0.0))
    judged(rows[:150], state)
    after = forget_levels(MODEL, state, ["current"])
    assert not is_anew(MODEL, after).any()
    judged(rows[150:180], after)
    assert is_anew(MODEL, after).tolist() == [False, True, False, False]
