"""When a machine's state changes, whichever way: the recent past against the past before it.

Two smoothings of each z-score, a fast and a slow one, differ while a level moves and agree again once it stays. Their
difference is set against what it was while the machine was healthy; the score is a power mean over signals, as in
`models.condition.normal`. A fault that begins and one that is taken away are changes alike, and so is a new recipe.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.condition.history import History, Level
from models.condition.smoothing import Smoothed, smooth
from models.condition.straying import later_strays, power_mean


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """How changes are told.

    Attributes:
        fast: Time constant of the fast smoothing, in median intervals between rows.
        slow: Of the slow one.
        settling: Rows at the beginning from which nothing is learnt.
        power: Of the mean over signals.
    """

    fast: float = 3.0
    slow: float = 40.0
    settling: int = 50
    power: float = 2.0


@dataclass(frozen=True, slots=True)
class ChangeState:
    """Both smoothings."""

    fast: Smoothed
    slow: Smoothed


@dataclass(frozen=True, slots=True)
class ChangeDetector:
    """What is normal for the difference of both smoothings.

    Attributes:
        level: Mean and standard deviation of readings.
        spread: Standard deviation of the difference, times how much larger it is later in healthy machines. Shape
            (signal,).
        fast: Seconds.
        slow: Seconds.
        power: Of the mean over signals.
    """

    level: Level
    spread: NDArray[np.float64]
    fast: float
    slow: float
    power: float

    def start(self) -> ChangeState:
        """Return the state before the first row."""
        return ChangeState(Smoothed.start(len(self.spread)), Smoothed.start(len(self.spread)))

    def step(self, state: ChangeState, seconds: float, row: NDArray[np.float64]) -> tuple[ChangeState, float]:
        """Take one row.

        Args:
            state: After the row before it.
            seconds: Time of the row.
            row: NaN where not measured. Shape (signal,).

        Returns:
            The next state, and how much the state of the machine is changing; NaN where no signal is known.
        """
        score = self.level.z_scores(row)
        state = ChangeState(state.fast.after(score, seconds, self.fast), state.slow.after(score, seconds, self.slow))
        return state, power_mean(np.abs(state.fast.values - state.slow.values) / self.spread, self.power)

    def scores(self, history: History) -> NDArray[np.float64]:
        """Return the score of every row, from the first on. Shape (row,)."""
        state, found = self.start(), np.empty(len(history))
        for place, (seconds, row) in enumerate(zip(history.seconds.tolist(), history.readings, strict=True)):
            state, found[place] = self.step(state, seconds, row)
        return found


@dataclass(frozen=True, slots=True)
class Notice:
    """Which scores are told as changes: one each time that the threshold is passed, and none too soon after another.

    Attributes:
        threshold: Of the score.
        hold_seconds: So long after a change no other is told; one that begins meanwhile is told then, if it lasts.
    """

    threshold: float
    hold_seconds: float = 60.0

    def rows(self, history: History, scores: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the rows at which a change is told.

        Args:
            history: Tells the time of each row.
            scores: Shape (row,).
        """
        told: list[int] = []
        is_told = False
        for row in np.flatnonzero(~np.isnan(scores)).tolist():
            is_above = bool(scores[row] > self.threshold)
            is_free = not told or history.seconds[row] - history.seconds[told[-1]] >= self.hold_seconds
            if is_above and not is_told and is_free:
                told.append(row)
            is_told = is_above and (is_told or told[-1:] == [row])
        return np.array(told, np.int64)


def learn_change(
    history: History,
    strays: NDArray[np.float64] | None = None,
    settings: ChangeSettings = ChangeSettings(),  # frozen
) -> ChangeDetector:
    """Learn what differences are normal from a healthy history.

    Args:
        history: Of one healthy machine.
        strays: How much larger differences of healthy machines are later (`learn_change_strays`). Shape (signal,).
        settings: How to learn.

    Raises:
        HistoryTooShort: If too few rows are left after smoothing has settled.
    """
    history.require(2 * settings.settling)
    level, interval = Level.of(history), history.interval()
    fast, slow = settings.fast * interval, settings.slow * interval
    difference = (smooth(history, level, fast) - smooth(history, level, slow))[settings.settling :]
    spread = Level.of_values(difference, still=1.0).scale * (1.0 if strays is None else strays)
    return ChangeDetector(level, spread, fast, slow, settings.power)


def learn_change_strays(
    histories: Sequence[History],
    first: int,
    settings: ChangeSettings = ChangeSettings(),  # frozen
) -> NDArray[np.float64]:
    """Learn how much larger differences of healthy machines are later than in their first rows.

    Args:
        histories: Of healthy machines of one type, each longer than its first rows.
        first: Rows that what is normal is learnt from.
        settings: How to learn.

    Returns:
        The median over machines, at least 1. Shape (signal,).

    Raises:
        HistoryTooShort: If there is no machine, or one has too few rows.
    """

    def straying(history: History) -> NDArray[np.float64]:
        own = learn_change(history.part(slice(None, first)), settings=settings)
        return (smooth(history, own.level, own.fast) - smooth(history, own.level, own.slow)) / own.spread

    return later_strays(histories, first, straying)
