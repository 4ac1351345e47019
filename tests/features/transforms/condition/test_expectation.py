import numpy as np

from features.transforms.condition.expectation import begin, expect, learn
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import initial_condition
from tests.features.transforms.condition.rig import MODEL, rows_of
from tests.features.transforms.condition.streams import TABLES


def test_row_by_row_is_the_same_as_bayesian_regression_on_all_rows_at_once() -> None:
    state, rows = initial_condition(MODEL), [MODEL.comparable(row.values) for row in rows_of(30)]
    begin(MODEL, state, rows[0], 0)
    prior, priors, level = state.weights.copy(), state.spread.copy(), state.level.copy()
    for row in rows:
        learn(MODEL, state, expect(MODEL, state, row, 0))
    design = np.array([MODEL.features(row[:2] - state.origin, 0) for row in rows])
    for sensor in range(4):
        readings = np.array([row[2 + sensor] for row in rows]) - level[sensor]
        precision = np.linalg.inv(priors[sensor]) + design.T @ design / MODEL.parameters.caution
        told = np.linalg.solve(priors[sensor], prior[sensor]) + design.T @ readings / MODEL.parameters.caution
        np.testing.assert_allclose(state.spread[sensor], np.linalg.inv(precision), rtol=1e-8)
        np.testing.assert_allclose(state.weights[sensor], np.linalg.solve(precision, told), rtol=1e-8)


def test_sensors_that_were_not_chosen_are_left_as_they_were() -> None:
    state, (row,) = initial_condition(MODEL), [MODEL.comparable(each.values) for each in rows_of(1)]
    begin(MODEL, state, row, 0)
    before = state.copy()
    row[2:] += 1.0
    learn(MODEL, state, expect(MODEL, state, row, 0), np.array([True, False, True, False]))
    np.testing.assert_array_equal(state.relations[:, :, 1::2], before.relations[:, :, 1::2])
    assert (state.weights[::2, 0] > before.weights[::2, 0]).all()
    assert state.level_rows.tolist() == [1.0, 0.0, 1.0, 0.0]


def test_how_unsure_an_expectation_is_follows_from_what_was_seen_of_its_regime() -> None:
    model = ConditionModel.of(TABLES[2])
    state, rows = initial_condition(model), [model.comparable(row.values) for row in rows_of(20)]
    begin(model, state, rows[0], 0)
    for row in rows:
        learn(model, state, expect(model, state, row, 0))
    known, other = (expect(model, state, rows[-1], regime) for regime in (0, 1))
    features = model.features(rows[-1][:2] - state.origin, 1)
    np.testing.assert_allclose(other.unsure, [features @ each @ features for each in state.spread])
    assert (known.unsure < other.unsure).all()
