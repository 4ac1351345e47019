from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss  # type: ignore[import-untyped]  # scikit-learn ships no types

from models.prognosis.ledger.calibration import calibration, coverage
from models.prognosis.ledger.judged import Judged

HORIZONS = (168.0, 720.0)
CAP = 1440.0


def fleet(
    lives: int,
    replaced_after: Callable[[np.random.Generator, NDArray[np.float64]], NDArray[np.float64]],
    bias: float = 1.0,
) -> Judged:
    """One forecast for each of many machines that do not age, each with a hazard of its own that the forecast knows."""
    random = np.random.default_rng(3)
    mean = random.choice([150.0, 600.0, 3_000.0], lives)
    failing = random.exponential(mean)
    censored = replaced_after(random, mean)
    told = mean * bias

    def column(values: object) -> NDArray[np.float64]:
        return np.broadcast_to(np.asarray(values, np.float64), (lives,)).copy()

    return Judged(
        horizons=HORIZONS,
        p_fail=-np.expm1(-np.array(HORIZONS) / told[:, None]),
        low=np.minimum(-np.log(0.95) * told, CAP),
        median=np.minimum(np.log(2) * told, CAP),
        high=np.minimum(-np.log(0.05) * told, CAP),
        cap=column(CAP),
        lived=np.minimum(failing, censored),
        age=column(0.0),
        is_failure=failing <= censored,
        is_replaced=failing > censored,
        held=column(86_400.0),
        issued=column(0.0),
        until=column(0.0),
        life=np.arange(lives),
    )


def never(random: np.random.Generator, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.full(len(mean), np.inf)


def by_chance(random: np.random.Generator, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    return random.exponential(1_200.0, len(mean))


def after_a_warning(random: np.random.Generator, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Plants replace sooner what was forecast to fail soon."""
    return random.exponential(np.where(mean < 1_000.0, 500.0, 20_000.0))


@pytest.mark.parametrize("replaced_after", [never, by_chance, after_a_warning])
def test_a_forecaster_who_knows_is_calibrated_however_machines_are_replaced(
    replaced_after: Callable[[np.random.Generator, NDArray[np.float64]], NDArray[np.float64]],
) -> None:
    rows = fleet(20_000, replaced_after)
    for found in calibration(rows):
        assert found.forecast is not None
        assert found.observed == pytest.approx(found.forecast, abs=0.015)
        assert found.error is not None
        assert found.error < 0.02
        assert sum(each.share for each in found.groups) == pytest.approx(1.0)


@pytest.mark.parametrize("replaced_after", [never, by_chance])
def test_interval_covers_as_often_however_machines_are_replaced(
    replaced_after: Callable[[np.random.Generator, NDArray[np.float64]], NDArray[np.float64]],
) -> None:
    rows = fleet(8_000, replaced_after)
    whole = fleet(8_000, never)
    is_inside = (np.minimum(whole.lived, CAP) >= whole.low) & (np.minimum(whole.lived, CAP) <= whole.high)
    covered = coverage(rows)
    assert covered.coverage == pytest.approx(float(is_inside.mean()), abs=0.02)
    assert covered.below == pytest.approx(0.05, abs=0.01)
    assert covered.coverage is not None
    assert covered.low is not None
    assert covered.high is not None
    assert covered.low <= covered.coverage <= covered.high


def test_dropping_who_was_replaced_would_not_be_calibrated() -> None:
    """The planted mistake: were the censored only left out, a true forecast would look too low."""
    rows = fleet(20_000, by_chance)
    known = rows.is_failure | (rows.lived >= HORIZONS[1])
    naive = float((rows.is_failure & (rows.lived <= HORIZONS[1]))[known].mean())
    assert naive - float(rows.p_fail[:, 1].mean()) > 0.04
    assert calibration(rows)[1].observed == pytest.approx(float(rows.p_fail[:, 1].mean()), abs=0.015)


@pytest.mark.parametrize(("bias", "sign"), [(0.5, 1), (2.0, -1)])
def test_a_forecaster_who_exaggerates_is_found_out(bias: float, sign: int) -> None:
    for found in calibration(fleet(5_000, by_chance, bias)):
        assert found.forecast is not None
        assert found.observed is not None
        assert sign * (found.forecast - found.observed) > 0.05
        assert found.error is not None
        assert found.error > 0.05
    covered = coverage(fleet(5_000, never, bias))
    assert ((covered.above if sign > 0 else covered.below) or 0.0) > 0.09


def test_horizon_that_censoring_made_unanswerable_has_no_figures() -> None:
    def all_soon(random: np.random.Generator, mean: NDArray[np.float64]) -> NDArray[np.float64]:
        return random.uniform(150.0, 400.0, len(mean))

    rows = fleet(2_000, all_soon)
    near, far = calibration(rows)
    assert near.is_answered
    assert not far.is_answered
    assert (far.forecast, far.observed, far.error, far.brier, far.groups) == (None, None, None, None, ())
    assert far.answered < 0.95
    assert coverage(rows).coverage is None


def test_brier_score_is_that_of_scikit_learn_where_nothing_is_censored() -> None:
    rows = fleet(500, never)
    for place, found in enumerate(calibration(rows)):
        outcome = rows.lived <= rows.horizons[place]
        assert found.brier == pytest.approx(brier_score_loss(outcome, rows.p_fail[:, place]))


def test_a_forecast_counts_for_as_long_as_it_was_in_force() -> None:
    rows = fleet(2, never)
    wrong = Judged(
        **{name: getattr(rows, name) for name in Judged.__slots__}
        | {"held": np.array([3_600.0, 0.0]), "lived": np.array([10.0, 9_999.0]), "p_fail": np.array([[1.0] * 2] * 2)}
    )
    found = calibration(wrong)[0]
    assert (found.observed, found.error, found.forecasts) == (1.0, 0.0, 1)  # the one that never was does not count
