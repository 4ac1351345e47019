"""Scores that chatter at the threshold, in many ways, for days: how many alarms does one machine raise in an hour?

Somebody acknowledges every alarm at once, so that the list of alarms that nobody acknowledged hides none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.condition.alarms.alarm import AlarmRule
from models.condition.alarms.lifecycle import HOUR, AlarmLife, LifeCycleRule, Observation

RULE = LifeCycleRule(AlarmRule(2.0, release=0.0, deadband=0.1))
_ROWS = 3 * 24 * 60
_MINUTE = 60.0
_PERIODS = (2, 7, 22, 45, 59, 61, 75, 119, 121, 180)


@dataclass(frozen=True, slots=True)
class ChatterFigures:
    """What chattering came to.

    Attributes:
        signals: Tried, each for three days, with and without on-delay.
        alarms: Raised by all of them.
        most_in_an_hour: Of any one of them in any hour.
    """

    signals: int
    alarms: int
    most_in_an_hour: int

    @property
    def is_right(self) -> bool:
        """Whether no signal raised more than one alarm an hour, although alarms were raised."""
        return self.alarms > 0 and self.most_in_an_hour <= 1

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {**{name: getattr(self, name) for name in ChatterFigures.__slots__}, "is_right": self.is_right}


def chatter(rule: LifeCycleRule = RULE, seed: int = 0) -> ChatterFigures:
    """Let scores chatter and count alarms."""
    found = [
        _raised(scores, each)
        for scores in _signals(rule.alarm.threshold, np.random.default_rng(seed))
        for each in (rule, replace(rule, on_delay=0.0))
    ]
    return ChatterFigures(len(found), sum(map(len, found)), max(map(_most_in_an_hour, found)))


def _raised(scores: NDArray[np.float64], rule: LifeCycleRule) -> NDArray[np.float64]:
    """Return when alarms were raised, seconds. Shape (alarm,)."""
    life, found = AlarmLife(), list[float]()
    for minute, score in enumerate(scores.tolist()):
        life, told = life.after(Observation(_MINUTE * minute, score), rule)
        found += [each.seconds for each in told if each.told.is_alarm]
        life, _ = life.acknowledged(_MINUTE * minute, "somebody")
    return np.array(found, np.float64)


def _most_in_an_hour(raised: NDArray[np.float64]) -> int:
    if not len(raised):
        return 0
    return int((np.arange(len(raised)) - np.searchsorted(raised, raised - HOUR, side="right")).max()) + 1


def _signals(threshold: float, generator: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """Yield scores: noise about the threshold, squares of many periods, a random telegraph, a slow wave with noise."""
    minutes = np.arange(_ROWS)
    for spread in (0.02, 0.2, 1.0):
        yield threshold + spread * generator.standard_normal(_ROWS)
    for period in _PERIODS:
        yield np.where(minutes % period < period / 2, 1.2, 0.5) * threshold
    for stay in (5.0, 30.0, 90.0):
        yield np.where(_telegraph(generator, stay), 1.2, 0.5) * threshold
    yield threshold * (1.0 + 0.3 * np.sin(2.0 * np.pi * minutes / 90.0)) + 0.3 * generator.standard_normal(_ROWS)


def _telegraph(generator: np.random.Generator, stay: float) -> NDArray[np.bool_]:
    """Return a state that changes at random, on average after so many minutes. Shape (row,)."""
    return np.asarray(np.cumsum(generator.random(_ROWS) < 1.0 / stay) % 2 == 0, np.bool_)
