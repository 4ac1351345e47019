"""The rules made ready to compute with: columns and arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.quality.rules import QualityParameters, QualityRules
from features.quality.state import FloatArray, IntArray

_SMALLEST_LEVEL = 0.005


@dataclass(frozen=True, slots=True)
class Plan:
    """Rules as arrays.

    Attributes:
        low: Lowest plausible value. Shape (signal,).
        high: Highest plausible value. Shape (signal,).
        is_measured: Shape (signal,).
        grows: Whether the noise of a signal grows with its level: it never goes below 0. Shape (signal,).
        least_level: Level below which the noise shrinks no further. Shape (signal,).
        floor: Smallest deviation that can matter, in the signal's unit. Shape (signal,).
        factors: Of each conversion, NaN where there is none. Shape (conversion, signal).
        offsets: Likewise. Shape (conversion, signal).
        firsts: First signal of each swappable pair. Shape (pair,).
        seconds: Second signal. Shape (pair,).
        members: Which signals belong to which pair. Shape (pair, signal).
        coefficients: Weights of the fingerprint of a row. Shape (signal,).
    """

    rules: QualityRules
    parameters: QualityParameters
    low: FloatArray
    high: FloatArray
    is_measured: NDArray[np.bool_]
    grows: NDArray[np.bool_]
    least_level: FloatArray
    floor: FloatArray
    factors: FloatArray
    offsets: FloatArray
    firsts: IntArray
    seconds: IntArray
    members: NDArray[np.bool_]
    coefficients: FloatArray

    @staticmethod
    def of(rules: QualityRules) -> "Plan":
        """Prepare the rules."""
        low = np.array([signal.low for signal in rules.signals])
        high = np.array([signal.high for signal in rules.signals])
        most = max((len(signal.conversions) for signal in rules.signals), default=0)
        factors = np.full((most, len(rules.signals)), np.nan)
        offsets = np.full_like(factors, np.nan)
        for place, signal in enumerate(rules.signals):
            for row, conversion in enumerate(signal.conversions):
                factors[row, place], offsets[row, place] = conversion.factor, conversion.offset
        pairs = np.array(rules.swappable, np.int64).reshape(-1, 2)
        return Plan(
            rules=rules,
            parameters=rules.parameters,
            low=low,
            high=high,
            is_measured=np.array([signal.is_measured for signal in rules.signals], np.bool_),
            grows=low >= 0.0,
            least_level=_SMALLEST_LEVEL * (high - low),
            floor=rules.parameters.floor * (high - low),
            factors=factors,
            offsets=offsets,
            firsts=pairs[:, 0].copy(),
            seconds=pairs[:, 1].copy(),
            members=_members(pairs, len(low)),
            coefficients=np.sqrt(np.arange(2.0, len(low) + 2.0)),  # irrational, so that sums hardly ever agree
        )

    def of_signals(self, pairs: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which signals belong to a pair that is marked. Shapes (asset, pair) and (asset, signal)."""
        return np.asarray((pairs[:, :, None] & self.members).any(1))

    def sizes(self, level: FloatArray) -> FloatArray:
        """Return what deviations are divided by: the level where noise grows with it, else 1. Shape of `level`."""
        return np.where(self.grows, np.maximum(np.abs(level), self.least_level), 1.0)


def _members(pairs: IntArray, signals: int) -> NDArray[np.bool_]:
    places = np.arange(signals)
    return np.asarray((pairs[:, :1] == places) | (pairs[:, 1:] == places))
