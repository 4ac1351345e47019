"""What a replay of alarms found."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from features.domain.alarms import Told
from models.condition.alarms.annunciator import PathNotice
from models.condition.alarms.budget import AlarmRate, FittedThreshold
from pipelines.alarms.order import ReplayOrder


@dataclass(frozen=True, slots=True)
class ReplayedAlarm:
    """An alarm that would have been raised.

    Attributes:
        raised: Seconds since EPOCH.
        returned: When it returned to normal; None if it still stood at the end.
        cause: What state detection blames.
        lead: The signal with most part in the score when it was raised; None where nobody says.
        ended_by: The event that ended it, if one did.
        is_healthy: Whether the machine was known to be healthy: then it was a false alarm.
        times: How often it stood.
    """

    asset: str
    gateway: str
    raised: float
    returned: float | None
    cause: str
    lead: str | None
    score: float
    ended_by: str | None
    is_healthy: bool
    times: int


@dataclass(frozen=True, slots=True)
class Held:
    """An alarm that planned work held back."""

    asset: str
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Failures in the part that is counted.

    Attributes:
        failures: Of lives whose last stretch was scored.
        warned: Of them, those at which an alarm stood, or had been raised within the margin before.
        lead: Median seconds from the first such alarm to the failure; None without one.
    """

    failures: int
    warned: int
    lead: float | None


@dataclass(frozen=True, slots=True)
class AlarmReplay:
    """What would have been raised.

    Attributes:
        fitted: The threshold and how it was found.
        threshold: That was replayed; None where there is none, and then nothing was.
        healthy: Alarms of machines known to be healthy, in the part that is counted.
        all: Alarms of all machines in that part, whatever became of them.
        unscored: Lives too short to learn what is normal.
    """

    order: ReplayOrder
    split_at: float | None
    fitted: FittedThreshold
    threshold: float | None
    healthy: AlarmRate | None
    all: AlarmRate | None
    alarms: tuple[ReplayedAlarm, ...]
    notices: tuple[PathNotice, ...]
    held: tuple[Held, ...]
    foreseen: Foreseen
    lives: int
    unscored: int

    @property
    def is_kept(self) -> bool | None:
        """Whether healthy machines raised no more than the budget in the part that is counted; None if unknown."""
        if self.healthy is None or not self.healthy.machine_weeks:
            return None
        return self.healthy.per_100_machine_weeks <= self._borne

    @property
    def is_broken(self) -> bool | None:
        """Whether that they raised more is no accident: later weeks, or machines, are unlike those that set it."""
        return None if self.is_kept is None or self.healthy is None else self.healthy.low > self._borne

    @property
    def _borne(self) -> float:
        return self.order.budget.per_100_machine_weeks

    @property
    def by_cause(self) -> dict[str, int]:
        """Alarms by cause and leading signal, most first."""
        named = Counter(each.cause if each.lead is None else f"{each.cause}: {each.lead}" for each in self.alarms)
        return dict(sorted(named.items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def by_asset(self) -> dict[str, int]:
        """Alarms by machine, most first."""
        return dict(sorted(Counter(a.asset for a in self.alarms).items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def raised_notices(self) -> tuple[PathNotice, ...]:
        """Notices of the data path that ask somebody to look."""
        return tuple(each for each in self.notices if each.told is Told.RAISED)

    def to_dict(self, moment: Callable[[float], str]) -> dict[str, object]:
        """Return the JSON form.

        Args:
            moment: Writes seconds since EPOCH as the data count them.
        """
        budget, fitted = self.order.budget, self.fitted
        return {
            "budget": budget.per_100_machine_weeks,
            "confidence": budget.confidence,
            "split": self.order.split.value,
            "split_at": None if self.split_at is None else moment(self.split_at),
            "threshold": self.threshold,
            "fitted": {"threshold": fitted.threshold, "reason": fitted.reason, **rate_document(fitted.rate)},
            "healthy": None if self.healthy is None else rate_document(self.healthy),
            "all": None if self.all is None else rate_document(self.all),
            "budget_kept": self.is_kept,
            "budget_broken_for_certain": self.is_broken,
            "by_cause": self.by_cause,
            "by_asset": self.by_asset,
            "alarms": [_alarm_document(each, moment) for each in self.alarms],
            "notices": [_notice_document(each, moment) for each in self.raised_notices],
            "held_back": [{"asset": e.asset, "at": moment(e.seconds), "reason": e.reason} for e in self.held],
            "failures": self.foreseen.failures,
            "failures_warned": self.foreseen.warned,
            "median_lead_days": None if self.foreseen.lead is None else 7.0 * self.foreseen.lead / budget.week,
            "lives": self.lives,
            "lives_too_short": self.unscored,
        }


def rate_document(rate: AlarmRate) -> dict[str, object]:
    """Return the JSON form of a rate; a bound that is not known is null."""
    return {
        "alarms": rate.alarms,
        "machines": rate.machines,
        "machine_weeks": rate.machine_weeks,
        "clusters": rate.clusters,
        "per_100_machine_weeks": rate.per_100_machine_weeks,
        "low": rate.low,
        "bound": rate.bound if rate.machine_weeks else None,
    }


def _alarm_document(alarm: ReplayedAlarm, moment: Callable[[float], str]) -> dict[str, object]:
    return {
        "asset": alarm.asset,
        "gateway": alarm.gateway,
        "raised": moment(alarm.raised),
        "returned": None if alarm.returned is None else moment(alarm.returned),
        "ended_by": alarm.ended_by,
        "cause": alarm.cause,
        "lead": alarm.lead,
        "score": alarm.score,
        "times": alarm.times,
        "machine_was_healthy": alarm.is_healthy,
    }


def _notice_document(notice: PathNotice, moment: Callable[[float], str]) -> dict[str, object]:
    return {
        "kind": notice.kind.value,
        "gateway": notice.gateway,
        "asset": notice.asset,
        "at": moment(notice.seconds),
        "standing": list(notice.standing),
    }
