"""What each kind of balance is made of, and how the units of packs become SI units.

Factors and offsets: NIST Special Publication 811 (2008), appendix B.8. Pressures enter as differences, so gauge and
absolute ones serve alike as long as both of a balance are of the same sort.
"""

from collections.abc import Mapping
from math import pi

from features.domain.packs import BalanceKind

PLACES: Mapping[BalanceKind, tuple[str, ...]] = {
    BalanceKind.HYDRAULIC_POWER: ("flow", "suction", "discharge"),
    BalanceKind.HYDRAULIC_EFFICIENCY: ("flow", "suction", "discharge", "power"),
    BalanceKind.TEMPERATURE_RISE: ("temperature", "ambient"),
    BalanceKind.THERMAL_RESISTANCE: ("temperature", "ambient", "power"),
    BalanceKind.SHAFT_POWER: ("torque", "speed"),
    BalanceKind.LOADED_WEAR: ("torque", "wear"),
}
"""What each kind asks for, in the order of its formula in `features.transforms.families.balances`."""

_FLOW = {
    "m3/s": (1.0, 0.0),
    "m3/h": (1.0 / 3_600.0, 0.0),
    "l/s": (1e-3, 0.0),
    "l/min": (1e-3 / 60.0, 0.0),
    "gal/min": (6.309020e-5, 0.0),
}
_PRESSURE = {
    "Pa": (1.0, 0.0),
    "mbar": (100.0, 0.0),
    "kPa": (1e3, 0.0),
    "bar": (1e5, 0.0),
    "MPa": (1e6, 0.0),
    "psi": (6_894.757, 0.0),
    "psia": (6_894.757, 0.0),
    "psig": (6_894.757, 0.0),
}
_POWER = {"W": (1.0, 0.0), "kW": (1e3, 0.0), "MW": (1e6, 0.0), "hp": (745.6999, 0.0)}
_TEMPERATURE = {
    "K": (1.0, 0.0),
    "degC": (1.0, 273.15),
    "degF": (5.0 / 9.0, 459.67 * 5.0 / 9.0),
    "degR": (5.0 / 9.0, 0.0),
}
_TORQUE = {"N.m": (1.0, 0.0), "kN.m": (1e3, 0.0), "lbf.ft": (1.355818, 0.0)}
_SPEED = {"rad/s": (1.0, 0.0), "rpm": (2.0 * pi / 60.0, 0.0), "Hz": (2.0 * pi, 0.0)}
_DURATION = {"s": (1.0, 0.0), "min": (60.0, 0.0), "h": (3_600.0, 0.0)}
UNITS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "flow": _FLOW,
    "suction": _PRESSURE,
    "discharge": _PRESSURE,
    "power": _POWER,
    "temperature": _TEMPERATURE,
    "ambient": _TEMPERATURE,
    "torque": _TORQUE,
    "speed": _SPEED,
    "wear": _DURATION,
}
"""By place: scale and offset of every unit that a signal may have there, value · scale + offset in SI units."""
