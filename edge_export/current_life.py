"""Keeps vectors of an earlier life out of forecasts: what a machine showed before its overhaul says nothing now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from features.domain.events import LifeEpoch
from features.domain.identifiers import AssetId, TenantId
from features.store.online import OnlineFeatures, OnlineVector


class Lives(Protocol):
    """Where lives are recorded."""

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> list[LifeEpoch]:
        """Return the lives of one asset, or of all of the tenant's, by asset and number."""
        ...


@dataclass(frozen=True, slots=True)
class CurrentLifeFeatures:
    """Online features of the life that is going on; an asset overhauled since its newest vector has none yet.

    Attributes:
        online: Where the newest vectors are.
        lives: Where lives are recorded.
    """

    online: OnlineFeatures
    lives: Lives

    def read(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, OnlineVector]:
        """Return the newest vector of each asset whose current life has one.

        Raises:
            Unavailable: If a store does not answer.
        """
        vectors = self.online.read(tenant, assets)
        recorded = self.lives.list_all(tenant, assets[0] if len(assets) == 1 else None)
        started: dict[AssetId, datetime] = {life.asset: life.started_at for life in recorded if life.number > 0}
        return {
            asset: vector for asset, vector in vectors.items() if asset not in started or vector.time > started[asset]
        }
