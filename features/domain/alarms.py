"""Alarms as people work with them, in the terms of IEC 62682, and notices of the data path.

An alarm is made of what was told of it, one entry after the other; entries are never changed. `Alarm.after` says what
an entry makes of it, so that the list of alarms and their history cannot disagree.
"""

import hashlib
import math
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from features.domain.conditions import ConditionVerdict
from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import microseconds

MOVED = "moved to another gateway"
"""Why an alarm ended whose machine stands behind another gateway now: if it still deviates, it is raised there."""


class Stage(StrEnum):
    """Where an alarm stands (IEC 62682:2022, alarm state transition diagram)."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    LATCHED = "latched"

    @property
    def stands(self) -> bool:
        """Whether the alarm is active: the condition has not returned to normal."""
        return self in (Stage.UNACKNOWLEDGED, Stage.ACKNOWLEDGED)

    @property
    def waits(self) -> bool:
        """Whether it waits for somebody to acknowledge it."""
        return self in (Stage.UNACKNOWLEDGED, Stage.RETURNED, Stage.LATCHED)


class Told(StrEnum):
    """What can become of an alarm. `raised` and `worsened` ask for attention; the others are for the record."""

    RAISED = "raised"
    AGAIN = "again"
    WORSENED = "worsened"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    SUPPRESSED = "suppressed"

    @property
    def is_alarm(self) -> bool:
        """Whether it counts against the alarm budget."""
        return self in (Told.RAISED, Told.WORSENED)

    @property
    def stands(self) -> bool:
        """Whether the alarm stands with it."""
        return self in (Told.RAISED, Told.AGAIN, Told.WORSENED)


class NoticeKind(StrEnum):
    """What a notice of the data path is about."""

    GATEWAY_SILENT = "gateway_silent"
    MACHINE_SILENT = "machine_silent"
    DATA_PATH = "data_path"


@dataclass(frozen=True, slots=True)
class AlarmEntry:
    """One thing that was told of the alarm of a machine.

    Attributes:
        at: When it was so, by the machine's rows; of an acknowledgement, when somebody gave it.
        cause: What state detection blames.
        lead: The signal with most part in the score; None where nobody says.
        score: How far the machine strayed; None where it is not known.
        reason: Why it was suppressed, who acknowledged it, or what ended it; None otherwise.
        comment: What whoever acknowledged it had to say.
    """

    asset: AssetId
    at: datetime
    told: Told
    cause: ConditionVerdict
    lead: str | None = None
    score: float | None = None
    reason: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """That somebody has seen an alarm.

    Attributes:
        at: When.
        by: Who, as they call themselves.
    """

    at: datetime
    by: str
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of one machine, as it is now.

    Attributes:
        id: The same for whoever raises it of the same machine and moment.
        gateway: Behind which the machine stands.
        lead: The signal with most part in the score when it was last told.
        score: How far the machine strayed then; None where it is not known.
        threshold: Score above which a deviation was one then.
        model: What judged: the SHA-256 of a bundle, or another name that does not change.
        raised_at: When it was raised.
        stood_since: Since when it stands, or stood last.
        changed_at: When something was last told of it, acknowledgements left out.
        returned_at: When it returned to normal; None while it stands.
        times: How often it stood.
        acknowledged: Who has seen it; None if nobody has since it was last told.
    """

    tenant: TenantId
    id: str
    asset: AssetId
    pack: str
    gateway: str
    stage: Stage
    cause: ConditionVerdict
    lead: str | None
    score: float | None
    threshold: float
    model: str
    raised_at: datetime
    stood_since: datetime
    changed_at: datetime
    returned_at: datetime | None = None
    times: int = 1
    acknowledged: Acknowledged | None = None

    @property
    def over(self) -> float | None:
        """How many times the threshold the score was when it was last told."""
        return None if self.score is None or self.threshold <= 0 else self.score / self.threshold

    def after(self, entry: AlarmEntry) -> "Alarm":
        """Return the alarm after something was told of it.

        Raises:
            InvalidValue: If it is the alarm of another machine.
        """
        if entry.asset != self.asset:
            raise InvalidValue("asset", must=f"be {self.asset}", found=entry.asset, remedy="Tell it of its own alarm.")
        match entry.told:
            case Told.AGAIN:
                return replace(self._told(entry), stood_since=entry.at, returned_at=None, times=self.times + 1)
            case Told.WORSENED:
                return self._told(entry)
            case Told.RETURNED:
                is_over = self.stage is Stage.ACKNOWLEDGED or entry.reason is not None
                stage = Stage.NORMAL if is_over else Stage.RETURNED
                return replace(self, stage=stage, returned_at=entry.at, changed_at=entry.at)
            case Told.ACKNOWLEDGED:
                stage = Stage.ACKNOWLEDGED if self.stage.stands else Stage.NORMAL
                seen = Acknowledged(entry.at, entry.reason or "", entry.comment)
                return replace(self, stage=stage, acknowledged=seen)
            case Told.RAISED | Told.SUPPRESSED:
                return self

    def _told(self, entry: AlarmEntry) -> "Alarm":
        return replace(
            self,
            stage=Stage.UNACKNOWLEDGED,
            cause=entry.cause,
            lead=entry.lead,
            score=entry.score,
            changed_at=entry.at,
            acknowledged=None,
        )


@dataclass(frozen=True, slots=True)
class DataPathNotice:
    """Something wrong with the way of the data; no alarm of a machine.

    Attributes:
        pack: The type of the machines behind the gateway.
        raised_at: When it was due.
        returned_at: When data came again; None while it lasts.
        asset: The machine, where it is one alone.
        standing: Machines behind the gateway whose alarms stand and cannot be followed meanwhile.
    """

    tenant: TenantId
    pack: str
    gateway: str
    kind: NoticeKind
    raised_at: datetime
    returned_at: datetime | None = None
    asset: AssetId | None = None
    standing: tuple[AssetId, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptThreshold:
    """The threshold of a model's scores that keeps a budget of alarms.

    Attributes:
        model: Whose scores: the SHA-256 of a bundle.
        budget: Alarms per 100 machines and week that are borne.
        confidence: With which the budget is promised.
        bound: Upper bound of the rate on healthy machines, alarms per 100 machines and week.
        machine_weeks: That were watched.
        fitted_at: When.

    Raises:
        InvalidValue: If the threshold is no positive number.
    """

    tenant: TenantId
    pack: str
    model: str
    threshold: float
    budget: float
    confidence: float
    bound: float
    machine_weeks: float
    fitted_at: datetime

    def __post_init__(self) -> None:
        """Check the threshold."""
        if not (math.isfinite(self.threshold) and self.threshold > 0):
            raise InvalidValue("threshold", must="be a positive number", found=self.threshold, remedy="Fit it anew.")


def alarm_id(tenant: TenantId, asset: AssetId, raised_at: datetime) -> str:
    """Return the identity of the alarm of a machine that was raised at a moment; whoever raises it, it is the same."""
    named = f"{tenant}\n{asset}\n{microseconds(raised_at)}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]
