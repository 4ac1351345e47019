"""What a machine's signals show while it is healthy, and how far a reading strays from that. No labels are needed.

Each signal is scored against the machine's own healthy history: its z-score is smoothed over some samples, and set
against how much the smoothed z-score wandered while the machine was healthy. A short history has not seen how far a
healthy signal drifts later (a casing that warms up, a tank that fills): what other healthy machines of the type
showed, `strays`, allows for it. The score is a power mean over signals, so that one signal far off and many a little
off both count, in units of what is usual for this machine.

The score of a row depends on the rows before it, their times, and nothing else: not on its number, not on other
machines, not on what comes later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.condition.history import History, Level
from models.condition.smoothing import Smoothed, smooth
from models.condition.straying import later_strays, power_mean


@dataclass(frozen=True, slots=True)
class NormalSettings:
    """How normal behaviour is learnt.

    Attributes:
        smoothing: Time constant of smoothing, in median intervals between rows.
        settling: Rows at the beginning that smoothing takes to settle; nothing is learnt from them.
        power: Of the mean over signals: 1 counts all alike, more of it the one that is farthest off.
        usual: Share of a healthy machine's own rows whose score is at most 1.
    """

    smoothing: float = 10.0
    settling: int = 50
    power: float = 4.0
    usual: float = 0.9


@dataclass(frozen=True, slots=True)
class Condition:
    """How far one row strays.

    Attributes:
        score: 1 is about the most that is usual; NaN where no signal is known.
        shares: What each signal has in the score; they add up to 1, NaN for a signal that is not known. Shape
            (signal,).
    """

    score: float
    shares: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NormalBehaviour:
    """What is normal for one machine. Arrays have shape (signal,).

    Attributes:
        level: Mean and standard deviation of readings.
        offset: Mean of the smoothed z-score.
        spread: Standard deviation of the smoothed z-score, times how much farther healthy machines stray later.
        time_constant: Of smoothing, seconds.
        power: Of the mean over signals.
        usual: Score, before it is divided by this, that is at most usual.
        seen: Rows that this was learnt from.
    """

    level: Level
    offset: NDArray[np.float64]
    spread: NDArray[np.float64]
    time_constant: float
    power: float
    usual: float
    seen: int

    def start(self) -> Smoothed:
        """Return the state before the first row."""
        return Smoothed.start(len(self.offset))

    def step(self, state: Smoothed, seconds: float, row: NDArray[np.float64]) -> tuple[Smoothed, Condition]:
        """Take one row.

        Args:
            state: After the row before it.
            seconds: Time of the row.
            row: NaN where not measured. Shape (signal,).

        Returns:
            The next state, and how far the row strays.
        """
        state = state.after(self.level.z_scores(row), seconds, self.time_constant)
        far = np.abs(state.values - self.offset) / self.spread
        return state, Condition(power_mean(far, self.power) / self.usual, _shares(far**self.power))

    def scores(self, history: History) -> NDArray[np.float64]:
        """Return the score of every row, from the first on. Shape (row,)."""
        state, found = self.start(), np.empty(len(history))
        for place, (seconds, row) in enumerate(zip(history.seconds.tolist(), history.readings, strict=True)):
            state, condition = self.step(state, seconds, row)
            found[place] = condition.score
        return found


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each signal's share of the sum of those known, alike where all are 0. Shape (signal,)."""
    total = float(np.nansum(weights))
    known = ~np.isnan(weights)
    return weights / total if total > 0 else np.where(known, 1.0 / max(int(known.sum()), 1), np.nan)


def learn_normal(
    history: History,
    strays: NDArray[np.float64] | None = None,
    settings: NormalSettings = NormalSettings(),  # frozen
) -> NormalBehaviour:
    """Learn what is normal from a healthy history.

    Args:
        history: Of one healthy machine.
        strays: How much farther the smoothed z-scores of healthy machines stray later than in a first history like
            this one (`learn_strays`); None for no farther. Shape (signal,).
        settings: How to learn.

    Raises:
        HistoryTooShort: If too few rows are left after smoothing has settled.
    """
    history.require(2 * settings.settling)
    level = Level.of(history)
    time_constant = settings.smoothing * history.interval()
    smoothed = smooth(history, level, time_constant)[settings.settling :]
    wander = Level.of_values(smoothed, still=1.0)
    spread = wander.scale * (1.0 if strays is None else strays)
    plain = NormalBehaviour(level, wander.center, spread, time_constant, settings.power, 1.0, len(history))
    usual = float(np.nanquantile(plain.scores(history)[settings.settling :], settings.usual))
    return replace(plain, usual=usual)


def learn_strays(
    histories: Sequence[History],
    first: int,
    settings: NormalSettings = NormalSettings(),  # frozen
) -> NDArray[np.float64]:
    """Learn how much farther healthy machines stray later than in their first rows.

    Args:
        histories: Of healthy machines of one type, each longer than its first rows.
        first: Rows that what is normal is learnt from.
        settings: How to learn.

    Returns:
        For each signal the median over machines of the root mean square of its later smoothed z-score, in standard
        deviations of its first ones; at least 1. Shape (signal,).

    Raises:
        HistoryTooShort: If there is no machine, or one has too few rows.
    """

    def straying(history: History) -> NDArray[np.float64]:
        normal = learn_normal(history.part(slice(None, first)), settings=settings)
        return (smooth(history, normal.level, normal.time_constant) - normal.offset) / normal.spread

    return later_strays(histories, first, straying)
