"""When a deviation is an alarm, and when that alarm is over.

It begins where the score passes its threshold. It is over when the score is back below the threshold, or has fallen
below a share of its own peak: a machine whose fault was taken away cools down, runs empty or settles for a while, and
that is recovery and no fault. After that only a score that rises again begins another one.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """When to alarm.

    Attributes:
        threshold: Score above which a deviation is an alarm.
        release: Share of the peak below which the alarm is over, however far above the threshold that is: for rigs that
            cool down after a fault was taken away. 0 for the threshold alone, as the product's alarms have it.
        again: How many times the lowest score since then a score must reach to be another alarm.
        deadband: Share of the threshold by which a score must fall below it before the alarm is over (IEC 62682:
            deadband); 0 for the threshold itself.
    """

    threshold: float
    release: float = 0.5
    again: float = 1.5
    deadband: float = 0.0

    @property
    def reset(self) -> float:
        """Score at which an alarm is over: the threshold less its deadband."""
        return self.threshold * (1.0 - self.deadband)


@dataclass(frozen=True, slots=True)
class AlarmState:
    """What the rule remembers.

    Attributes:
        is_on: Whether there is an alarm.
        peak: Highest score of the alarm that lasts.
        lowest: Lowest score since an alarm ended above the threshold; infinite once the score was below it.
    """

    is_on: bool = False
    peak: float = 0.0
    lowest: float = math.inf

    def after(self, score: float, rule: AlarmRule) -> "AlarmState":
        """Return the state after a score; a score that is not known changes nothing.

        Examples:
            >>> state, rule = AlarmState(), AlarmRule(1.0)
            >>> told = []
            >>> for score in (0.5, 4.0, 3.0, 1.9, 1.5, 1.8, 2.4, 0.9):
            ...     state = state.after(score, rule)
            ...     told.append(state.is_on)
            >>> told
            [False, True, True, False, False, False, True, False]
        """
        if math.isnan(score):
            return self
        if self.is_on:
            peak = max(self.peak, score)
            if score > rule.reset and score >= rule.release * peak:
                return AlarmState(True, peak)
            return AlarmState(lowest=score if score > rule.threshold else math.inf)
        if score <= rule.threshold:
            return AlarmState()
        if math.isinf(self.lowest) or score > rule.again * self.lowest:
            return AlarmState(True, score)
        return AlarmState(lowest=min(self.lowest, score))


def alarms(scores: NDArray[np.float64], rule: AlarmRule) -> NDArray[np.bool_]:
    """Return for every score whether there is an alarm, from the first on. Shape (row,)."""
    state, found = AlarmState(), np.empty(len(scores), np.bool_)
    for place, score in enumerate(scores.tolist()):
        state = state.after(score, rule)
        found[place] = state.is_on
    return found
