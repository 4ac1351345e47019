"""Which machines must be judged anew, and from when on: by their readings, their events, and where they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from features.domain.assets import Asset
from features.domain.events import Event, events_by_asset
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import microseconds
from features.records.cursors import Cursors
from features.records.events import EventRecords
from features.telemetry.store import Change, TelemetryStore
from pipelines.condition.judging.gateways import Gateway, behind_gateways
from pipelines.condition.judging.happened import begins_epoch
from pipelines.quality.position import judged_up_to
from pipelines.shards import Shard
from pipelines.worker.condition.kept import KeptPoints, digest
from pipelines.worker.condition.stream import GatewayStream

_AT_ONCE = 10_000


@dataclass(slots=True)
class ConditionChanges:
    """Follows what the conditions of machines hang on.

    Attributes:
        telemetry: The readings and their changes.
        cursors: How far readings were judged.
        events: Of all machines.
        kept: Points to go on from.
        tenant: Whose machines.
        shard: Of which gateways.
        kept_behind: Rows of each machine that the point that is kept lies behind the newest.
        streams: By gateway.
        happened: The events that matter, by machine.
    """

    telemetry: TelemetryStore
    cursors: Cursors
    events: EventRecords
    kept: KeptPoints
    tenant: TenantId
    shard: Shard
    kept_behind: int = 72
    streams: dict[Gateway, GatewayStream] = field(default_factory=dict, init=False)
    happened: Mapping[AssetId, tuple[Event, ...]] = field(default_factory=dict, init=False)
    position: int = field(default=0, init=False)
    judged: int = field(default=0, init=False)
    _groups: Mapping[Gateway, tuple[AssetId, ...]] = field(default_factory=dict, init=False)
    _events: int = field(default=0, init=False)
    _has_begun: bool = field(default=False, init=False)

    def follow(self, assets: Sequence[Asset]) -> None:
        """Note in the streams what must be judged.

        Args:
            assets: All machines of the pack.
        """
        self.judged = min(judged_up_to(self.cursors, each) for each in self.shard.beside())
        self._hear()
        self._meet(behind_gateways(assets, self.shard))
        if not self._has_begun:
            self.position = min((each.position for each in self.streams.values()), default=self.judged)
            self._has_begun = True
        changes = self.telemetry.changes_since(self.position, _AT_ONCE)
        self._note([change for change in changes if change.cursor <= self.judged])

    def unjudged(self) -> dict[AssetId, int]:
        """Return from when on readings of each machine are there that nobody has judged, microseconds since 1970."""
        found: dict[AssetId, int] = {}
        position = self.judged
        while changes := self.telemetry.changes_since(position, _AT_ONCE):
            for change in changes:
                if change.tenant == self.tenant:
                    first = microseconds(change.first)
                    found[change.asset] = min(first, found.get(change.asset, first))
            if len(changes) < _AT_ONCE:
                break
            position = changes[-1].cursor
        return found

    def events_digest(self, stream: GatewayStream, until_us: int) -> str:
        """Return what changes when the events of a gateway's machines up to a moment are others."""
        return digest({asset: self.happened.get(asset, ()) for asset in stream.assets}, until_us)

    def _note(self, changes: Sequence[Change]) -> None:
        by_asset = {asset: stream for stream in self.streams.values() for asset in stream.assets} if changes else {}
        for change in changes:
            stream = by_asset.get(change.asset) if change.tenant == self.tenant else None
            if stream is not None and change.cursor > stream.position:
                stream.wait_for(microseconds(change.first), microseconds(change.last))
        if changes:
            self.position = changes[-1].cursor

    def _hear(self) -> None:
        """Look whether anything happened; a row knows of what happened before it."""
        count = self.events.count(self.tenant)
        if count == self._events:
            return
        every = [each for each in self.events.list_all(self.tenant) if begins_epoch(each)]
        before, self.happened, self._events = self.happened, events_by_asset(every), count
        for stream in self.streams.values():
            others = [
                each
                for asset in stream.assets
                for each in set(self.happened.get(asset, ())) ^ set(before.get(asset, ()))
            ]
            if others and stream.newest_us is not None:
                first = min(microseconds(each.at) for each in others)
                stream.wait_for(first, max(first, stream.newest_us))

    def _meet(self, groups: Mapping[Gateway, tuple[AssetId, ...]]) -> None:
        """Look whether machines came, or stand behind another gateway than before."""
        if groups == self._groups:
            return
        stood = {asset: gateway for gateway, assets in self._groups.items() for asset in assets}
        kept = self.kept.read({each: assets for each, assets in groups.items() if each not in self.streams})
        spans = self._spans()
        for gateway, assets in groups.items():
            stream = self.streams.setdefault(
                gateway, GatewayStream(gateway, assets, self.judged, kept_behind=self.kept_behind)
            )
            is_moved = not set(stream.assets) <= set(assets) or any(
                stood.get(each, gateway) != gateway for each in assets
            )
            stream.assets = assets
            point = kept.get(gateway)
            if is_moved:
                stream.forget()
            elif point is not None and point.events == self.events_digest(stream, point.point.last_us):
                stream.begin_with(point)
            _wait_for_unknown(stream, spans)
        for gateway in [each for each in self.streams if each not in groups]:
            del self.streams[gateway]
        self._groups = groups

    def _spans(self) -> dict[AssetId, tuple[int, int]]:
        """Return the times of the earliest and the latest reading of each machine, microseconds since 1970."""
        frame = self.telemetry.span(self.tenant).select("asset", "first", "last")
        return {AssetId(name): (microseconds(first), microseconds(last)) for name, first, last in frame.iter_rows()}


def _wait_for_unknown(stream: GatewayStream, spans: Mapping[AssetId, tuple[int, int]]) -> None:
    """Note what came of machines of which nothing is remembered, and whatever came after what is remembered."""
    newest_us = stream.newest_us
    for asset in stream.assets:
        if asset in spans:
            first, last = spans[asset]
            if newest_us is None or asset not in stream.machines:
                stream.wait_for(first, last)
            elif last > newest_us:
                stream.wait_for(newest_us + 1, last)
