"""An ordinary row is judged in one go; the way for all rows is the oracle."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from features.transforms.condition.answer import ConditionAnswer, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.ordinary import advance_ordinary
from features.transforms.condition.state import ConditionState, initial_condition
from features.transforms.condition.step import advance, advance_any, condition_step
from tests.features.transforms.condition.alike import Judge, is_alike, numbers, told
from tests.features.transforms.condition.rig import MODEL, rows_of, shifted
from tests.features.transforms.condition.streams import TABLES, seldom_troubled, troubled


def arrays_of(state: ConditionState) -> list[NDArray[np.float64]]:
    """Return what a state remembers in arrays."""
    values = [getattr(state, name) for name in ConditionState.__slots__]
    return [value for value in values if isinstance(value, np.ndarray)]


def is_told_alike(model: ConditionModel, rows: Sequence[ConditionRow], judge: Judge = advance) -> bool:
    """Say whether all rows are told and remembered by the step as by the way for all of them."""
    return is_alike(told(model, rows, judge), told(model, rows, advance_any), 1e-12)


@pytest.mark.parametrize("table", range(len(TABLES)))
@pytest.mark.parametrize("seed", range(4))
def test_ordinary_rows_are_told_and_remembered_like_all_others(table: int, seed: int) -> None:
    assert is_told_alike(ConditionModel.of(TABLES[table]), seldom_troubled(seed))


@pytest.mark.parametrize("table", range(len(TABLES)))
def test_so_are_those_of_a_machine_with_every_trouble(table: int) -> None:
    assert is_told_alike(ConditionModel.of(TABLES[table]), troubled(7 + table))


def test_most_rows_of_a_sound_machine_are_ordinary_and_none_of_a_young_one() -> None:
    state, rows = initial_condition(MODEL), rows_of(200)
    taken = [advance_ordinary(MODEL, state, row) is not None or not advance_any(MODEL, state, row) for row in rows]
    assert not any(taken[:30])
    assert sum(taken[60:]) > 120


def test_a_row_that_is_not_ordinary_changes_nothing() -> None:
    state = initial_condition(MODEL)
    rows = shifted(rows_of(200), 150, {"pressure": 30.0, "current": 30.0})
    for row in rows[:150]:
        advance(MODEL, state, row)
    before = state.copy()
    assert advance_ordinary(MODEL, state, rows[150]) is None
    for name in ConditionState.__slots__:
        np.testing.assert_array_equal(getattr(state, name), getattr(before, name))


@pytest.mark.parametrize("table", range(len(TABLES)))
def test_a_step_changes_no_array_of_the_state_given_and_says_what_the_step_in_place_does(table: int) -> None:
    model = ConditionModel.of(TABLES[table])
    state, in_place = initial_condition(model), initial_condition(model)
    for row in seldom_troubled(table):
        for array in arrays_of(state):
            array.flags.writeable = False
        state, answer = condition_step(model, state, row)
        told = advance(model, in_place, row)
        np.testing.assert_array_equal(numbers(state, answer), numbers(in_place, told))


def test_a_shorter_way_that_forgets_something_is_found_out() -> None:
    def careless(model: ConditionModel, state: ConditionState, row: ConditionRow) -> ConditionAnswer:
        answer = advance_ordinary(model, state, row)
        if answer is None:
            return advance_any(model, state, row)
        state.slow_stress *= 1.0 + 1e-9
        return answer

    assert not is_told_alike(MODEL, rows_of(120), careless)
