"""Histories of machines whose faults are known."""

import numpy as np
from numpy.typing import NDArray

from models.condition.history import History

SIGNALS = 4


def healthy(rows: int = 600, seed: int = 0, interval: float = 1.0) -> History:
    """A machine at rest around its level: signals with noise of their own scale, two of them coupled."""
    noise = np.random.default_rng(seed).normal(size=(rows, SIGNALS))
    noise[:, 1] = 0.8 * noise[:, 0] + 0.6 * noise[:, 1]
    scale, level = np.array([1.0, 5.0, 0.01, 100.0]), np.array([10.0, -3.0, 0.0, 1e4])
    return History(interval * np.arange(rows, dtype=np.float64), level + scale * noise)


def stepped(history: History, at: int, sizes: NDArray[np.float64], until: int | None = None) -> History:
    """Shift signals by so many of their deviations, from a row on, until another."""
    readings = history.readings.copy()
    readings[at:until] += sizes * history.readings[:at].std(axis=0)
    return History(history.seconds, readings)
