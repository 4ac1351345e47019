"""Slow drift of an instrument away from the truth, until it is calibrated: ageing cells, fouling, wet junction boxes.

A good transmitter drifts by tenths of a per cent of its span in a year; one that drifts by per cents in a month is
faulty. The rates are an assumption.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.instruments.kind import FaultyReadings, Stretch
from pipelines.simulate.signals import INSTRUMENTED

MONTH_HOURS = 730.5


@dataclass(frozen=True, slots=True)
class Drift:
    """A bias that grows evenly from nothing, and ends with the calibration."""

    id: str = "drift"
    share: float = 0.22
    lasts_hours: tuple[float, float] = (336.0, 2_880.0)
    choices: tuple[tuple[str, ...], ...] = tuple((signal,) for signal in INSTRUMENTED if signal != "speed")
    percent_per_month: tuple[float, float] = (0.5, 5.0)

    def deliver(self, rng: np.random.Generator, stretch: Stretch) -> FaultyReadings:
        """Add the bias to what is shown."""
        low, high = np.log(self.percent_per_month)
        percent = float(np.exp(rng.uniform(low, high))) * (1.0 if rng.random() < 0.5 else -1.0)
        spans = np.array([quality.span for quality in stretch.qualities])
        bias = percent / 100.0 * stretch.hours[:, None] / MONTH_HOURS * spans
        parameters = {"percent_of_span_per_month": round(percent, 3)}
        return FaultyReadings(stretch.transmitted(stretch.shown + bias), stretch.every_reading, parameters)
