"""Two signals of one quantity exchanged: two cables or two tags mixed up when something was connected again."""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.instruments.kind import FaultyReadings, Stretch


@dataclass(frozen=True, slots=True)
class Swapped:
    """Each of the two carries what the other instrument transmits, until somebody notices."""

    id: str = "swapped"
    share: float = 0.08
    lasts_hours: tuple[float, float] = (24.0, 1_440.0)
    choices: tuple[tuple[str, ...], ...] = (
        ("bearing_temperature_drive_end", "bearing_temperature_non_drive_end"),
        ("vibration_drive_end", "vibration_non_drive_end"),
        ("suction_pressure", "discharge_pressure"),
    )

    def deliver(self, rng: np.random.Generator, stretch: Stretch) -> FaultyReadings:
        """Exchange the two."""
        return FaultyReadings(stretch.delivered[:, ::-1], stretch.every_reading, {})
