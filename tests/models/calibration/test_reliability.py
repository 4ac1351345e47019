import numpy as np
import pytest

from models.calibration.reliability import calibration_error


def test_honest_probabilities_have_almost_no_error_and_bold_ones_have() -> None:
    generator = np.random.default_rng(0)
    truth = generator.random(20_000)
    outcome = generator.random(20_000) < truth
    assert calibration_error(truth, outcome) < 0.015
    bold = np.clip(2.0 * (truth - 0.5) + 0.5, 0.0, 1.0)
    assert calibration_error(bold, outcome) > 0.1


def test_error_by_hand_with_weights() -> None:
    probability, outcome = np.array([0.25, 0.25, 1.0]), np.array([True, False, True])
    assert calibration_error(probability, outcome) == pytest.approx((abs(2 * 0.25 - 1)) / 3)
    assert calibration_error(probability, outcome, np.array([1.0, 3.0, 0.0])) == pytest.approx(0.0)


def test_nothing_known_is_not_a_number() -> None:
    assert np.isnan(calibration_error(np.array([0.5]), np.array([True]), np.zeros(1)))
