import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.causes import Deviation, along_signs, failure_mode, instrument, several_sensors
from features.transforms.condition.state import initial_condition
from tests.features.transforms.condition.rig import MODEL


def deviation(values: list[float], precision: NDArray[np.float64] | None = None) -> Deviation:
    array = np.array(values)
    weights = np.eye(6) if precision is None else precision
    told = weights @ array * array
    known = np.ones(6, np.bool_)
    own, others = weights[:4, :4], weights[4:, 4:]
    return Deviation(array, known, own, others, float(told[:4].sum()), float(told[4:].sum()))


def test_one_sensor_alone_is_explained_by_its_instrument() -> None:
    found = instrument(MODEL, initial_condition(MODEL), deviation([0.0, 5.0, 0.0, 0.0, 0.0, 0.0]))
    assert (found.place, found.gain, found.amplitude) == (1, 25.0, 5.0)


def test_a_condition_that_reads_too_much_is_explained_by_what_its_sensors_seem_to_lack() -> None:
    state = initial_condition(MODEL)
    seeming = -state.weights[:, 1] / MODEL.noise * MODEL.condition_spreads[0]  # one spread of the load
    found = instrument(MODEL, state, deviation([*(2.0 * seeming).tolist(), 2.0, 0.0]))
    assert found.place == 4
    np.testing.assert_allclose(found.amplitude, 2.0)
    np.testing.assert_allclose(found.gain, np.sum(np.square(2.0 * seeming)) + 4.0)


def test_correlated_sensors_excuse_each_other() -> None:
    together = np.eye(6)
    together[:2, :2] = np.linalg.inv([[1.0, 0.9], [0.9, 1.0]])
    alone, both = (
        instrument(MODEL, initial_condition(MODEL), deviation(values, together))
        for values in ([3.0, 0.0, 0.0, 0.0, 0.0, 0.0], [3.0, 3.0, 0.0, 0.0, 0.0, 0.0])
    )
    assert alone.gain > 4.0 * both.gain


def test_a_failure_mode_moves_its_signals_one_way_only() -> None:
    right = failure_mode(MODEL, deviation([0.0, 0.0, 4.0, 4.0, 0.0, 0.0]), 1.0, 1.0)
    wrong = failure_mode(MODEL, deviation([0.0, 0.0, -4.0, -4.0, 0.0, 0.0]), 1.0, 1.0)
    assert (right.gain, right.directions, right.share) == (32.0, 2, 1.0)
    assert wrong.gain == 0.0


def test_signals_that_add_nothing_are_not_counted() -> None:
    gain, count = along_signs(deviation([5.0, 0.1, 0.0, 0.0, 0.0, 0.0]), np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0]))
    assert (gain, count) == (25.0, 1)


def test_several_sensors_are_taken_by_what_they_add() -> None:
    found = several_sensors(deviation([1.0, 5.0, 0.0, 3.0, 9.0, 0.0]))
    assert [(each.directions, each.gain) for each in found] == [(2, 34.0), (3, 35.0)]
