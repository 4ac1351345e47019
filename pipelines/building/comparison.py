"""Three computations, one answer: the offline rows, the online vector and the gateway's stream of the same readings."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from edge_export.runtime.stream import AssetStreams
from features.domain.events import Event, LifeEpoch
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import from_microseconds, microseconds
from features.store.feast_store import FeastFeatures
from features.store.names import ASSET, CREATED_TIME, LIFE_NUMBER, TENANT, TIME_US
from features.store.versions import ROW, standing
from features.telemetry.store import TelemetryStore
from features.transforms.specification import FeatureSpecification
from pipelines.building.tracks import LifeTrack, life_tracks, read_life

Progress = Callable[[int, int], None]
TOLERANCE = 1e-6
"""Largest relative difference that counts as the same; what is not known must be unknown in all three."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What comparing found.

    Attributes:
        lives: Lives compared.
        readings: Readings that the gateway's stream took.
        rows: Offline rows compared with the stream, value by value.
        vectors: Online vectors compared with it.
        missing: Rows and vectors that one side has and the other has not.
        differing: Values that differ by more than the tolerance, or are known on one side alone.
        largest: Largest relative difference.
    """

    lives: int = 0
    readings: int = 0
    rows: int = 0
    vectors: int = 0
    missing: int = 0
    differing: int = 0
    largest: float = 0.0

    @property
    def is_equal(self) -> bool:
        """Whether all three gave one answer."""
        return not self.missing and not self.differing


class Events(Protocol):
    """Where events are on record."""

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> list[Event]:
        """Return the events of an asset."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares what is stored for lives of assets with what a gateway computes from the same readings.

    Attributes:
        telemetry: The readings.
        features: The stored rows and vectors.
        events: What happened to the assets.
    """

    telemetry: TelemetryStore
    features: FeastFeatures
    events: Events

    def run(self, tenant: TenantId, lives: Sequence[LifeEpoch], progress: Progress | None = None) -> Compared:
        """Compare life by life.

        Args:
            tenant: Whose assets.
            lives: Lives of any assets; the online vector counts for the newest one of each.
            progress: Told of lives done.
        """
        found, newest = Compared(), {life.asset: life.number for life in sorted(lives, key=lambda each: each.number)}
        for done, life in enumerate(lives, start=1):
            found = self._life(tenant, life, found, is_current=life.number == newest[life.asset])
            if progress is not None:
                progress(done, len(lives))
        return found

    def _life(self, tenant: TenantId, life: LifeEpoch, found: Compared, *, is_current: bool) -> Compared:
        specification = self.features.specification
        wide = read_life(self.telemetry, tenant, life, specification.signals)
        events = self.events.list_all(tenant, life.asset) if specification.layout.events else []
        tracks = life_tracks(wide, [life], specification.signals, events, specification.rule)
        found = replace(found, lives=found.lives + 1)
        if not tracks:
            return found
        streamed = stream_track(specification, life.asset, tracks[0], events)
        stored = self._offline(tenant, life)
        found = _compare_rows(
            replace(found, readings=found.readings + int(np.isfinite(tracks[0].rows.values).sum())), streamed, stored
        )
        if not is_current:
            return found
        online = self.features.read(tenant, [life.asset]).get(life.asset)
        if online is None or not streamed:
            return replace(found, missing=found.missing + (1 if streamed or online is not None else 0))
        newest = max(streamed)
        if microseconds(online.time) != newest:
            return replace(found, missing=found.missing + 1)
        return _compare_values(replace(found, vectors=found.vectors + 1), streamed[newest], online.values)

    def _offline(self, tenant: TenantId, life: LifeEpoch) -> pl.DataFrame:
        mine = (pl.col(TENANT) == tenant) & (pl.col(ASSET) == life.asset)
        names = [*ROW, CREATED_TIME, LIFE_NUMBER, TIME_US, *self.features.specification.names]
        rows = standing(self.features.offline_snapshot().read(names, mine)).filter(pl.col(LIFE_NUMBER) == life.number)
        return rows.select(TIME_US, *self.features.specification.names)


def stream_track(
    specification: FeatureSpecification, asset: AssetId, track: LifeTrack, events: Iterable[Event] = ()
) -> dict[int, NDArray[np.float32]]:
    """Return the vector that a gateway has after each running row of a life, by the time of the row in microseconds.

    A row of an event has no reading: the gateway tells it as it takes the event in.

    Args:
        specification: What is computed.
        asset: Whose life.
        track: The readings.
        events: What happened to the asset in all its lives; each comes before the first row after it.
    """
    streams, vectors = AssetStreams(specification), dict[int, NDArray[np.float32]]()
    coming = deque(sorted(events, key=lambda event: event.at))
    for time_us, row in zip(track.time_us.tolist(), track.rows.values.tolist(), strict=True):
        while coming and microseconds(coming[0].at) < time_us:
            streams.take_event(coming.popleft())
        streams.take(asset, from_microseconds(time_us), dict(zip(specification.signals, row, strict=True)))
        newest = streams.newest(asset)
        if newest is not None and microseconds(newest.time) == time_us:
            vectors[time_us] = newest.values
    return vectors


def _compare_rows(found: Compared, streamed: dict[int, NDArray[np.float32]], stored: pl.DataFrame) -> Compared:
    times = stored[TIME_US].to_list()
    both = [time for time in times if time in streamed]
    found = replace(found, missing=found.missing + len(times) + len(streamed) - 2 * len(both))
    if not both:
        return found
    kept = stored.filter(pl.col(TIME_US).is_in(both)).drop(TIME_US).to_numpy()
    found = _compare_values(found, np.stack([streamed[time] for time in both]), kept.astype(np.float32))
    return replace(found, rows=found.rows + len(both))


def _compare_values(found: Compared, one: NDArray[np.float32], other: NDArray[np.float32]) -> Compared:
    unknown = np.isnan(one) != np.isnan(other)
    with np.errstate(invalid="ignore"):
        size = np.maximum(np.maximum(np.abs(one), np.abs(other)), np.finfo(np.float32).tiny)
        apart = np.nan_to_num(np.abs(one.astype(np.float64) - other) / size)
    differing = int((unknown | (apart > TOLERANCE)).sum())
    return replace(
        found, differing=found.differing + differing, largest=max(found.largest, float(apart.max(initial=0.0)))
    )
