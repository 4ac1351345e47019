"""Single readings far off: a loose contact, a drive switching beside the cable, a bit lost on the bus.

The frequency and the size are assumptions.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.instruments.kind import FaultyReadings, Stretch
from pipelines.simulate.signals import INSTRUMENTED, NEVER_NEGATIVE

_APART = 3


@dataclass(frozen=True, slots=True)
class Spike:
    """One to six single readings within the episode; between them the instrument is right."""

    id: str = "spike"
    share: float = 0.22
    lasts_hours: tuple[float, float] = (1.0, 72.0)
    choices: tuple[tuple[str, ...], ...] = tuple((signal,) for signal in INSTRUMENTED)
    share_of_span: tuple[float, float] = (0.15, 1.0)

    def deliver(self, rng: np.random.Generator, stretch: Stretch) -> FaultyReadings:
        """Throw a few readings up or down; one that cannot go below 0 goes up."""
        rows = len(stretch.hours)
        places = np.arange(1, rows, _APART) if rows > 1 else np.arange(rows)
        count = min(int(rng.integers(1, 7)), len(places))
        at = np.sort(rng.choice(places, count, replace=False))
        low, high = np.log(self.share_of_span)
        quality, shown = stretch.qualities[0], stretch.shown.copy()
        size = np.exp(rng.uniform(low, high, count)) * quality.span
        is_down = rng.random(count) < 0.5
        if quality.id in NEVER_NEGATIVE:
            is_down &= shown[at, 0] > size
        shown[at, 0] += np.where(is_down, -size, size)
        covered = np.zeros(rows, dtype=np.bool_)
        covered[at] = True
        delivered = np.where(covered[:, None], stretch.transmitted(shown), stretch.delivered)
        return FaultyReadings(delivered, covered, {"count": float(count), "largest": round(float(size.max()), 3)})
