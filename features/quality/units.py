"""Units that are taken for each other in the field, and how a value in one reads in another.

Factors and offsets: NIST Special Publication 811 (2008), appendix B.8 (exact where the definition is), with the names
of units as packs write them. Only units whose readings differ clearly belong in a family: 1 atm and 1 bar do not.
"""

from dataclasses import dataclass

Family = dict[str, tuple[float, float]]
"""By unit: factor and offset to the family's own unit, value · factor + offset."""

_FAMILIES: tuple[Family, ...] = (
    {  # pressure, Pa
        "Pa": (1.0, 0.0),
        "mbar": (100.0, 0.0),
        "kPa": (1_000.0, 0.0),
        "psi": (6_894.757, 0.0),
        "bar": (100_000.0, 0.0),
        "MPa": (1_000_000.0, 0.0),
    },
    {  # temperature, K
        "K": (1.0, 0.0),
        "degC": (1.0, 273.15),
        "degF": (5.0 / 9.0, 459.67 * 5.0 / 9.0),
        "degR": (5.0 / 9.0, 0.0),
    },
    {"mm/s": (1.0, 0.0), "cm/s": (10.0, 0.0), "in/s": (25.4, 0.0), "m/s": (1_000.0, 0.0)},  # vibration velocity
    {"m/s2": (1.0, 0.0), "g": (9.80665, 0.0)},  # acceleration
    {  # volume flow, m3/h
        "m3/h": (1.0, 0.0),
        "l/s": (3.6, 0.0),
        "l/min": (0.06, 0.0),
        "gal/min": (0.2271247, 0.0),
        "m3/s": (3_600.0, 0.0),
    },
    {"kg/s": (1.0, 0.0), "lbm/s": (0.4535924, 0.0), "kg/h": (1.0 / 3_600.0, 0.0)},  # mass flow
    {"rpm": (1.0, 0.0), "Hz": (60.0, 0.0), "rad/s": (9.549297, 0.0)},  # rotational speed
    {"A": (1.0, 0.0), "mA": (0.001, 0.0), "kA": (1_000.0, 0.0)},  # electric current
    {"V": (1.0, 0.0), "mV": (0.001, 0.0), "kV": (1_000.0, 0.0)},  # voltage
    {"kW": (1.0, 0.0), "W": (0.001, 0.0), "MW": (1_000.0, 0.0), "hp": (0.7456999, 0.0)},  # power
    {"m": (1.0, 0.0), "mm": (0.001, 0.0), "ft": (0.3048, 0.0), "kft": (304.8, 0.0), "km": (1_000.0, 0.0)},  # length
    {"N.m": (1.0, 0.0), "kN.m": (1_000.0, 0.0), "lbf.ft": (1.355818, 0.0)},  # torque
    {"1": (1.0, 0.0), "%": (0.01, 0.0)},  # a share; other bare numbers never fit it by chance for long
)

_SAME = {"psia": "psi", "psig": "psi", "hPa": "mbar", "gpm": "gal/min", "°C": "degC", "°F": "degF", "m³/h": "m3/h"}
_SAME |= {"L/s": "l/s", "L/min": "l/min", "N·m": "N.m", "m/s²": "m/s2", "lb/s": "lbm/s", "r/min": "rpm"}


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a value in the declared unit reads in another one: value · factor + offset.

    Attributes:
        unit: The other unit.
    """

    unit: str
    factor: float
    offset: float


def conversions_of(unit: str) -> tuple[Conversion, ...]:
    """Return how values in `unit` would read in every other unit of its family; nothing for an unknown unit.

    Examples:
        >>> [f"{each.unit} {100 * each.factor + each.offset:g}" for each in conversions_of("degC")]
        ['K 373.15', 'degF 212', 'degR 671.67']
        >>> conversions_of("pps/psi")
        ()
    """
    name = _SAME.get(unit, unit)
    for family in _FAMILIES:
        if name in family:
            factor, offset = family[name]
            return tuple(
                Conversion(other, factor / to_factor, (offset - to_offset) / to_factor)
                for other, (to_factor, to_offset) in family.items()
                if other != name
            )
    return ()
