"""Events in the life of an asset, and the lives that they bound."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from features.domain.identifiers import AssetId, TenantId


class EventKind(StrEnum):
    """What can happen to an asset (DESIGN, bring-your-own data)."""

    FAILURE = "failure"
    PREVENTIVE_REPLACEMENT = "preventive_replacement"
    REPAIR = "repair"
    PART_REPLACED = "part_replaced"
    SENSOR_REPLACED = "sensor_replaced"
    RECIPE_CHANGED = "recipe_changed"
    PLANNED_STOP = "planned_stop"
    INSPECTION = "inspection"
    ERROR = "error"
    END_OF_OBSERVATION = "end_of_observation"


LIFE_ENDS = frozenset(
    {EventKind.FAILURE, EventKind.PREVENTIVE_REPLACEMENT, EventKind.PART_REPLACED, EventKind.END_OF_OBSERVATION}
)
"""Kinds that end a life. `part_replaced` does so only for the component that the pack models."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an asset at a moment.

    Attributes:
        code: What the machine's controller calls an error.
    """

    tenant: TenantId
    asset: AssetId
    at: datetime
    kind: EventKind
    failure_mode: str | None = None
    component: str | None = None
    note: str | None = None
    code: str | None = None

    @property
    def detail(self) -> str | None:
        """What tells events of one kind apart: the code of an error, the component of anything else."""
        return self.code if self.kind is EventKind.ERROR else self.component

    def is_again(self, other: "Event") -> bool:
        """Say whether both tell of one event: they differ in words at most."""
        return replace(self, note=None) == replace(other, note=None)

    def ends_life(self, modelled_component: str) -> bool:
        """Say whether the event ends the life of the modelled component."""
        if self.kind is EventKind.PART_REPLACED:
            return self.component == modelled_component
        return self.kind in LIFE_ENDS


@dataclass(frozen=True, slots=True)
class LifeEpoch:
    """One life of the modelled component: from its start to its end or to now.

    Attributes:
        number: 0 for the first life of the asset, then 1, 2, …
        started_at: When the life began. A row of that very moment is inside the first life; later, it still
            belongs to the life that ended then.
        ended_at: The moment it ended, or None while it goes on.
        end: What ended it; only `failure` is a failure, every other end is censoring.
        failure_mode: Mode of the failure that ended it, where known.
    """

    tenant: TenantId
    asset: AssetId
    number: int
    started_at: datetime
    ended_at: datetime | None
    end: EventKind | None
    failure_mode: str | None = None

    @property
    def is_failure(self) -> bool:
        """Whether the life ended in a failure; otherwise it is censored."""
        return self.end is EventKind.FAILURE


def events_by_asset(events: Iterable[Event]) -> dict[AssetId, tuple[Event, ...]]:
    """Return the events of each asset that has any, in the order given."""
    found: dict[AssetId, list[Event]] = {}
    for event in events:
        found.setdefault(event.asset, []).append(event)
    return {asset: tuple(each) for asset, each in found.items()}


def life_epochs(
    tenant: TenantId, asset: AssetId, first_seen: datetime, events: list[Event], modelled_component: str
) -> list[LifeEpoch]:
    """Cut an asset's history into lives at the events that end one.

    Args:
        tenant: Whose asset.
        asset: Which asset.
        first_seen: When the first life began: commissioning, or the first reading.
        events: Its events, in any order.
        modelled_component: The component whose replacement ends a life.

    Returns:
        The lives in order; the last one is open unless an `end_of_observation` closed it. Of several ends at one
        moment a failure counts before a replacement, and both before the end of observation.
    """
    lives: list[LifeEpoch] = []
    started_at = first_seen
    ends = sorted((event for event in events if event.ends_life(modelled_component)), key=_precedence)
    for event in ends:
        if event.at <= started_at:
            continue
        lives.append(LifeEpoch(tenant, asset, len(lives), started_at, event.at, event.kind, event.failure_mode))
        started_at = event.at
    closed = {event.at for event in ends if event.kind is EventKind.END_OF_OBSERVATION}
    if not lives or started_at not in closed:
        lives.append(LifeEpoch(tenant, asset, len(lives), started_at, None, None))
    return lives


def _precedence(event: Event) -> tuple[datetime, bool, bool, str, bool, str]:
    """Order ends of lives so that their order in the data never matters."""
    kind, mode = event.kind, event.failure_mode
    is_last, is_censoring = kind is EventKind.END_OF_OBSERVATION, kind is not EventKind.FAILURE
    return event.at, is_last, is_censoring, kind.value, mode is None, mode or ""
