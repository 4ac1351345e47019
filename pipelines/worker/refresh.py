"""Brings the online vectors of changed assets up to date."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from features.domain.identifiers import AssetId, TenantId
from features.records.lives import LifeRecords
from features.store.feast_store import FeastFeatures
from features.telemetry.store import TelemetryStore
from features.transforms.batch import compute
from pipelines.building.build import feature_rows
from pipelines.building.tracks import LifeTrack, life_tracks, read_life

_ASSETS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class OnlineRefresh:
    """Recomputes the current life of an asset from its telemetry.

    The whole life is read again, so late readings, corrections and repetitions end in the same vector.
    """

    telemetry: TelemetryStore
    lives: LifeRecords
    features: FeastFeatures

    def refresh(self, tenant: TenantId, assets: Sequence[AssetId]) -> int:
        """Write the newest vector of each asset whose vector became newer.

        Returns:
            Number of assets written.
        """
        written = 0
        for start in range(0, len(assets), _ASSETS_AT_ONCE):
            newest = self._newest(tenant, assets[start : start + _ASSETS_AT_ONCE])
            written += self.features.write_online(pl.concat(newest)) if newest else 0
        return written

    def _newest(self, tenant: TenantId, assets: Sequence[AssetId]) -> list[pl.DataFrame]:
        """Return the newest row of each asset that has one; lives computed together cost little more than one."""
        specification = self.features.specification
        tracks = [track for asset in assets for track in self._tracks(tenant, asset)]
        lives = compute(specification, [track.rows for track in tracks])
        rows = [
            feature_rows(specification, tenant, track, life).tail(1) for track, life in zip(tracks, lives, strict=True)
        ]
        return [row for row in rows if row.height]

    def _tracks(self, tenant: TenantId, asset: AssetId) -> list[LifeTrack]:
        lives = self.lives.list_all(tenant, asset)
        if not lives:
            return []
        signals = self.features.specification.signals
        return life_tracks(read_life(self.telemetry, tenant, lives[-1], signals), [lives[-1]], signals)
