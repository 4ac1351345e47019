"""State detection at work: every machine's rows judged, and what is said of it put on record."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from features.domain.assets import Asset
from features.domain.conditions import AssetCondition
from features.domain.identifiers import AssetId
from features.domain.time import microseconds
from features.records.conditions import ConditionRecords
from pipelines.worker.condition.advancing import Advancing
from pipelines.worker.condition.changes import ConditionChanges
from pipelines.worker.condition.kept import KeptPoint
from pipelines.worker.condition.silence import silent_machines
from pipelines.worker.condition.stream import GatewayStream


class TakesConditions(Protocol):
    """Makes alarms of what is said of machines: an `AlarmWatch`."""

    def take(self, conditions: Sequence[AssetCondition], now: datetime) -> object:
        """Take what was said of every row that was judged; of none as well, for time goes by."""
        ...


_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class ConditionWatch:
    """Judges the machines of one pack as their readings are judged, and no further.

    Attributes:
        changes: What must be judged.
        advancing: Judges it.
        records: Where conditions are put.
        is_dated: Whether times are times, so that a machine can be silent.
        alarms: Told of every row; None where nobody is.
    """

    changes: ConditionChanges
    advancing: Advancing
    records: ConditionRecords
    is_dated: bool
    alarms: TakesConditions | None = None
    _said: dict[AssetId, AssetCondition] = field(default_factory=dict, init=False)
    _failing: set[AssetId] = field(default_factory=set, init=False)
    _on_record: dict[AssetId, int] | None = field(default=None, init=False)

    def look(self, assets: Sequence[Asset], now: datetime) -> list[AssetCondition]:
        """Judge what came since the last look, and put what is new of machines on record.

        Args:
            assets: All machines of the pack.
            now: The present moment.

        Returns:
            What is new.

        Raises:
            Unavailable: If a store does not answer; the call may be repeated.
        """
        self.changes.follow(assets)
        streams = list(self.changes.streams.values())
        self._introduce(streams)
        if any(each.pending is not None for each in streams):
            self.advancing.advance(streams, self.changes.happened, self.changes.unjudged)
            self._tell_failed()
        found = self._found(streams, now)
        told = [each for each in found if self._said.get(each.asset) != each]
        self._give_rows(streams, told, now)  # first: whoever begins anew gives what came after what is on record
        self.records.put_all(told, now)
        self._has_said(streams, found)
        self._keep(streams)
        return told

    def _introduce(self, streams: Sequence[GatewayStream]) -> None:
        """Learn what was heard of machines before this worker began."""
        if self._on_record is None:
            known = self.records.list_all(self.changes.tenant)
            self._on_record = {asset: microseconds(each.at) for asset, each in known.items()}
        for stream in streams:
            for asset in stream.assets:
                if asset in self._on_record:
                    stream.heard_us.setdefault(asset, self._on_record[asset])

    def _found(self, streams: Sequence[GatewayStream], now: datetime) -> list[AssetCondition]:
        """Return what is to be said; of a row whose time has not come it is said then."""
        found: list[AssetCondition] = []
        for stream in streams:
            if stream.pending is None and self.is_dated:
                model, name = self.advancing.stepping.model, self.advancing.name
                stream.found |= silent_machines(model, stream, microseconds(now), self.advancing.tenant, name)
            if not stream.is_catching_up:
                found += [each for each in stream.found.values() if each.at <= now]
        return found

    def _has_said(self, streams: Sequence[GatewayStream], found: Sequence[AssetCondition]) -> None:
        by_asset = {each.asset: each for each in found}
        self._said |= by_asset
        self._failing -= {asset for asset, each in by_asset.items() if each.score is not None}
        for stream in streams:
            stream.found = {asset: each for asset, each in stream.found.items() if by_asset.get(asset) is not each}

    def _give_rows(self, streams: Sequence[GatewayStream], told: Sequence[AssetCondition], now: datetime) -> None:
        """Give every row that is new to whoever makes alarms of them, and of machines judged first the newest."""
        rows = [each for stream in streams for each in stream.rows.values() if each.at <= now]
        heard = {asset for stream in streams for asset in (*stream.heard_us, *stream.silent)}
        rows += [each for each in told if each.asset not in heard]
        if self.alarms is not None:
            self.alarms.take(rows, now)
        newest_us: dict[AssetId, int] = {}
        for each in rows:
            newest_us[each.asset] = max(microseconds(each.at), newest_us.get(each.asset, microseconds(each.at)))
        for stream in streams:
            stream.rows = {key: each for key, each in stream.rows.items() if each.at > now}
            stream.heard_us |= {asset: newest_us[asset] for asset in stream.assets if asset in newest_us}

    def _tell_failed(self) -> None:
        """Say once of each machine that it cannot be judged."""
        for asset, reason in self.advancing.failed.items():
            if asset not in self._failing:
                _logger.warning("condition cannot be judged", extra={"asset_id": asset, "reason": reason})
            self._failing.add(asset)
        self.advancing.failed.clear()

    def _keep(self, streams: Sequence[GatewayStream]) -> None:
        """Keep points to go on from after a new start, now and then."""
        for stream in streams:
            point = stream.to_keep()
            if point is not None:
                events = self.changes.events_digest(stream, point.last_us)
                self.changes.kept.put(stream.gateway, KeptPoint(point, self.changes.position, events))
                stream.has_kept(point)
