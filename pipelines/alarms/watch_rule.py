"""How the machines of a pack are watched while they run: the same rules as the replay, by the pack's own intervals."""

import math
from dataclasses import dataclass

from features.domain.packs import LifeSource, Pack
from models.condition.alarms.annunciator import AnnunciatorRule
from models.condition.alarms.lifecycle import HOUR, LifeCycleRule
from pipelines.alarms.order import RULE

INTERVALS = 6.0
"""So many usual intervals without a row are a silence, where the pack says how long they are."""
UNFITTED = 1.0
"""Threshold where none was fitted: about the most that is usual for a healthy machine."""
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class WatchRule:
    """How machines are watched.

    Attributes:
        annunciator: How alarms live; its threshold is not looked at.
        planned: Seconds that planned work takes from its event on.
        tells_silence: Whether time goes by while nothing comes; a bare count of life says nothing of it.
    """

    annunciator: AnnunciatorRule
    planned: float
    tells_silence: bool

    @staticmethod
    def of(pack: Pack) -> "WatchRule":
        """Return the rule for the machines of a pack.

        A bare count of life has neither minutes nor weeks: a deviation is an alarm at once, must be over for six
        counts, and stays on the list until somebody acknowledges it. Where no signal says how often it is read, nothing
        is a silence that lasts no longer than a forecast holds.
        """
        if pack.life.source is LifeSource.COUNT:
            life = LifeCycleRule(RULE, on_delay=0.0, off_delay=INTERVALS, again=math.inf)
            return WatchRule(AnnunciatorRule(life, math.inf), 0.0, tells_silence=False)
        known = [signal.sampling_seconds for signal in pack.signals if signal.sampling_seconds is not None]
        usual = INTERVALS * max(known) if known else pack.valid_for * pack.life.seconds_per_unit
        silence = max(HOUR, usual)
        return WatchRule(AnnunciatorRule(LifeCycleRule(RULE, silence=silence), silence), _DAY, tells_silence=True)

    def at(self, threshold: float) -> AnnunciatorRule:
        """Return how machines are watched at a threshold."""
        return AnnunciatorRule(self.annunciator.life.at(threshold), self.annunciator.silence)
