"""What became of a forecast: how long its machine went on after it was issued, and what ended that."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from features.domain.events import EventKind, LifeEpoch
from features.domain.identifiers import AssetId, TenantId


class Outcome(StrEnum):
    """How life answered. Only `failure` is a failure; every other answer is "at least so long"."""

    FAILURE = "failure"
    REPLACED = "preventive_replacement"
    CENSORED = "censored"
    RUNNING = "running"


def outcome_of(life: LifeEpoch) -> Outcome:
    """Return how a life answered: a replaced part and the end of observation are censoring like any other."""
    if life.end is None:
        return Outcome.RUNNING
    known = {EventKind.FAILURE: Outcome.FAILURE, EventKind.PREVENTIVE_REPLACEMENT: Outcome.REPLACED}
    return known.get(life.end, Outcome.CENSORED)


@dataclass(frozen=True, slots=True)
class EndedLife:
    """A life that has ended, and how long it was.

    Attributes:
        length: Life from its beginning to its end, life units.
    """

    life: LifeEpoch
    length: float

    @property
    def is_failure(self) -> bool:
        """Whether it ended in a failure; otherwise it is censored."""
        return self.life.is_failure


@dataclass(frozen=True, slots=True)
class ForecastScore:
    """What became of one forecast with numbers.

    Attributes:
        forecast: Identity of the forecast.
        life_number: In which life of the asset it was issued.
        until: When the life ended, or the moment up to which it is known.
        outcome: How that life answered.
        age: Life of the machine when it was issued, life units.
        lived: Life from issue until then, life units.
        held_seconds: How long it was in force: until it expired, another one was issued or the life ended.
    """

    tenant: TenantId
    forecast: str
    asset: AssetId
    life_number: int
    issued_at: datetime
    until: datetime
    outcome: Outcome
    age: float
    lived: float
    held_seconds: float
