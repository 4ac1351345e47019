from dataclasses import replace
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.forecasts import ForecastStatus, RemainingLife
from models.prognosis.remaining import remaining_curve
from tests.models.prognosis.forecasts import CAP, HORIZONS, forecast_of


def test_curve_goes_through_everything_that_the_forecast_says() -> None:
    said = forecast_of(lambda life: exp(-((life / 800.0) ** 2.5)))
    curve = remaining_curve(said)
    assert curve is not None
    assert said.life is not None
    failed = 1 - curve.survival(np.array([*HORIZONS, said.life.p50]))
    assert failed.tolist() == pytest.approx([*(each.probability for each in said.horizons), 0.5])
    assert float(curve.expected(np.array([CAP]))[0]) == pytest.approx(said.life.mean)
    assert curve.cap == CAP


@pytest.mark.parametrize("mean", [200.0, 2_000.0, 1e9])
def test_constant_hazard_is_found_again_everywhere(mean: float) -> None:
    curve = remaining_curve(forecast_of(lambda life: exp(-life / mean)))
    assert curve is not None
    life = np.linspace(0.0, CAP, 50)
    assert curve.survival(life) == pytest.approx(np.exp(-life / mean), abs=2e-3)
    assert curve.expected(life) == pytest.approx(mean * -np.expm1(-life / mean), rel=2e-3, abs=1e-9)


def test_beyond_the_cap_nothing_more_is_known() -> None:
    curve = remaining_curve(forecast_of(lambda life: exp(-life / 900.0)))
    assert curve is not None
    assert curve.survival(np.array([CAP, 2 * CAP])).tolist() == pytest.approx([exp(-CAP / 900.0)] * 2, abs=2e-3)


def test_without_numbers_there_is_no_curve() -> None:
    said = forecast_of(lambda life: exp(-life / 900.0))
    assert remaining_curve(replace(said, status=ForecastStatus.STALE, horizons=(), life=None)) is None


def test_machine_that_is_sure_to_fail_has_a_curve_too() -> None:
    curve = remaining_curve(forecast_of(lambda life: 1.0 if life <= 0.0 else 0.0))
    assert curve is not None
    assert float(curve.survival(np.array([HORIZONS[0]]))[0]) < 1e-6


@given(
    chances=st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3).map(sorted),
    median=st.floats(0.0, CAP),
    mean=st.floats(0.0, CAP),
)
def test_whatever_a_forecast_says_the_curve_never_rises(chances: list[float], median: float, mean: float) -> None:
    said = forecast_of(lambda life: 1.0)
    horizons = tuple(replace(each, probability=chance) for each, chance in zip(said.horizons, chances, strict=True))
    curve = remaining_curve(replace(said, horizons=horizons, life=RemainingLife(0.0, median, CAP, mean, CAP)))
    assert curve is not None
    survival = curve.survival(np.linspace(0.0, CAP, 97))
    expected = curve.expected(np.linspace(0.0, CAP, 97))
    assert survival[0] == 1.0
    assert (np.diff(survival) <= 1e-12).all()
    assert (survival >= 0.0).all()
    assert (np.diff(expected) >= -1e-9).all()
    assert np.isfinite(expected).all()
