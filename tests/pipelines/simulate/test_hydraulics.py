import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.simulate import hydraulics

SHUTOFF, SLOPE, BEST_FLOW, BEST_EFFICIENCY = 50.0, 0.001, 100.0, 0.75


def test_halving_the_speed_halves_flow_quarters_head_and_leaves_an_eighth_of_the_power() -> None:
    # By hand, without static head: H = 50 - 0.001·Q² meets 0.004·Q² at Q = 100, H = 40; at half speed 50 and 10.
    full = float(hydraulics.flow_at_balance(1.0, SHUTOFF, SLOPE, 0.0, 0.004))
    half = float(hydraulics.flow_at_balance(0.5, SHUTOFF, SLOPE, 0.0, 0.004))
    assert [full, half] == pytest.approx([100.0, 50.0])
    head_full = float(hydraulics.head_m(full, 1.0, SHUTOFF, SLOPE))
    head_half = float(hydraulics.head_m(half, 0.5, SHUTOFF, SLOPE))
    assert [head_full, head_half] == pytest.approx([40.0, 10.0])
    power_full = float(hydraulics.shaft_power_kw(full, head_full, 1.0, BEST_FLOW, BEST_EFFICIENCY))
    power_half = float(hydraulics.shaft_power_kw(half, head_half, 0.5, BEST_FLOW, BEST_EFFICIENCY))
    # 998 kg/m3 · 9.80665 m/s² · (100/3600) m3/s · 40 m / 0.75 = 14.499 kW
    assert power_full == pytest.approx(14.499, abs=0.001)
    assert power_full / power_half == pytest.approx(8.0)


@given(
    flow=st.floats(0.0, 125.0),
    ratio=st.floats(0.55, 1.06),
    efficiency=st.floats(0.4, 0.85),
)
def test_the_shaft_gives_more_than_the_water_takes(flow: float, ratio: float, efficiency: float) -> None:
    head = float(hydraulics.head_m(flow * ratio, ratio, SHUTOFF, SLOPE))
    water_kw = hydraulics.KPA_PER_M * flow * ratio / 3_600 * head
    shaft_kw = float(hydraulics.shaft_power_kw(flow * ratio, head, ratio, BEST_FLOW, efficiency))
    assert shaft_kw > water_kw
    assert shaft_kw > 0


@given(flow=st.floats(10.0, 110.0), static=st.floats(0.0, 25.0))
def test_speed_for_flow_is_the_inverse_of_flow_at_balance(flow: float, static: float) -> None:
    ratio = hydraulics.speed_for_flow(flow, SHUTOFF, SLOPE, static, 0.002)
    assert float(hydraulics.flow_at_balance(ratio, SHUTOFF, SLOPE, static, 0.002)) == pytest.approx(flow)


def test_a_pump_that_cannot_lift_to_the_static_head_gives_no_flow() -> None:
    assert float(hydraulics.flow_at_balance(0.5, SHUTOFF, SLOPE, 20.0, 0.002)) == 0.0


def test_vapour_pressure_fits_the_steam_tables() -> None:
    # IAPWS: 2.339 kPa at 20 °C, 7.385 kPa at 40 °C.
    found = hydraulics.vapour_pressure_kpa(np.array([20.0, 40.0]))
    np.testing.assert_allclose(found, [2.339, 7.385], rtol=0.002)


def test_npsh_of_an_open_pool_at_20_degrees_is_about_ten_metres() -> None:
    assert float(hydraulics.npsh_available_m(hydraulics.ATMOSPHERE_KPA, 20.0)) == pytest.approx(10.11, abs=0.02)


def test_npsh_required_at_the_rated_point_is_the_rated_one_and_follows_the_square_of_the_speed() -> None:
    assert float(hydraulics.npsh_required_m(100.0, 1.0, 100.0, 4.0)) == pytest.approx(4.0)
    assert float(hydraulics.npsh_required_m(50.0, 0.5, 100.0, 4.0)) == pytest.approx(1.0)
