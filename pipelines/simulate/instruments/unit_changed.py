"""Another unit under the same name: new firmware, a replaced transmitter, a PLC program that scales anew.

Factors: NIST Special Publication 811 (2008), appendix B.8. Nothing is clipped: what leaves the plausible range does so
in the field as well. Which units are met, and the steps in which they are transmitted, are assumptions.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.instruments.kind import FaultyReadings, Stretch
from pipelines.simulate.signals import INSTRUMENTED, NEVER_NEGATIVE


@dataclass(frozen=True, slots=True)
class Conversion:
    """Value in the new unit = value · factor + offset, transmitted in steps of `resolution`."""

    unit: str
    factor: float
    offset: float
    resolution: float


CONVERSIONS: dict[str, tuple[Conversion, ...]] = {
    "kPa": (Conversion("bar", 0.01, 0.0, 0.001), Conversion("psi", 1.0 / 6.894757, 0.0, 0.01)),
    "degC": (Conversion("degF", 1.8, 32.0, 0.1), Conversion("K", 1.0, 273.15, 0.1)),
    "mm/s": (Conversion("in/s", 1.0 / 25.4, 0.0, 0.001),),
    "g": (Conversion("m/s2", 9.80665, 0.0, 0.01),),
    "m3/h": (Conversion("l/s", 1.0 / 3.6, 0.0, 0.01), Conversion("gal/min", 4.402868, 0.0, 0.1)),
    "A": (Conversion("mA", 1_000.0, 0.0, 10.0),),
    "rpm": (Conversion("Hz", 1.0 / 60.0, 0.0, 0.01),),
}
_TOGETHER = (
    ("suction_pressure", "discharge_pressure", "seal_chamber_pressure"),
    ("vibration_drive_end", "vibration_non_drive_end"),
    ("bearing_temperature_drive_end", "bearing_temperature_non_drive_end"),
)


@dataclass(frozen=True, slots=True)
class UnitChanged:
    """The readings of one signal, or of all that one device serves, come in another unit until it is put right."""

    id: str = "unit_changed"
    share: float = 0.08
    lasts_hours: tuple[float, float] = (12.0, 1_440.0)
    choices: tuple[tuple[str, ...], ...] = (*((signal,) for signal in INSTRUMENTED), *_TOGETHER)

    def deliver(self, rng: np.random.Generator, stretch: Stretch) -> FaultyReadings:
        """Convert what is shown, and transmit it in the steps of the new unit."""
        unit = stretch.qualities[0].unit
        conversions = CONVERSIONS[unit]
        to = conversions[int(rng.integers(len(conversions)))]
        floor = np.array([0.0 if quality.id in NEVER_NEGATIVE else -np.inf for quality in stretch.qualities])
        converted = np.maximum(stretch.shown, floor) * to.factor + to.offset
        stepped = np.round(np.round(converted / to.resolution) * to.resolution, 6)
        return FaultyReadings(stepped, stretch.every_reading, {"from_unit": unit, "to_unit": to.unit})
