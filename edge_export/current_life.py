"""Keeps an earlier life out of forecasts and conditions: what a machine showed before its overhaul says nothing now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from features.domain.conditions import AssetCondition
from features.domain.events import LifeEpoch
from features.domain.forecasts import Forecast
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
        started = _started(self.lives, tenant, assets[0] if len(assets) == 1 else None)
        return {
            asset: vector for asset, vector in vectors.items() if asset not in started or vector.time > started[asset]
        }


class Ledger(Protocol):
    """Where forecasts are recorded."""

    def latest(self, tenant: TenantId, asset: AssetId, now: datetime) -> Forecast | None:
        """Return the newest forecast that has not expired, or None."""
        ...

    def latest_all(self, tenant: TenantId, now: datetime) -> list[Forecast]:
        """Return the newest forecast of each asset that has not expired."""
        ...

    def history(self, tenant: TenantId, asset: AssetId, limit: int) -> list[Forecast]:
        """Return the newest forecasts, expired ones included, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class CurrentLifeLedger:
    """The ledger without forecasts that an overhaul has overtaken, even before the worker has issued others.

    Attributes:
        ledger: Where forecasts are recorded.
        lives: Where lives are recorded.
    """

    ledger: Ledger
    lives: Lives

    def latest(self, tenant: TenantId, asset: AssetId, now: datetime) -> Forecast | None:
        """Return the newest forecast that has not expired, or None where it tells of an earlier life."""
        found = self.ledger.latest(tenant, asset, now)
        return None if found is None or _is_overtaken(found, _started(self.lives, tenant, asset)) else found

    def latest_all(self, tenant: TenantId, now: datetime) -> list[Forecast]:
        """Return the newest forecast of each asset that has not expired and tells of its current life."""
        started = _started(self.lives, tenant, None)
        return [each for each in self.ledger.latest_all(tenant, now) if not _is_overtaken(each, started)]

    def history(self, tenant: TenantId, asset: AssetId, limit: int) -> list[Forecast]:
        """Return the newest forecasts, expired and overtaken ones included, newest first."""
        return self.ledger.history(tenant, asset, limit)


class Conditions(Protocol):
    """Where conditions are recorded."""

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> dict[AssetId, AssetCondition]:
        """Return the condition of one asset, or of all of the tenant's that were judged, by asset."""
        ...


@dataclass(frozen=True, slots=True)
class CurrentLifeConditions:
    """Conditions of the life that is going on; a machine overhauled since has none until it is judged anew.

    Attributes:
        conditions: Where they are recorded.
        lives: Where lives are recorded.
    """

    conditions: Conditions
    lives: Lives

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> dict[AssetId, AssetCondition]:
        """Return the condition of one asset, or of all of the tenant's that were judged in their current life."""
        found = self.conditions.list_all(tenant, asset)
        started = _started(self.lives, tenant, asset)
        return {name: each for name, each in found.items() if name not in started or each.at > started[name]}


def is_overtaken(forecast: Forecast, started_at: datetime) -> bool:
    """Say whether the newest reading behind a forecast is of a life before the one that began then."""
    if forecast.age_of_data_seconds is None:
        return False
    return forecast.issued_at - timedelta(seconds=forecast.age_of_data_seconds) <= started_at


def _started(lives: Lives, tenant: TenantId, asset: AssetId | None) -> dict[AssetId, datetime]:
    """Return when the current life began, of each asset that has had one before."""
    return {life.asset: life.started_at for life in lives.list_all(tenant, asset) if life.number > 0}


def _is_overtaken(forecast: Forecast, started: Mapping[AssetId, datetime]) -> bool:
    return forecast.asset in started and is_overtaken(forecast, started[forecast.asset])
