"""The signals of a pump as its gateway sends them: order, sensor quality, resolution.

Names and units are those of the `pump` pack.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignalQuality:
    """How well a signal is measured.

    Attributes:
        id: The signal.
        gain_spread: Standard deviation of the gain between instruments, as a share.
        offset_spread: Standard deviation of the offset between instruments, in the signal's unit.
        relative_noise: Standard deviation of the noise that grows with the value, as a share.
        absolute_noise: Standard deviation of the noise that does not, in the signal's unit.
        memory_hours: Time constant of the correlated half of the noise.
        resolution: Smallest step of the transmitted value, in the signal's unit.
    """

    id: str
    gain_spread: float
    offset_spread: float
    relative_noise: float
    absolute_noise: float
    memory_hours: float
    resolution: float


QUALITIES: tuple[SignalQuality, ...] = (
    SignalQuality("speed", 0.0005, 0.0, 0.0008, 0.0, 3.0, 0.1),
    SignalQuality("flow", 0.012, 0.3, 0.010, 0.2, 6.0, 0.1),
    SignalQuality("suction_pressure", 0.004, 0.8, 0.002, 0.6, 12.0, 0.1),
    SignalQuality("ambient_temperature", 0.0, 0.6, 0.0, 0.4, 12.0, 0.1),
    SignalQuality("discharge_pressure", 0.005, 1.5, 0.004, 1.0, 6.0, 0.1),
    SignalQuality("vibration_drive_end", 0.04, 0.02, 0.055, 0.03, 10.0, 0.01),
    SignalQuality("vibration_non_drive_end", 0.04, 0.02, 0.055, 0.03, 10.0, 0.01),
    SignalQuality("vibration_high_frequency", 0.08, 0.01, 0.11, 0.01, 8.0, 0.001),
    SignalQuality("bearing_temperature_drive_end", 0.0, 0.8, 0.0, 0.7, 16.0, 0.1),
    SignalQuality("bearing_temperature_non_drive_end", 0.0, 0.8, 0.0, 0.7, 16.0, 0.1),
    SignalQuality("motor_current", 0.008, 0.1, 0.006, 0.1, 6.0, 0.1),
    SignalQuality("winding_temperature", 0.0, 1.0, 0.0, 0.8, 16.0, 0.1),
    SignalQuality("seal_chamber_pressure", 0.006, 1.2, 0.008, 1.0, 10.0, 0.1),
    SignalQuality("seal_temperature", 0.0, 0.8, 0.0, 0.9, 12.0, 0.1),
    SignalQuality("running_hours", 0.0, 0.0, 0.0, 0.0, 1.0, 0.1),
)

SIGNALS: tuple[str, ...] = tuple(quality.id for quality in QUALITIES)
SENSORS: tuple[str, ...] = SIGNALS[4:14]
COUNTER = "running_hours"
NEVER_NEGATIVE = frozenset(SIGNALS) - {"ambient_temperature"}
