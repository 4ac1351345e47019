"""A stretch of sound readings to be spoilt."""

import numpy as np

from pipelines.simulate.arrays import FloatArray
from pipelines.simulate.instruments.kind import Stretch
from pipelines.simulate.signals import QUALITIES, SIGNALS


def stretch_of(signals: tuple[str, ...], values: FloatArray, step_hours: float = 2.0) -> Stretch:
    """Return a stretch in which these values are shown, shape (time,) or (time, channel)."""
    shown = values.reshape(len(values), -1)
    qualities = tuple(QUALITIES[SIGNALS.index(signal)] for signal in signals)
    delivered = np.column_stack([quality.transmitted(shown[:, k]) for k, quality in enumerate(qualities)])
    return Stretch(qualities, np.arange(len(shown), dtype=np.float64) * step_hours, shown, delivered, delivered[0])


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)
