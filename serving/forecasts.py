"""The desk at which forecasts are asked for: the latest one that holds, a fresh one, or an answer with a reason."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from features.domain.assets import Asset
from features.domain.errors import ServiceError, Unavailable
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource
from features.domain.time import EPOCH
from serving.parts import Parts

NOT_ISSUED = ""
"""Identity of an answer that stands in for a forecast: nothing was issued and nothing recorded."""

_NONE_HOLDS = "No forecast that still holds is on record. One is issued when new data arrives, or ask for one by POST."
_OTHER_PACK = "This service runs the pack {serving}; the asset belongs to {asset}. Ask the service that runs that pack."
_NO_ISSUER = "The {part} does not answer at the moment. Try again later."
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ForecastDesk:
    """Forecasts of one service, as routes and pages ask for them. Never hands out one that has expired."""

    parts: Parts

    def latest(self, tenant: TenantId, asset: AssetId) -> Forecast:
        """Return the latest forecast that holds, else an `unavailable` answer with the reason.

        Raises:
            NotFound: If the tenant has no such asset.
        """
        found = self.parts.ledger.latest(tenant, asset, self.moment(tenant, asset))
        return found or self.unavailable(self.parts.assets.get(tenant, asset))

    def latest_all(self, tenant: TenantId) -> Mapping[AssetId, Forecast]:
        """Return the latest forecast that holds of each asset that has one."""
        if not self._counts_life:
            found = self.parts.ledger.latest_all(tenant, self.parts.clock())
            return {each.asset: each for each in found}
        found = self.parts.ledger.latest_all(tenant, EPOCH)
        newest = self.parts.life_clock.newest(tenant, [each.asset for each in found])
        return {each.asset: each for each in found if each.valid_until > newest.get(each.asset, EPOCH)}

    def issue(self, tenant: TenantId, assets: Sequence[Asset]) -> list[Forecast]:
        """Compute and record a forecast for each asset, in order; one that cannot be made is an answer too."""
        ours = [asset.id for asset in assets if asset.pack == self.parts.pack.id]
        try:
            issued = {each.asset: each for each in self.parts.issuer.issue(tenant, ours, self.parts.clock())}
        except ServiceError as error:
            _logger.warning("forecasts cannot be computed", exc_info=error)
            reason = _NO_ISSUER.format(part=error.part if isinstance(error, Unavailable) else "model")
            return [self.unavailable(asset, reason) for asset in assets]
        return [issued.get(asset.id) or self.unavailable(asset) for asset in assets]

    def unavailable(self, asset: Asset, reason: str | None = None) -> Forecast:
        """Return the answer that says why there is no forecast; it is not recorded."""
        now = self.parts.clock()
        if asset.pack != self.parts.pack.id:
            reason = _OTHER_PACK.format(serving=self.parts.pack.id, asset=asset.pack)
        return Forecast(
            id=NOT_ISSUED,
            tenant=asset.tenant,
            asset=asset.id,
            issued_at=now,
            valid_until=now,
            status=ForecastStatus.UNAVAILABLE,
            life_unit=self.parts.pack.life.unit,
            reason=reason or _NONE_HOLDS,
        )

    def moment(self, tenant: TenantId, asset: AssetId) -> datetime:
        """Return the moment against which expiry is reckoned: by the clock, or by the asset's own count of life."""
        if not self._counts_life:
            return self.parts.clock()
        return self.parts.life_clock.newest(tenant, [asset]).get(asset, EPOCH)

    @property
    def _counts_life(self) -> bool:
        return self.parts.pack.life.source is LifeSource.COUNT


def document(forecast: Forecast) -> dict[str, object]:
    """Return the wire form of contract 7; a stand-in that was never issued has no identity."""
    return forecast.to_dict() | {"id": forecast.id or None}
