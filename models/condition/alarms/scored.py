"""Scores of one asset over a stretch of time, and the alarms that come of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.conditions import ConditionVerdict
from models.condition.alarms.lifecycle import AlarmLife, LifeCycleRule, Observation, Transition

_HOLD = 5.0
"""A row speaks for the time up to the next one, but for no more than so many usual intervals: a gap is not watched."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows of one asset in time order.

    Attributes:
        asset: Which; stretches of one asset are one unit.
        seconds: Times, ascending. Shape (row,).
        scores: NaN where not known. Shape (row,).
        verdicts: What is to blame, for each row; None where nobody says: then it cannot be told.
        leads: The signal with most part in the score, for each row; None where nobody says.
        planned: Why no alarm may be raised, for each row (None: one may); None where nothing was planned.
    """

    asset: str
    seconds: NDArray[np.float64]
    scores: NDArray[np.float64]
    verdicts: tuple[ConditionVerdict, ...] | None = None
    leads: tuple[str | None, ...] | None = None
    planned: tuple[str | None, ...] | None = None

    @property
    def known_scores(self) -> NDArray[np.float64]:
        """Scores as they count for the machine; NaN where a row says nothing of it. Shape (row,)."""
        if self.verdicts is None:
            return self.scores
        return np.array([self.observation(row).known_score for row in range(len(self.scores))], np.float64)

    @property
    def last_known(self) -> float:
        """Time of the last row with a score that counts; the first row's without one, 0 without rows."""
        known = np.flatnonzero(~np.isnan(self.known_scores))
        return float(self.seconds[known[-1] if known.size else 0]) if len(self.seconds) else 0.0

    def observation(self, row: int) -> Observation:
        """Return one row."""
        return Observation(
            float(self.seconds[row]),
            float(self.scores[row]),
            ConditionVerdict.UNDETERMINED if self.verdicts is None else self.verdicts[row],
            None if self.leads is None else self.leads[row],
            None if self.planned is None else self.planned[row],
        )

    def watched_seconds(self) -> NDArray[np.float64]:
        """Return for how long each row watches the machine, with alarms that may be raised. Shape (row,).

        That is up to the next row, though not across a gap; nothing where a row says nothing of the
        machine (no score, or a verdict under which no alarm can be raised) or work was planned.
        """
        if len(self.seconds) < 2:
            return np.zeros(len(self.seconds))
        between = np.diff(self.seconds)
        watched = np.append(np.minimum(between, _HOLD * float(np.median(between))), 0.0)
        watched[np.isnan(self.known_scores)] = 0.0
        if self.planned is not None:
            watched[[reason is not None for reason in self.planned]] = 0.0
        return watched

    def transitions(self, rule: LifeCycleRule, *, is_acknowledged: bool = False) -> Iterator[Transition]:
        """Yield what is told of the asset's alarms, as taking one row after the other tells it.

        Rows that cannot change anything are passed over: those at or below the threshold while there is no alarm.

        Args:
            rule: How alarms live; sight is lost in gaps that are longer than its silence, as the annunciator has it.
            is_acknowledged: Whether somebody acknowledges every alarm when it is raised; that is not told.
        """
        active = np.flatnonzero(self.scores > rule.alarm.threshold)
        life, row = AlarmLife(), 0
        while row < len(self.seconds):
            if life.is_at_rest:
                following = int(np.searchsorted(active, row))
                if following == len(active):
                    return
                row = int(active[following])
            elif row and (due := float(self.seconds[row - 1]) + rule.silence) < self.seconds[row]:
                life, told = life.raised_now(due, rule)
                yield from told
                life = _answered(life.unseen()) if is_acknowledged else life.unseen()
            life, told = life.after(self.observation(row), rule)
            yield from told
            life, row = _answered(life) if is_acknowledged else life, row + 1


def _answered(life: AlarmLife) -> AlarmLife:
    return life.acknowledged(0.0, "")[0]
