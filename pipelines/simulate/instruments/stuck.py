"""A transmitter that repeats its last value: frozen electronics, a blocked impulse line, a driver that lost its bus."""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.instruments.kind import FaultyReadings, Stretch
from pipelines.simulate.signals import INSTRUMENTED


@dataclass(frozen=True, slots=True)
class Stuck:
    """The last transmitted value comes again, exactly, whatever the machine does."""

    id: str = "stuck"
    share: float = 0.22
    lasts_hours: tuple[float, float] = (3.0, 336.0)
    choices: tuple[tuple[str, ...], ...] = tuple((signal,) for signal in INSTRUMENTED)

    def deliver(self, rng: np.random.Generator, stretch: Stretch) -> FaultyReadings:
        """Repeat what was transmitted before the episode."""
        repeated = np.broadcast_to(stretch.before, stretch.delivered.shape)
        return FaultyReadings(repeated, stretch.every_reading, {"value": float(stretch.before[0])})
