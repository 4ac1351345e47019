"""The z-scores of a life at once against those that the step gives row by row."""

import numpy as np
import pytest

from features.transforms.batch import LifeRows
from features.transforms.events import courses_of
from features.transforms.scores import life_scores
from features.transforms.state import initial_state
from features.transforms.step import StepPlan, step
from tests.features.transforms.fleet import ALL, COUNTER, PLAIN, RICH, life


@pytest.mark.parametrize("name", ALL)
def test_scores_of_a_life_are_those_of_its_steps(name: str) -> None:
    specification = ALL[name]
    plan, rows = StepPlan.of(specification), life(specification)
    assert rows.events is not None
    events = [courses_of(plan.layout, rows.events)]
    state, found = initial_state(specification, 1), []
    for time, values in zip(rows.time, rows.values, strict=True):
        state, result = step(plan, state, np.array([time]), values[None], events)
        found.append(result.scores[0])
    np.testing.assert_array_equal(life_scores(specification, rows), np.array(found))


def test_later_rows_change_no_score_before_them() -> None:
    rows, half = life(COUNTER), 40
    values = rows.values.copy()
    values[half:] *= 1.5
    changed = life_scores(COUNTER, LifeRows(rows.time, values))
    np.testing.assert_array_equal(changed[:half], life_scores(COUNTER, rows)[:half])
    assert not np.array_equal(changed[half:], life_scores(COUNTER, rows)[half:], equal_nan=True)


def test_score_is_what_is_left_in_deviations_of_the_regime() -> None:
    found = life_scores(PLAIN, LifeRows(np.array([0.0]), np.array([[3.5, np.nan]])))
    np.testing.assert_allclose(found, [[(3.5 - 2.0) / 0.5, np.nan]])


def test_nobody_needs_events_for_scores_and_a_life_without_rows_has_none() -> None:
    rows = life(RICH)
    assert life_scores(RICH, LifeRows(rows.time, rows.values)).shape == (80, 2)
    assert life_scores(PLAIN, LifeRows(np.empty(0), np.empty((0, 2)))).shape == (0, 2)
