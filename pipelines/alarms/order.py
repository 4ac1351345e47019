"""What a replay of alarms was asked for."""

from dataclasses import dataclass, field
from enum import StrEnum

from features.domain.packs import LifeSource, Pack
from models.condition.alarms.alarm import AlarmRule
from models.condition.alarms.budget import AlarmBudget
from models.condition.alarms.lifecycle import WEEK, LifeCycleRule
from pipelines.alarms.healthy import margin_seconds
from pipelines.errors import InvalidAlarmOrder

DEADBAND = 0.1
RULE = AlarmRule(1.0, release=0.0, deadband=DEADBAND)
"""When machines deviate. What stands far above the threshold stands, even if it stood higher before."""
_DAY, _MINUTE = 86_400.0, 60.0
_LEARNT_DAYS, _PLANNED_DAYS = 14.0, 1.0


class Split(StrEnum):
    """What sets the threshold, and what is counted."""

    TIME = "time"
    MACHINES = "machines"


@dataclass(frozen=True, slots=True)
class ReplayOrder:
    """How to replay.

    Attributes:
        budget: What is borne.
        life: How alarms live; its threshold is not looked at.
        split: `time`: the first part of the time sets the threshold, the later part is counted. `machines`: some
            machines set it, the others are counted.
        share: Part that sets the threshold.
        margin: Seconds before the end of a life of which nobody knows whether the machine was healthy.
        learn: Seconds at the beginning of a life that teach what is normal.
        planned: Seconds that planned work takes from its event on.
        silence: Seconds without a row before silence is told; None for six usual intervals.
        threshold: To replay with instead of the fitted one; None for that one.
    """

    budget: AlarmBudget
    margin: float
    life: LifeCycleRule = field(default_factory=lambda: LifeCycleRule(RULE))
    split: Split = Split.TIME
    share: float = 0.5
    learn: float = _LEARNT_DAYS * _DAY
    planned: float = _PLANNED_DAYS * _DAY
    silence: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for on a command line; None where the pack or the data say it.

    Attributes:
        budget: Alarms per 100 machines and week.
        margin_days: Before the end of a life.
        on_delay: Minutes.
        off_delay: Minutes.
        week: Life that passes in a week, where life is a bare count: days and minutes are then parts of it.
    """

    budget: float | None
    confidence: float
    split: Split | None
    margin_days: float | None
    on_delay: float
    off_delay: float
    week: float | None
    threshold: float | None

    def order(self, pack: Pack) -> ReplayOrder:
        """Return the order for machines of a type.

        Raises:
            InvalidAlarmOrder: If life is a bare count and nobody says how much of it passes in a week, or the other
                way round.
        """
        is_count = pack.life.source is LifeSource.COUNT
        if is_count != (self.week is not None):
            raise InvalidAlarmOrder(
                f"A week must be known: pack {pack.id} counts life in {pack.life.unit}"
                + (
                    f" and has no dates. Say with --week how many {pack.life.unit} pass in a week."
                    if is_count
                    else " and has dates. Leave --week out."
                )
            )
        week = self.week or WEEK
        day, minute = week / 7.0, week / 7.0 * _MINUTE / _DAY
        return ReplayOrder(
            AlarmBudget(self.budget or pack.alarm_budget, self.confidence, week),
            margin_seconds(pack) if self.margin_days is None else self.margin_days * day,
            LifeCycleRule(RULE, on_delay=self.on_delay * minute, off_delay=self.off_delay * minute, again=week),
            self.split or (Split.MACHINES if is_count else Split.TIME),
            learn=_LEARNT_DAYS * day,
            planned=_PLANNED_DAYS * day,
            threshold=self.threshold,
        )
