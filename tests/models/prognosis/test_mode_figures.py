import numpy as np
import pytest

from models.prognosis.mode_figures import mode_figures

MODES = ("leak", "wear")
SHARES = np.array([[0.8, 0.2], [0.6, 0.4], [0.6, 0.4], [0.3, 0.7]])
PLACE, LIFE = np.array([0, 0, 1, 1]), np.array([4, 4, 4, 7])


def test_every_life_counts_alike() -> None:
    found = mode_figures(MODES, SHARES, np.array([0.5, 0.5]), PLACE, LIFE, LIFE)
    assert found is not None
    first = -np.log([0.8, 0.6, 0.4]).mean()
    assert found.log_loss == pytest.approx((first - np.log(0.7)) / 2)
    assert found.base_log_loss == pytest.approx(np.log(2.0))
    assert found.gain == pytest.approx(found.base_log_loss - found.log_loss)
    assert found.accuracy == pytest.approx((2 / 3 + 1) / 2)
    assert found.lives == 2


def test_mean_share_stands_beside_how_often_the_mode_came() -> None:
    found = mode_figures(MODES, SHARES, np.array([0.5, 0.5]), PLACE, LIFE, LIFE)
    assert found is not None
    leak, wear = found.modes
    assert (leak.lives, wear.lives) == (1, 2)
    assert leak.forecast == pytest.approx(((0.8 + 0.6 + 0.6) / 3 + 0.3) / 2)
    assert leak.came == pytest.approx((2 / 3 + 0) / 2)


def test_without_rows_there_is_nothing_to_judge() -> None:
    none = np.zeros(0, np.int64)
    assert mode_figures(MODES, np.zeros((0, 2)), np.array([0.5, 0.5]), none, none, none) is None


def test_error_of_the_gain_is_that_of_machines_drawn_whole() -> None:
    shares = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
    place, life = np.array([0, 0, 0, 1]), np.array([0, 1, 2, 3])

    def error(machine: list[int]) -> float | None:
        found = mode_figures(MODES, shares, np.array([0.5, 0.5]), place, life, np.array(machine))
        assert found is not None
        return found.gain_error

    gain = np.log(2.0) + np.log([0.9, 0.8, 0.3, 0.6])
    assert error([0, 1, 2, 3]) == pytest.approx(gain.std(ddof=1) / 2.0)
    by_machine = np.array([gain[:2].mean(), gain[2:].mean()])  # of as many lives each
    assert error([0, 0, 1, 1]) == pytest.approx(by_machine.std(ddof=1) / np.sqrt(2.0))
    assert error([5, 5, 5, 5]) is None
