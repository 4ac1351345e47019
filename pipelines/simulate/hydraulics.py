"""Hydraulics of a centrifugal pump: head, operating point, power, suction. Pure functions on arrays.

Sources: Karassik et al., Pump Handbook (head, power, affinity laws); ISO 9906:2012 (rated point,
NPSH3). They hold for radial pumps with water, from shut-off to about 1.3 times the best-efficiency flow. Flow is in
m3/h and head in metres throughout; a speed ratio r is the speed over the rated speed.
"""

import numpy as np

from pipelines.simulate.arrays import FloatArray

GRAVITY = 9.80665
WATER_DENSITY = 998.0
ATMOSPHERE_KPA = 101.325
KPA_PER_M = WATER_DENSITY * GRAVITY / 1_000.0

Values = FloatArray | float


def head_m(flow: Values, speed_ratio: Values, shutoff_head: Values, slope: Values) -> FloatArray:
    """Return the head of the quadratic curve H = H0·r² - k·Q², which obeys the affinity laws.

    Examples:
        >>> float(head_m(100.0, 1.0, 50.0, 0.001)), float(head_m(50.0, 0.5, 50.0, 0.001))
        (40.0, 10.0)
    """
    return np.asarray(shutoff_head * np.square(speed_ratio) - slope * np.square(flow))


def flow_at_balance(
    speed_ratio: Values, shutoff_head: Values, slope: Values, static_head: Values, resistance: Values
) -> FloatArray:
    """Return the flow at which pump curve and system curve Hs + R·Q² meet; 0 below the static head."""
    surplus = np.asarray(shutoff_head * np.square(speed_ratio) - static_head)
    return np.sqrt(np.maximum(surplus, 0.0) / (slope + resistance))


def speed_for_flow(
    flow: Values, shutoff_head: Values, slope: Values, static_head: Values, resistance: Values
) -> FloatArray:
    """Return the speed ratio at which the pump delivers `flow` into the system."""
    needed = static_head + (resistance + slope) * np.square(flow)
    return np.sqrt(np.asarray(needed / shutoff_head))


def shaft_power_kw(
    flow: Values, head: Values, speed_ratio: Values, best_flow: Values, best_efficiency: Values
) -> FloatArray:
    """Return the shaft power, P = ρ·g·Q·H/η with η = η_best·q·(2 - q) and q = Q/(r·Q_best).

    The efficiency is the usual parabola around the best-efficiency point; written so that the quotient Q/η stays
    finite at shut-off. Homologous points (Q ∝ r, H ∝ r²) therefore have P ∝ r³.
    """
    ratio = np.asarray(speed_ratio, dtype=np.float64)
    relative = np.minimum(np.divide(flow, ratio * best_flow, out=np.zeros_like(ratio + flow), where=ratio > 0), 1.6)
    volume_m3_s = ratio * best_flow / 3_600.0
    return np.asarray(KPA_PER_M * volume_m3_s * head / (best_efficiency * (2.0 - relative)))


def vapour_pressure_kpa(water_c: Values) -> FloatArray:
    """Return the vapour pressure of water, 0 to 50 °C.

    Source: Buck 1981, J. Appl. Meteor. 20, equation 8, without its factor for moist air.
    """
    celsius = np.asarray(water_c)
    return 0.61121 * np.exp(17.502 * celsius / (240.97 + celsius))


def npsh_available_m(suction_pressure_kpa: Values, water_c: Values) -> FloatArray:
    """Return the net positive suction head at the flange; the velocity head is neglected."""
    return np.asarray((suction_pressure_kpa - vapour_pressure_kpa(water_c)) / KPA_PER_M)


def npsh_required_m(flow: Values, speed_ratio: Values, best_flow: Values, rated: Values) -> FloatArray:
    """Return NPSH3 at any point: it grows with flow, and by the affinity laws with the square of the speed."""
    ratio = np.asarray(speed_ratio, dtype=np.float64)
    relative = np.divide(flow, ratio * best_flow, out=np.zeros_like(ratio + flow), where=ratio > 0)
    return np.asarray(rated * np.square(ratio) * (0.55 + 0.45 * np.square(relative)))
