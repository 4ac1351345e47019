"""Telemetry cut into lives: the input of every feature computation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.domain.events import Event, LifeEpoch, events_by_asset
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import FeatureRule
from features.domain.time import from_microseconds, microseconds
from features.store.revision import Span
from features.telemetry.store import TelemetryStore
from features.transforms.batch import LifeFeatures, LifeRows
from features.transforms.events import LifeEvents
from pipelines.building.event_rows import event_moments, with_event_rows


@dataclass(frozen=True, slots=True)
class LifeTrack:
    """The readings of one life.

    Attributes:
        epoch: Which life.
        time_us: Microseconds since EPOCH. Shape (time,).
        rows: The same times in seconds, with the readings and with the events of the asset.
    """

    epoch: LifeEpoch
    time_us: NDArray[np.int64]
    rows: LifeRows

    @property
    def span(self) -> Span:
        """The stretch of time that its rows fill."""
        return Span(self.epoch.asset, *(from_microseconds(int(self.time_us[place])) for place in (0, -1)))


class Computed(NamedTuple):
    """Rows of a life that were computed together, and their features."""

    track: LifeTrack
    features: LifeFeatures


def life_tracks(
    wide: pl.DataFrame,
    epochs: Sequence[LifeEpoch],
    signals: Sequence[str],
    events: Iterable[Event] | None = None,
    rule: FeatureRule | None = None,
) -> list[LifeTrack]:
    """Cut readings into lives. A row at the very moment a life ends belongs to that life.

    Args:
        wide: Columns asset, time and one per signal, sorted by asset and time.
        epochs: Lives of any number of assets.
        signals: Order of the channels.
        events: Events of these assets, of all their lives: what happened to a machine is known beyond the life of its
            modelled component. None where nobody looked; only features of events need them.
        rule: Says which of them have rows of their own (`pipelines.building.event_rows`); None for none.

    Returns:
        One track per life that has readings, by asset and number.
    """
    by_asset: dict[AssetId, list[LifeEpoch]] = {}
    for epoch in epochs:
        by_asset.setdefault(epoch.asset, []).append(epoch)
    happened = None if events is None else events_by_asset(events)
    tracks: list[LifeTrack] = []
    for (asset,), part in wide.group_by("asset", maintain_order=True):
        time_us = part["time"].dt.timestamp("us").to_numpy()
        values = part.select(signals).to_numpy().astype(np.float64)
        own = None if happened is None else LifeEvents.of(happened.get(AssetId(str(asset)), ()))
        lives = sorted(by_asset.get(AssetId(str(asset)), []), key=lambda each: each.number)
        tracks += _cut(lives, time_us, values, own, rule)
    return tracks


def read_life(telemetry: TelemetryStore, tenant: TenantId, life: LifeEpoch, signals: Sequence[str]) -> pl.DataFrame:
    """Return the readings of a life that is going on, columns asset, time and one per signal, by time.

    Args:
        telemetry: Where the readings are.
        tenant: Whose machine.
        life: The newest life of an asset.
        signals: Which columns.
    """
    wide = telemetry.read_wide(tenant, signals=signals, assets=[life.asset], start=life.started_at)
    # A row at the very moment the life before ended belongs to that one.
    return wide.filter(pl.col("time") > life.started_at) if life.number > 0 else wide


def running_values(tracks: Iterable[LifeTrack], columns: Sequence[int]) -> NDArray[np.float64]:
    """Return some channels of all tracks below one another. Shape (time, channel)."""
    parts = [track.rows.values[:, columns] for track in tracks]
    return np.concatenate(parts) if parts else np.empty((0, len(columns)))


def _cut(
    epochs: list[LifeEpoch],
    time_us: NDArray[np.int64],
    values: NDArray[np.float64],
    events: LifeEvents | None,
    rule: FeatureRule | None,
) -> list[LifeTrack]:
    tracks, moments = [], event_moments(events, rule)
    start = 0
    for epoch in epochs:
        ended = len(time_us)
        if epoch.ended_at is not None:
            ended = int(np.searchsorted(time_us, microseconds(epoch.ended_at), side="right"))
        if ended > start:
            part = slice(start, ended)
            last = None if epoch.ended_at is None else microseconds(epoch.ended_at)
            times, rows = with_event_rows(time_us[part], values[part], moments, last_us=last)
            tracks.append(LifeTrack(epoch, times, LifeRows(times / 1e6, rows, events)))
        start = max(start, ended)
    return tracks
