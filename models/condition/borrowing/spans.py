"""How much a stretch of some length tells, learnt from longer ones: the effective sample size of dependent readings.

Rows that follow each other are no independent draws: load, weather and season move them together, on several scales
of time at once. So the histories of a fleet are cut into blocks, and it is looked up how far what a block says lies
from what its whole history says, for blocks of every length (Flyvbjerg & Petersen 1989, "Error estimates on averages
of correlated data", J. Chem. Phys. 91, 461). A short stretch not only tells its spread badly, it also makes it too
small; both are read off the same blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.condition.borrowing.evidence import LEAST_ROWS, Sums

LEAST_BLOCKS = 4
"""Blocks that a history must have for their length to be looked at."""

_LEAST_SHARE = 1e-9


@dataclass(frozen=True, slots=True)
class Blocks:
    """How far blocks of one history lie from the whole of it, at lengths of 2^j seconds.

    Attributes:
        exponents: The j of each length, ascending. Shape (length,).
        mean: Mean square of block means around the whole mean, in variances of the whole. Shape (length, signal).
        bias: Mean of the logarithms of block deviations less that of the whole. Shape (length, signal).
        variance: Variance of those logarithms. Shape (length, signal).
    """

    exponents: NDArray[np.int64]
    mean: NDArray[np.float64]
    bias: NDArray[np.float64]
    variance: NDArray[np.float64]


def blocks_of(rows: NDArray[np.float64], interval: float) -> Blocks:
    """Cut a history into blocks of every length.

    Args:
        rows: NaN where not measured. Shape (row, signal).
        interval: Median seconds between rows.
    """
    whole = Sums.none(np.nan_to_num(rows[0])).with_rows(rows)
    first = int(np.ceil(np.log2(2 * interval)))
    last = int(np.floor(np.log2(len(rows) * interval / LEAST_BLOCKS)))
    found = [_at(rows, whole, max(round(2.0**each / interval), 2)) for each in range(first, last + 1)]
    mean, bias, variance = (
        np.array([each[place] for each in found]).reshape(len(found), rows.shape[1]) for place in range(3)
    )
    return Blocks(np.arange(first, first + len(found), dtype=np.int64), mean, bias, variance)


def _at(rows: NDArray[np.float64], whole: Sums, size: int) -> tuple[NDArray[np.float64], ...]:
    """Return what blocks of one size show: mean square, bias and variance. Each of shape (signal,)."""
    blocks = len(rows) // size
    cut = rows[: blocks * size].reshape(blocks, size, -1)
    known = (~np.isnan(cut)).sum(axis=1)
    count = np.where(known > size // 2, known, np.nan)  # (block, signal)
    mean = np.nansum(cut, axis=1) / count
    square = np.nansum((cut - mean[:, None]) ** 2, axis=1) / count
    log_deviation = 0.5 * np.log(np.where((square > 0) & (count >= LEAST_ROWS), square, np.nan))
    used = np.maximum((~np.isnan(count)).sum(axis=0), 2)
    apart = _mean((mean - whole.mean) ** 2) * used / (used - 1) / np.exp(2 * whole.log_deviation)
    away = log_deviation - whole.log_deviation
    bias = _mean(away)
    return apart, bias, _mean((away - bias) ** 2) * used / (used - 1)


@dataclass(frozen=True, slots=True)
class Spans:
    """How much a stretch tells, by its length. Each array has shape (length, signal), `exponents` (length,).

    Attributes:
        exponents: Lengths are 2^exponent seconds, ascending.
        mean: Variance of a stretch's mean, in variances of the signal; 1 / mean is the effective sample size.
        bias: By how much the logarithm of a stretch's deviation is too small on average (negative).
        variance: Variance of that logarithm.
    """

    exponents: NDArray[np.float64]
    mean: NDArray[np.float64]
    bias: NDArray[np.float64]
    variance: NDArray[np.float64]

    def of_mean(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the variance of a stretch's mean, in variances of the signal; infinite at 0 s. Shape (signal,)."""
        return np.exp(self._at(np.log(self.mean), seconds, per_second=-1.0))

    def of_deviation(self, seconds: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return bias and variance of the logarithm of the deviation of stretches. Each of shape (signal,)."""
        beyond = np.minimum(self.longest / np.maximum(seconds, 1e-9), 1.0)
        bias = self._at(self.bias, seconds, per_second=0.0) * beyond
        return bias, np.exp(self._at(np.log(self.variance), seconds, per_second=-1.0))

    @property
    def longest(self) -> float:
        """The longest length looked at, seconds."""
        return float(2.0 ** self.exponents[-1])

    def _at(
        self, values: NDArray[np.float64], seconds: NDArray[np.float64], *, per_second: float
    ) -> NDArray[np.float64]:
        """Interpolate over log2 of the length; beyond the ends go on with a power of the length; infinite at 0 s."""
        place = np.log2(np.maximum(seconds, 1e-9))
        inside = np.array(
            [np.interp(where, self.exponents, column) for where, column in zip(place, values.T, strict=True)]
        )
        outside = np.maximum(place - self.exponents[-1], 0.0) * np.log(2.0) * per_second
        if per_second:
            outside = np.where(seconds > 0, outside, np.inf)
        return np.asarray(inside + outside, np.float64)


def pool_spans(blocks: Sequence[Blocks]) -> Spans | None:
    """Average over machines; None where no history was long enough.

    The variance of a mean falls with the length of the stretch, so an estimate that rises again is held down.
    """
    exponents = np.unique(np.concatenate([each.exponents for each in blocks])) if blocks else np.array([])
    if not exponents.size:
        return None

    def pooled(name: str) -> NDArray[np.float64]:
        found = [
            np.concatenate([getattr(each, name)[each.exponents == exponent] for each in blocks])
            for exponent in exponents
        ]
        return np.array([_mean(each) for each in found])

    mean = _filled(pooled("mean"), 1.0)
    variance = _filled(pooled("variance"), 1.0)
    return Spans(
        exponents.astype(np.float64),
        np.clip(np.minimum.accumulate(mean, axis=0), _LEAST_SHARE, 1.0),
        np.minimum(_filled(pooled("bias"), 0.0), 0.0),
        np.clip(np.minimum.accumulate(variance, axis=0), _LEAST_SHARE, None),
    )


def _filled(values: NDArray[np.float64], otherwise: float) -> NDArray[np.float64]:
    """Take for a length that says nothing what the next longer one that does says, else `otherwise`."""
    filled, last = values.copy(), np.full(values.shape[1], otherwise)
    for place in range(len(values) - 1, -1, -1):
        last = np.where(np.isnan(values[place]), last, values[place])
        filled[place] = last
    return filled


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of what is known along the first axis, NaN where nothing is."""
    known = (~np.isnan(values)).sum(axis=0)
    return np.asarray(np.nansum(values, axis=0) / np.where(known > 0, known, np.nan), np.float64)
