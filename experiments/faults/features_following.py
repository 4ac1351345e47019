"""The loop of the worker around the features alone, and what its vectors are compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl

from experiments.faults.features_making import COMMISSIONED_US, Delivery, Ends, Story, kept_of
from experiments.faults.features_mutants import Parts
from features.domain.events import Event, LifeEpoch, life_epochs
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import from_microseconds, microseconds
from features.store.frames import asset_vectors
from features.store.online_vectors import OnlineVectors
from features.store.packed import Vector, pack, unpack
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.batch import LifeFeatures, LifeRows, compute
from features.transforms.specification import FeatureSpecification
from features.transforms.state import initial_state
from pipelines.building.build import feature_rows
from pipelines.building.tracks import LifeTrack, life_tracks
from pipelines.worker.life_point import LifePoint
from pipelines.worker.streams import EVERYTHING, FeatureStreams

Vectors = dict[AssetId, bytes]
"""The newest vector of each asset, packed, without the time at which it was computed."""

_ALL = 2**31
_COMPONENT = "pump"


class Follower:
    """Takes deliveries in and follows them with the features, as the intake and the worker do.

    Args:
        folder: Where the stores lie; whoever comes after a crash opens the same.
        specification: What is computed.
        assets: All pumps, each order's one after the other.
        ends: What is on record about the ends of lives.
        parts: The product's own parts, or those with a fault planted.
    """

    def __init__(
        self,
        folder: Path,
        specification: FeatureSpecification,
        assets: Sequence[AssetId],
        ends: Mapping[AssetId, Ends],
        parts: Parts,
    ) -> None:
        self.specification, self.assets, self.ends = specification, list(assets), dict(ends)
        self.telemetry = SqliteTelemetryStore(folder / "telemetry.sqlite")
        self.store = parts.open(folder / "online.sqlite")
        self.online = OnlineVectors.of(self.store, specification)
        self.online.create()
        self.streams: FeatureStreams = parts.streams(self.telemetry, self.online, specification)
        self.epochs: dict[AssetId, list[LifeEpoch]] = {}
        self._current: dict[AssetId, LifeEpoch] | None = None
        self.settle()

    def deliver(self, delivery: Delivery) -> None:
        """Write what arrived."""
        self.telemetry.write(DEFAULT_TENANT, delivery.frame(self.specification.signals))
        self.ends |= delivery.news

    def settle(self) -> None:
        """Cut the lives anew; until then, the loop goes by what they were."""
        first = self.telemetry.first_times(DEFAULT_TENANT, self.assets)
        for place, asset in enumerate(self.assets):
            starts = [microseconds(first[asset])] if asset in first else []
            commissioned = COMMISSIONED_US[place % len(COMMISSIONED_US)]
            starts += [] if commissioned is None else [commissioned]
            if starts:
                self.epochs[asset] = lives_of(asset, min(starts), self.ends.get(asset, ()))

    def look(self, limit: int = _ALL) -> bool:
        """Bring the vectors up to so many changes further, and say whether there were any."""
        lives = {asset: epochs[-1] for asset, epochs in self.epochs.items()}
        position = self.streams.position()
        changes = self.telemetry.changes_since(position or 0, limit if position is not None else _ALL)
        since = dict.fromkeys(self._begun(lives), EVERYTHING)
        if position is None:
            since = dict.fromkeys(lives, EVERYTHING)
        for change in changes:
            first = microseconds(change.first)
            since[change.asset] = min(since.get(change.asset, first), first)
        self.streams.take(DEFAULT_TENANT, since, lives, changes[-1].cursor if changes else position or 0, now_us=0)
        self._current = lives
        return bool(changes)

    def catch_up(self) -> None:
        """Look until there is nothing new."""
        self.settle()
        while self.look():
            pass

    def vectors(self) -> Vectors:
        """Return what is online."""
        found = self.store.read(DEFAULT_TENANT, self.online.view, self.assets)
        return {asset: packed(unpack(content)) for asset, content in found.items()}

    def states(self) -> dict[AssetId, bytes]:
        """Return the stored states of the current lives; what is left of another life is none."""
        found = self.online.states(DEFAULT_TENANT, self.assets)
        return {asset: content for asset, content in found.items() if self._is_current(asset, content)}

    def close(self) -> None:
        """Let go of the stores."""
        self.telemetry.close()
        self.store.close()

    def _is_current(self, asset: AssetId, content: bytes) -> bool:
        point = LifePoint.from_bytes(content, initial_state(self.specification, 1).pack().shape[1])
        return point is not None and point.is_of(self.epochs[asset][-1])

    def _begun(self, lives: dict[AssetId, LifeEpoch]) -> Sequence[AssetId]:
        if self._current is None:
            return self.streams.outdated(DEFAULT_TENANT, lives)
        return [asset for asset, life in lives.items() if self._current.get(asset) != life]


@dataclass(frozen=True, slots=True)
class Recomputed:
    """The features of the current lives, computed from their beginning by the batch twin.

    Attributes:
        vectors: The newest vector of each asset.
        offline: The newest row of each asset, as the offline store takes it.
        older: Some rows of each asset before the newest.
    """

    vectors: Vectors
    offline: Vectors
    older: list[pl.DataFrame] = field(default_factory=list)


def recomputed(follower: Follower) -> Recomputed:
    """Compute everything anew from a fresh reading of the telemetry."""
    signals, specification = follower.specification.signals, follower.specification
    wide = follower.telemetry.read_wide(DEFAULT_TENANT, signals=signals)
    epochs = [epoch for each in follower.epochs.values() for epoch in each]
    newest = {each[-1] for each in follower.epochs.values()}
    current = [track for track in life_tracks(wide, epochs, signals) if track.epoch in newest]
    computed = compute(specification, [track.rows for track in current])
    pairs = zip(current, computed, strict=True)
    rows = [feature_rows(specification, DEFAULT_TENANT, track, life) for track, life in pairs]
    offline = asset_vectors(pl.concat([each.tail(1) for each in rows]), specification) if rows else []
    return Recomputed(
        newest_of(current, computed),
        {each.asset: packed(each.vector) for each in offline if each.vector is not None},
        [each.head(-1) for each in rows],
    )


def told_of(story: Story, specification: FeatureSpecification) -> dict[int, bytes]:
    """Return the vector of each pump of a story by what was told, without any store."""
    found: dict[int, bytes] = {}
    for asset, news in enumerate(story.news):
        time_us, values = kept_of(story.told, asset, len(specification.signals))
        start = COMMISSIONED_US[asset]
        begin = int(time_us[0]) if start is None else min(start, int(time_us[0]))
        life = lives_of(AssetId("told"), begin, news[-1] if news else ())[-1]
        own = time_us > microseconds(life.started_at) if life.number else np.ones(len(time_us), np.bool_)
        if life.ended_at is not None:
            own &= time_us <= microseconds(life.ended_at)
        if own.any():
            track = LifeTrack(life, time_us[own], LifeRows(time_us[own] / 1e6, values[own]))
            for content in newest_of([track], compute(specification, [track.rows])).values():
                found[asset] = content
    return found


def newest_of(tracks: Sequence[LifeTrack], computed: Sequence[LifeFeatures]) -> Vectors:
    """Return the vector of the newest running row of each life that has one."""
    found: Vectors = {}
    for track, life in zip(tracks, computed, strict=True):
        running = np.flatnonzero(life.is_running)
        if len(running):
            at = int(running[-1])
            number = track.epoch.number
            side = float(life.life[at]), int(life.regime[at]), number
            found[track.epoch.asset] = packed(Vector(int(track.time_us[at]), 0, life.vectors[at], *side))
    return found


def lives_of(asset: AssetId, begin_us: int, ends: Ends) -> list[LifeEpoch]:
    """Return the lives of a pump."""
    events = [Event(DEFAULT_TENANT, asset, from_microseconds(end), kind) for end, kind in ends]
    return life_epochs(DEFAULT_TENANT, asset, from_microseconds(begin_us), events, _COMPONENT)


def packed(vector: Vector) -> bytes:
    """Return a vector as bytes, whenever it was computed."""
    return pack(replace(vector, created_us=0))
