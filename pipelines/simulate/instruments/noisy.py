"""An instrument whose noise is several times the usual: a broken shield, moisture, a loose sensor foot.

How much louder it becomes is an assumption.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.instruments.kind import FaultyReadings, Stretch
from pipelines.simulate.signals import INSTRUMENTED


@dataclass(frozen=True, slots=True)
class Noisy:
    """White noise on top of the usual, a constant multiple of it in one episode; also while the machine stands."""

    id: str = "noisy"
    share: float = 0.18
    lasts_hours: tuple[float, float] = (6.0, 336.0)
    choices: tuple[tuple[str, ...], ...] = tuple((signal,) for signal in INSTRUMENTED)
    times_usual: tuple[float, float] = (4.0, 12.0)

    def deliver(self, rng: np.random.Generator, stretch: Stretch) -> FaultyReadings:
        """Add the noise to what is shown; it is no less than a transmitted step."""
        low, high = np.log(self.times_usual)
        factor = float(np.exp(rng.uniform(low, high)))
        usual = np.column_stack(
            [
                np.maximum(quality.noise(stretch.shown[:, channel]), quality.resolution)
                for channel, quality in enumerate(stretch.qualities)
            ]
        )
        shown = stretch.shown + factor * usual * rng.standard_normal(stretch.shown.shape)
        return FaultyReadings(stretch.transmitted(shown), stretch.every_reading, {"times_usual": round(factor, 2)})
