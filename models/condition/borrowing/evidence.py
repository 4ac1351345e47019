"""What a stretch of healthy readings says of a machine, in sums that grow by one row at a time and can be added.

Three things of each signal: its level, how much it scatters, and how much its smoothed readings wander. A stretch is
as long as what was measured in it; time in between, when a machine stood still, does not count.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.condition.history import History, Level
from models.condition.smoothing import smooth

LEAST_ROWS = 4
"""Rows below which nobody can say how much a signal scatters."""

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Sums:
    """Number, sum and sum of squares of values less a reference. Arrays have shape (signal,)."""

    reference: NDArray[np.float64]
    count: NDArray[np.float64]
    total: NDArray[np.float64]
    square: NDArray[np.float64]

    @staticmethod
    def none(reference: NDArray[np.float64]) -> "Sums":
        """Begin with nothing; a reference near the level keeps the digits of what is summed."""
        return Sums(reference, *(np.zeros(len(reference)) for _ in range(3)))

    def with_rows(self, rows: NDArray[np.float64]) -> "Sums":
        """Add rows, NaN where not measured. Shape (row, signal)."""
        known = ~np.isnan(rows)
        away = np.where(known, rows - self.reference, 0.0)
        return Sums(
            self.reference,
            self.count + known.sum(axis=0),
            self.total + away.sum(axis=0),
            self.square + (away**2).sum(axis=0),
        )

    def plus(self, other: "Sums") -> "Sums":
        """Add sums over the same reference."""
        return Sums(self.reference, self.count + other.count, self.total + other.total, self.square + other.square)

    def without(self, signals: NDArray[np.bool_]) -> "Sums":
        """Forget some signals. Shape (signal,)."""
        kept = (np.where(signals, 0.0, each) for each in (self.count, self.total, self.square))
        return Sums(self.reference, *kept)

    @property
    def mean(self) -> NDArray[np.float64]:
        """The mean; NaN where nothing was measured."""
        return self.reference + self.total / np.where(self.count > 0, self.count, np.nan)

    @property
    def log_deviation(self) -> NDArray[np.float64]:
        """Logarithm of the standard deviation; NaN where too few rows were measured, or none differed."""
        enough = self.count >= LEAST_ROWS
        count = np.where(enough, self.count, np.nan)
        variance = self.square / count - (self.total / count) ** 2
        floor = _TINY * np.maximum(self.square / count, _TINY)
        return np.asarray(0.5 * np.log(np.where(variance > floor, variance, np.nan)), np.float64)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a stretch says.

    Attributes:
        raw: Of readings.
        smoothed: Of smoothed readings, once smoothing has settled.
        seconds: How long each signal was measured. Shape (signal,).
        smoothed_seconds: For how long smoothed readings are known. Shape (signal,).
    """

    raw: Sums
    smoothed: Sums
    seconds: NDArray[np.float64]
    smoothed_seconds: NDArray[np.float64]

    @staticmethod
    def none(reference: NDArray[np.float64]) -> "Evidence":
        """Begin with nothing; a reference near the level keeps the digits of what is summed. Shape (signal,)."""
        nothing, none = np.zeros(len(reference)), Sums.none(reference)
        return Evidence(none, none, nothing, nothing)

    def with_rows(self, rows: NDArray[np.float64], smoothed: NDArray[np.float64], seconds_each: float) -> "Evidence":
        """Add rows.

        Args:
            rows: NaN where not measured. Shape (row, signal).
            smoothed: Smoothed readings, NaN where they tell nothing. Shape (other row, signal).
            seconds_each: How long each row stands for.
        """
        return Evidence(
            self.raw.with_rows(rows),
            self.smoothed.with_rows(smoothed),
            self.seconds + seconds_each * (~np.isnan(rows)).sum(axis=0),
            self.smoothed_seconds + seconds_each * (~np.isnan(smoothed)).sum(axis=0),
        )

    def plus(self, other: "Evidence") -> "Evidence":
        """Add what another stretch of the same machine says."""
        return Evidence(
            self.raw.plus(other.raw),
            self.smoothed.plus(other.smoothed),
            self.seconds + other.seconds,
            self.smoothed_seconds + other.smoothed_seconds,
        )

    def without(self, signals: NDArray[np.bool_]) -> "Evidence":
        """Forget what is said of some signals. Shape (signal,)."""
        return Evidence(
            self.raw.without(signals),
            self.smoothed.without(signals),
            np.where(signals, 0.0, self.seconds),
            np.where(signals, 0.0, self.smoothed_seconds),
        )


def smoothed_readings(history: History, time_constant: float) -> NDArray[np.float64]:
    """Return smoothed readings in the units of the signals. Shape (row, signal)."""
    signals = history.readings.shape[1]
    return smooth(history, Level(np.zeros(signals), np.ones(signals)), time_constant)


def evidence_of(history: History, time_constant: float, settling: int, interval: float) -> Evidence:
    """Return what a history says.

    Args:
        history: Of one healthy machine; it may be empty.
        time_constant: Of smoothing, seconds.
        settling: Rows at the beginning that smoothing takes to settle.
        interval: Median seconds between its rows.
    """
    reference = np.nan_to_num(history.readings[0]) if len(history) else np.zeros(history.readings.shape[1])
    settled = smoothed_readings(history, time_constant)[settling:]
    return Evidence.none(reference).with_rows(history.readings, settled, interval)
