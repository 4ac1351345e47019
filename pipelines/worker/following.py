"""What the worker does about features: every change of the telemetry that was judged, taken through to the vectors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from features.domain.events import Event, LifeEpoch, events_by_asset
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import microseconds
from features.records.cursors import Cursors
from features.records.events import EventRecords
from features.telemetry.store import Change, TelemetryStore
from features.transforms.events import LifeEvents
from pipelines.quality.position import judged_up_to
from pipelines.worker.streams import EVERYTHING, FeatureStreams

_CHANGES_AT_ONCE = 10_000
_LATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Followed:
    """What following the telemetry did.

    Attributes:
        changed: Assets whose features may have changed.
        vectors: Vectors written or taken away.
    """

    changed: set[AssetId]
    vectors: int


@dataclass(slots=True)
class Following:
    """Brings features up to date with what was judged, and no further: no vector rests on a reading nobody looked at.

    Attributes:
        telemetry: The readings and their changes.
        cursors: How far readings were judged.
        events: Of all assets; only features of events need them.
        streams: The feature states.
    """

    telemetry: TelemetryStore
    cursors: Cursors
    events: EventRecords
    streams: FeatureStreams
    _happened: dict[AssetId, tuple[Event, ...]] | None = field(default=None, init=False)

    def follow(
        self, tenant: TenantId, lives: Mapping[AssetId, LifeEpoch], begun: set[AssetId], now_us: int
    ) -> Followed:
        """Take in the next changes.

        Args:
            tenant: Whose assets.
            lives: The current life of each.
            begun: Assets whose life is another than before.
            now_us: The present moment, microseconds since 1970.
        """
        judged, done = judged_up_to(self.cursors, self.streams.shard), self.streams.position()
        happened = self._events(tenant)
        since: dict[AssetId, int] = self._retold(happened, lives) | dict.fromkeys(begun, EVERYTHING)
        changes: list[Change] = []
        if done is None:  # nothing was ever computed under this specification
            since, done = dict.fromkeys(lives, EVERYTHING), judged
        else:
            changes = self.telemetry.changes_since(done, _CHANGES_AT_ONCE)
            changes = [change for change in changes if change.cursor <= judged]
        for change in changes:
            if change.tenant == tenant:
                since[change.asset] = min(since.get(change.asset, _LATEST), microseconds(change.first))
        last = changes[-1].cursor if changes else done
        events = {asset: LifeEvents.of(happened.get(asset, ())) for asset in since} if self._asks_events else None
        vectors = self.streams.take(tenant, since, lives, max(done, last), events, now_us=now_us)
        self._happened = happened  # now that they are in the vectors
        return Followed(set(since), vectors)

    @property
    def _asks_events(self) -> bool:
        return bool(self.streams.specification.layout.events)

    def _retold(self, happened: Mapping[AssetId, tuple[Event, ...]], lives: Iterable[AssetId]) -> dict[AssetId, int]:
        """Return the assets whose events are others than before, and from which moment on rows know of it.

        Who begins does not know what came while nobody looked.
        """
        if self._happened is None:
            return dict.fromkeys((asset for asset in lives if asset in happened), EVERYTHING)
        found: dict[AssetId, int] = {}
        for asset in lives if happened is not self._happened else ():
            if other := set(happened.get(asset, ())) ^ set(self._happened.get(asset, ())):
                found[asset] = min(microseconds(event.at) for event in other)
        return found

    def _events(self, tenant: TenantId) -> dict[AssetId, tuple[Event, ...]]:
        """Return the events of each asset that has any; nothing where no feature asks for events."""
        if not self._asks_events:
            return {}
        if self._happened is not None and self.events.count(tenant) == sum(map(len, self._happened.values())):
            return self._happened  # reading all of them at every look would be long where errors are many
        return events_by_asset(self.events.list_all(tenant))
