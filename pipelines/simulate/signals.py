"""The signals of a pump as its gateway sends them: order, unit, span, sensor quality, resolution.

Names and units are those of the `pump` pack. Spans are those of usual transmitters; they are assumptions.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class SignalQuality:
    """How well a signal is measured.

    Attributes:
        id: The signal.
        unit: Its unit.
        span: Width of the instrument's measuring range, in that unit.
        gain_spread: Standard deviation of the gain between instruments, as a share.
        offset_spread: Standard deviation of the offset between instruments, in the signal's unit.
        relative_noise: Standard deviation of the noise that grows with the value, as a share.
        absolute_noise: Standard deviation of the noise that does not, in the signal's unit.
        memory_hours: Time constant of the correlated half of the noise.
        resolution: Smallest step of the transmitted value, in the signal's unit.
    """

    id: str
    unit: str
    span: float
    gain_spread: float
    offset_spread: float
    relative_noise: float
    absolute_noise: float
    memory_hours: float
    resolution: float

    def transmitted(self, shown: FloatArray) -> FloatArray:
        """Return what is transmitted of what an instrument shows: whole steps, and never below 0 where that cannot be.

        Examples:
            >>> QUALITIES[1].transmitted(np.array([91.2345, -0.3])).tolist()
            [91.2, 0.0]
        """
        stepped = np.round(shown / self.resolution) * self.resolution
        if self.id in NEVER_NEGATIVE:
            stepped = np.maximum(stepped, 0.0)
        return np.round(stepped, 6)

    def noise(self, value: FloatArray) -> FloatArray:
        """Return the usual standard deviation of the noise at a value."""
        return np.hypot(self.relative_noise * value, self.absolute_noise)


QUALITIES: tuple[SignalQuality, ...] = (
    SignalQuality("speed", "rpm", 3_600.0, 0.0005, 0.0, 0.0008, 0.0, 3.0, 0.1),
    SignalQuality("flow", "m3/h", 600.0, 0.012, 0.3, 0.010, 0.2, 6.0, 0.1),
    SignalQuality("suction_pressure", "kPa", 400.0, 0.004, 0.8, 0.002, 0.6, 12.0, 0.1),
    SignalQuality("ambient_temperature", "degC", 100.0, 0.0, 0.6, 0.0, 0.4, 12.0, 0.1),
    SignalQuality("discharge_pressure", "kPa", 1_600.0, 0.005, 1.5, 0.004, 1.0, 6.0, 0.1),
    SignalQuality("vibration_drive_end", "mm/s", 25.0, 0.04, 0.02, 0.055, 0.03, 10.0, 0.01),
    SignalQuality("vibration_non_drive_end", "mm/s", 25.0, 0.04, 0.02, 0.055, 0.03, 10.0, 0.01),
    SignalQuality("vibration_high_frequency", "g", 10.0, 0.08, 0.01, 0.11, 0.01, 8.0, 0.001),
    SignalQuality("bearing_temperature_drive_end", "degC", 150.0, 0.0, 0.8, 0.0, 0.7, 16.0, 0.1),
    SignalQuality("bearing_temperature_non_drive_end", "degC", 150.0, 0.0, 0.8, 0.0, 0.7, 16.0, 0.1),
    SignalQuality("motor_current", "A", 250.0, 0.008, 0.1, 0.006, 0.1, 6.0, 0.1),
    SignalQuality("winding_temperature", "degC", 200.0, 0.0, 1.0, 0.0, 0.8, 16.0, 0.1),
    SignalQuality("seal_chamber_pressure", "kPa", 1_600.0, 0.006, 1.2, 0.008, 1.0, 10.0, 0.1),
    SignalQuality("seal_temperature", "degC", 150.0, 0.0, 0.8, 0.0, 0.9, 12.0, 0.1),
    SignalQuality("running_hours", "h", 1_000_000.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.1),
)

SIGNALS: tuple[str, ...] = tuple(quality.id for quality in QUALITIES)
SENSORS: tuple[str, ...] = SIGNALS[4:14]
COUNTER = "running_hours"
INSTRUMENTED: tuple[str, ...] = SIGNALS[:14]
"""Every signal that an instrument measures; the controller counts the running hours."""
NEVER_NEGATIVE = frozenset(SIGNALS) - {"ambient_temperature"}
