import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from features.transforms.batch import LifeRows
from features.transforms.families.balances import (
    hydraulic_efficiency,
    hydraulic_power,
    loaded_wear,
    shaft_power,
    temperature_rise,
    thermal_resistance,
)
from features.transforms.specification import FeatureSpecification
from tests.features.transforms.families.columns import HARD, columns_of, recent_mean, runs_of


def _column(specification: FeatureSpecification, rows: LifeRows, name: str) -> NDArray[np.float64]:
    return rows.values[:, specification.signals.index(name)]


@pytest.mark.parametrize(("specification", "rows"), HARD)
def test_balances_of_a_life_are_those_of_a_table(specification: FeatureSpecification, rows: LifeRows) -> None:
    table = pd.DataFrame(rows.values, columns=list(specification.signals))
    # flow in m³/h, pressures in bar, power in kW: m³/s · Pa / W = flow / 3600 · bar · 1e5 / (1000 · power)
    efficiency = table.flow / 3600 * (table.discharge - table.suction) * 100 / table.power.where(table.power > 0)
    expected = {"efficiency": efficiency, "rise": table.temperature - table.ambient}
    found, runs = columns_of(specification, rows), runs_of(specification, rows)
    for name, values in expected.items():
        value = values.where(runs).to_numpy()
        life_mean = pd.Series(value).expanding(min_periods=1).mean()
        np.testing.assert_allclose(found[f"{name}__life_mean"], life_mean, rtol=1e-5)
        for window, text in zip(specification.rule.windows, ("4", "25p5"), strict=True):
            mean = np.array(recent_mean(specification, rows, value, window))
            np.testing.assert_allclose(found[f"{name}__mean_{text}"], mean, rtol=1e-5)
            np.testing.assert_allclose(found[f"{name}__shift_{text}"], mean - life_mean, rtol=1e-5, atol=1e-5)


def test_text_book_pump_by_hand() -> None:
    # 100 l/s of water through 40 m: ρ g Q H = 998 · 9.81 · 0.1 · 40 = 39,162 W; the motor draws 50 kW.
    rise = 998 * 9.81 * 40.0
    flow, suction, discharge, power = (np.array([value]) for value in (0.1, 1e5, 1e5 + rise, 50_000.0))
    assert hydraulic_power(flow, suction, discharge)[0] == pytest.approx(39_162, abs=1)
    assert hydraulic_efficiency(flow, suction, discharge, power)[0] == pytest.approx(0.7832, abs=1e-4)


def test_heat_by_hand() -> None:
    warm, ambient, power = np.array([353.15, 353.15]), np.array([293.15, 293.15]), np.array([30_000.0, 0.0])
    assert temperature_rise(warm, ambient)[0] == pytest.approx(60.0)
    found = thermal_resistance(warm, ambient, power)
    assert found[0] == pytest.approx(0.002)
    assert np.isnan(found[1])


def test_a_shaft_by_hand() -> None:
    # A motor of 7.5 kW at 1,460 rpm has a torque of 49 N·m: 7,500 / (2 π · 1,460 / 60) = 49.05.
    torque, speed = np.array([49.05]), np.array([2 * np.pi * 1_460 / 60])
    assert shaft_power(torque, speed)[0] == pytest.approx(7_500, abs=2)
    assert loaded_wear(torque, np.array([7_200.0]))[0] == pytest.approx(353_160)


def test_balance_without_power_is_unknown_and_does_not_enter_its_mean() -> None:
    specification, rows = HARD[0]
    values = rows.values.copy()
    values[:, specification.signals.index("power")] = 0.0
    found = columns_of(specification, LifeRows(rows.time, values, rows.events))
    assert np.isnan(found["efficiency__life_mean"]).all()
    assert np.isfinite(found["rise__life_mean"][-1])


def test_unit_of_a_balance_is_that_of_its_formula() -> None:
    described = {each.name: each for each in HARD[0][0].descriptions}
    assert described["efficiency__mean_4"].unit == "1"
    assert described["rise__mean_4"].unit == "K"
