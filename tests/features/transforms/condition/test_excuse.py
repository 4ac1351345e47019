from dataclasses import replace

import numpy as np
import pytest

from features.domain.conditions import ConditionVerdict
from features.transforms.condition.answer import Circumstances, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import initial_condition
from features.transforms.condition.table import ModeSigns
from tests.features.transforms.condition.rig import MODEL, SLOPES, TABLE, judged, rows_of, shifted

FAULT = {"current": -6.0, "pressure": 7.0, "warmth": 5.0}
PRODUCT = {"pressure": 25.0, "current": 20.0, "warmth": 6.0}
OPERATION, MACHINE = ConditionVerdict.OPERATION_CHANGE, ConditionVerdict.MACHINE


def reported(rows: list[ConditionRow], place: int) -> list[ConditionRow]:
    """Return rows with a change reported beside one."""
    told = replace(rows[place], circumstances=Circumstances(is_change_reported=True))
    return [*rows[:place], told, *rows[place + 1 :]]


def another_load(count: int, until: int | None = None) -> list[ConditionRow]:
    places = np.arange(count)
    return rows_of(count, load=np.where((places >= 120) & (places < (until or count)), 0.8, 0.0))


def test_a_reported_change_does_not_excuse_a_fault_that_begins_later() -> None:
    rows = shifted(reported(another_load(320), 120), 200, FAULT, grows=True)
    told = [each.verdict for each in judged(rows)]
    assert set(told[135:200]) == {OPERATION}
    assert told[-1] is MACHINE


def test_a_change_that_befalls_the_neighbours_does_not_either() -> None:
    beside = Circumstances(neighbours=3, neighbours_straying=3)
    rows = [replace(row, circumstances=beside) if place >= 120 else row for place, row in enumerate(another_load(320))]
    told = [each.verdict for each in judged(shifted(rows, 200, FAULT, grows=True))]
    assert set(told[135:200]) == {OPERATION}
    assert told[-1] is MACHINE


def test_what_began_with_a_reported_change_stays_its_for_as_long_as_it_lasts() -> None:
    rows = shifted(reported(rows_of(360), 150), 150, PRODUCT)
    told = [each.verdict for each in judged(rows)]
    assert set(told[152:]) == {OPERATION}


def test_of_a_machine_hardly_known_a_change_that_lasts_becomes_usual_and_so_is_its_return() -> None:
    rows = shifted(reported(rows_of(420), 60), 60, PRODUCT)
    rows = [*rows[:300], *rows_of(420)[300:]]
    told = [each.verdict for each in judged(rows)]
    assert set(told[70:170]) == {OPERATION}
    assert set(told[230:300]) == {ConditionVerdict.NORMAL}
    assert set(told[340:]) == {ConditionVerdict.NORMAL}


@pytest.mark.parametrize(("known", "lasts"), [(60, 120), (150, 720)])
def test_a_change_beside_which_there_is_a_fault_does_not_become_usual(known: int, lasts: int) -> None:
    count = known + lasts + 120
    rows = shifted(reported(rows_of(count), known), known, PRODUCT)
    rows = shifted(rows, known + 40, {"vibration": 14.0, "warmth": 12.0}, grows=True)
    told = [each.verdict for each in judged(rows)]
    assert set(told[-100:]) == {MACHINE}


def test_beside_what_a_change_explains_a_fault_across_it_is_told() -> None:
    rows = shifted(reported(rows_of(360), 120), 120, PRODUCT)
    told = [each.verdict for each in judged(shifted(rows, 220, {"vibration": 14.0, "warmth": 12.0}, grows=True))]
    assert set(told[130:220]) == {OPERATION}
    assert told[-1] is MACHINE


def test_once_conditions_have_settled_nothing_is_excused_any_more() -> None:
    rows = shifted(reported(another_load(300, until=180), 120), 120, PRODUCT)
    state = initial_condition(MODEL)
    told = [each.verdict for each in judged(rows, state)]
    assert set(told[130:180]) == {OPERATION}
    assert state.excused_rows == -1
    assert OPERATION not in told[240:]


def test_a_fault_that_was_there_before_a_change_is_not_excused_by_it() -> None:
    rows = shifted(rows_of(260), 100, FAULT, grows=True)
    told = [each.verdict for each in judged(reported(rows, 200))]
    assert told[199] is MACHINE
    assert set(told[200:]) == {MACHINE}


def test_another_condition_that_moves_later_is_not_explained_by_the_change() -> None:
    model = ConditionModel.of(replace(TABLE, modes=(ModeSigns("cooled", (0.0, -1.0, 0.0, 0.0, 0.0, 0.0)),)))
    rows = reported(another_load(260), 120)
    for row in rows[200:]:
        row.values[1] -= 0.8
        row.values[2:] -= 0.8 * SLOPES[:, 1]
    told = [each.verdict for each in judged(rows, model=model)]
    assert set(told[135:200]) == {OPERATION}
    assert told[-1] is MACHINE
