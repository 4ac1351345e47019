"""Exponential smoothing of signals that need not come evenly, one row at a time.

A row that comes d seconds after the one before it counts 1 - exp(-d / tau), so what is smoothed hangs on time and not
on the number of rows (Zumbach & Müller 2001, "Operators on inhomogeneous time series"). A signal that was not measured
keeps what it was.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.condition.history import History, Level


@dataclass(frozen=True, slots=True)
class Smoothed:
    """What smoothing remembers.

    Attributes:
        values: NaN for a signal that was never measured. Shape (signal,).
        seconds: Time of the last row; None before the first.
    """

    values: NDArray[np.float64]
    seconds: float | None = None

    @staticmethod
    def start(signals: int) -> "Smoothed":
        """Begin with nothing known."""
        return Smoothed(np.full(signals, np.nan))

    def after(self, row: NDArray[np.float64], seconds: float, time_constant: float) -> "Smoothed":
        """Return what is remembered after a row.

        Args:
            row: NaN where not measured. Shape (signal,).
            seconds: Its time; a row that is no later than the last one counts as if it came with it.
            time_constant: Seconds after which the past counts a third.
        """
        elapsed = 0.0 if self.seconds is None else max(seconds - self.seconds, 0.0)
        share = -math.expm1(-elapsed / time_constant)
        moved = self.values + share * (row - self.values)
        values = np.where(np.isnan(self.values), row, np.where(np.isnan(row), self.values, moved))
        return Smoothed(values, seconds if self.seconds is None else max(seconds, self.seconds))


def smooth(history: History, level: Level, time_constant: float) -> NDArray[np.float64]:
    """Return the smoothed z-scores of every row.

    Args:
        history: The rows, from the first on.
        level: By which z-scores are taken.
        time_constant: Seconds.

    Returns:
        Shape (row, signal).
    """
    state, found = Smoothed.start(history.readings.shape[1]), np.empty(history.readings.shape)
    for place, (seconds, row) in enumerate(
        zip(history.seconds.tolist(), level.z_scores(history.readings), strict=True)
    ):
        state = state.after(row, seconds, time_constant)
        found[place] = state.values
    return found
