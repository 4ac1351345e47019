"""What a watch of alarms must know of a plant: behind which gateway each machine stands, and what happens to it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from features.domain.events import Event, EventKind
from features.domain.identifiers import TenantId
from features.domain.packs import Pack
from features.domain.time import microseconds
from features.records.assets import AssetRecords
from features.records.events import EventRecords
from models.condition.alarms.annunciator import PlannedWork, Renewal
from pipelines.alarms.planned import planned_work
from pipelines.condition.judging.gateways import gateways

LONGEST_NAME = 256
_READ_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened to machines, by machine.

    Attributes:
        work: Planned work.
        renewals: Ends of lives.
        unexpected: Those of them after which nothing more is expected of the machine.
    """

    work: Mapping[str, tuple[PlannedWork, ...]]
    renewals: Mapping[str, tuple[Renewal, ...]]
    unexpected: frozenset[Renewal]


@dataclass(slots=True)
class Plant:
    """The machines of one pack, as they are on record; read again when something is new.

    Attributes:
        planned: Seconds that planned work takes from its event on.
    """

    assets: AssetRecords
    events: EventRecords
    tenant: TenantId
    pack: Pack
    planned: float
    _gateways: Mapping[str, str] = field(default_factory=dict, init=False)
    _read_at: datetime | None = field(default=None, init=False)
    _events: list[Event] = field(default_factory=list, init=False)

    def gateway_by_asset(self, seen: Collection[str], now: datetime) -> Mapping[str, str]:
        """Return behind which gateway each machine stands; of whom nobody says it stands behind one of its own.

        Args:
            seen: Machines that must be known, if they are on record at all.
            now: The present moment; what was read a minute ago is read again.
        """
        is_old = self._read_at is None or now - self._read_at >= _READ_AGAIN
        if is_old or not self._gateways.keys() >= set(seen):
            assets = self.assets.list_all(self.tenant, self.pack.id)
            known = gateways(assets)
            self._gateways = {str(each.id): known.get(str(each.id), str(each.id))[:LONGEST_NAME] for each in assets}
            self._read_at = now
        return self._gateways

    def happened(self, now: datetime) -> Happened:
        """Return what happened up to now; what is planned for later is none of it yet."""
        if self.events.count(self.tenant) != len(self._events):
            self._events = self.events.list_all(self.tenant)
        past = [event for event in self._events if event.at <= now]
        work = {asset: tuple(each) for asset, each in planned_work(past, self.planned).items()}
        renewals: dict[str, list[Renewal]] = {}
        unexpected = set[Renewal]()
        for event in past:
            if event.ends_life(self.pack.life.modelled_component):
                renewal = Renewal(str(event.asset), microseconds(event.at) / 1e6, event.kind.value)
                renewals.setdefault(renewal.asset, []).append(renewal)
                if event.kind is EventKind.END_OF_OBSERVATION:
                    unexpected.add(renewal)
        return Happened(work, {asset: tuple(each) for asset, each in renewals.items()}, frozenset(unexpected))
