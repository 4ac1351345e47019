"""Adaptive conformal inference: intervals that follow a stream whose errors change.

Source: Gibbs & Candès 2021, "Adaptive conformal inference under distribution shift", NeurIPS 34. After each outcome the
miss rate that intervals are made for moves by rate × (target - missed): too many misses make it smaller, and so
intervals wider. Nothing is assumed of the stream; the promise is about the long run of one stream, not about a single
forecast: over n outcomes the share of misses differs from the target by at most (max(start, 1 - start) + rate) /
(rate × n).

Remaining life is known late. Outcomes are taken in the order in which they become known, and a forecast uses the level
of the moment at which it is made; the promise is about the outcomes as they are taken.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.errors import InvalidValue
from models.calibration.split import conformal_threshold


@dataclass(frozen=True, slots=True)
class AdaptiveLevel:
    """The miss rate that intervals are made for at a moment. It may leave 0..1 by at most one step.

    Attributes:
        target: Miss rate aimed at, between 0 and 1.
        rate: Step of learning, above 0; the paper's figures use 0.005.
        level: The miss rate to make the next interval for.

    Raises:
        InvalidValue: If target or rate are outside their ranges.
    """

    target: float
    rate: float
    level: float

    def __post_init__(self) -> None:
        """Check target and rate."""
        for name, value, holds in (
            ("target", self.target, 0 < self.target < 1),
            ("rate", self.rate, 0 < self.rate < math.inf),
        ):
            if not holds:
                raise InvalidValue(name, must="be above 0, a target below 1", found=value, remedy="Choose another.")

    @staticmethod
    def start(target: float, rate: float) -> "AdaptiveLevel":
        """Begin at the target."""
        return AdaptiveLevel(target, rate, target)

    def after(self, missed: float, weight: float = 1.0) -> "AdaptiveLevel":
        """Return the level after an outcome.

        Args:
            missed: Whether it was missed; of several that become known as one, the share that was.
            weight: Of how many outcomes it tells, for itself and for others that stay hidden; so many steps are made.

        Examples:
            >>> AdaptiveLevel.start(0.1, 0.05).after(True).level
            0.055
        """
        return AdaptiveLevel(self.target, self.rate, self.level + weight * self.rate * (self.target - float(missed)))

    def threshold(self, scores: NDArray[np.float64]) -> float:
        """Return the threshold on scores: infinity at level 0 and below, minus infinity at 1 and above.

        Args:
            scores: What is held as calibration at this moment, larger is worse. Shape (batch,).
        """
        if self.level <= 0.0:
            return math.inf
        return -math.inf if self.level >= 1.0 else conformal_threshold(scores, self.level)


@dataclass(frozen=True, slots=True)
class AdaptiveRun:
    """What became of a stream.

    Attributes:
        levels: Level at which each outcome's interval was made. Shape (time,).
        thresholds: Threshold of each, infinite where everything was covered. Shape (time,).
        is_missed: Shape (time,).
        last: Level after the last outcome.
    """

    levels: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    is_missed: NDArray[np.bool_]
    last: AdaptiveLevel


def follow(stream: Iterable[float], held: NDArray[np.float64], start: AdaptiveLevel, window: int | None) -> AdaptiveRun:
    """Follow a stream of scores.

    Args:
        stream: Scores of outcomes in the order in which they became known.
        held: Scores known before. Shape (batch,).
        start: Level to begin with.
        window: How many of the newest scores are held as calibration; None to hold those known before and no other.

    Returns:
        One entry per outcome; none depends on what came after it.
    """
    level, known = start, held
    levels, thresholds, missed = [], [], []
    for score in stream:
        threshold = level.threshold(known)
        levels.append(level.level)
        thresholds.append(threshold)
        missed.append(score > threshold)
        level = level.after(missed[-1])
        if window is not None:
            known = np.append(known, score)[-window:]
    return AdaptiveRun(np.asarray(levels), np.asarray(thresholds), np.asarray(missed, np.bool_), level)


def long_run_bound(start: AdaptiveLevel, count: int) -> float:
    """Return the most by which the share of misses among `count` outcomes can differ from the target.

    Examples:
        >>> round(long_run_bound(AdaptiveLevel.start(0.1, 0.1), 1000), 3)
        0.01
    """
    return (max(start.level, 1.0 - start.level) + start.rate) / (start.rate * count)
