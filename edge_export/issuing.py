"""Issuing forecasts: the newest vectors from the online store, through the runtime, into the ledger.

Both composition roots do this, and neither may import the other, so it stands here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from edge_export.runtime.requests import VectorRequest, vector_bytes
from edge_export.runtime.runtime import Runtime
from features.domain.errors import Unavailable
from features.domain.forecasts import Forecast
from features.domain.identifiers import AssetId, TenantId
from features.store.online import OnlineFeatures, OnlineVector


class Ledger(Protocol):
    """Keeps every forecast with the vector it was made from, so that it can be replayed."""

    def append(self, forecast: Forecast, vector: bytes) -> None:
        """Record a forecast.

        Args:
            forecast: What was answered.
            vector: Its input as little-endian float32; empty where there was none.

        Raises:
            Unavailable: If it cannot be recorded.
        """
        ...


@dataclass(frozen=True, slots=True)
class Forecaster:
    """Issues forecasts for the assets of a tenant.

    Attributes:
        online: Where the newest vectors are.
        runtime: The loaded champion.
        ledger: Where every forecast is recorded.
    """

    online: OnlineFeatures
    runtime: Runtime
    ledger: Ledger

    def issue(self, tenant: TenantId, assets: Sequence[AssetId], issued_at: datetime) -> list[Forecast]:
        """Make and record one forecast per asset.

        What stands in the way of a forecast is its status and reason, never an exception. A forecast that could
        not be recorded is not given out: the answer for that asset is `unavailable`.

        Args:
            tenant: Whose assets.
            assets: Which of them.
            issued_at: The moment of issue. Under a bundle that counts life, an asset's own moment is the
                stand-in time of its newest vector.

        Returns:
            One forecast per asset, in the order given.
        """
        try:
            vectors = self.online.read(tenant, assets)
        except Unavailable as error:
            return self._none(tenant, assets, issued_at, f"online_store: {error}")
        return [self._issue(tenant, asset, vectors, issued_at) for asset in assets]

    def _none(self, tenant: TenantId, assets: Sequence[AssetId], issued_at: datetime, reason: str) -> list[Forecast]:
        requests = [VectorRequest(tenant, asset, None) for asset in assets]
        return [self._recorded(each, self.runtime.unavailable(each, issued_at, reason)) for each in requests]

    def _issue(
        self, tenant: TenantId, asset: AssetId, vectors: Mapping[AssetId, OnlineVector], issued_at: datetime
    ) -> Forecast:
        vector = vectors.get(asset)
        request = VectorRequest(tenant, asset, vector)
        expected = self.runtime.bundle.manifest.specification_sha256
        if vector is not None and vector.specification_sha256 != expected:
            reason = (
                f"specification_mismatch: The model needs features {expected[:12]}; the online store holds "
                f"{vector.specification_sha256[:12]}. Build the features again under this model."
            )
            return self._recorded(request, self.runtime.unavailable(request, issued_at, reason))
        return self._recorded(request, self.runtime.forecast([request], issued_at)[0])

    def _recorded(self, request: VectorRequest, forecast: Forecast) -> Forecast:
        vector = b"" if request.vector is None else vector_bytes(request.vector.values)
        try:
            self.ledger.append(forecast, vector)
        except Unavailable as error:
            return self.runtime.unavailable(request, forecast.issued_at, f"ledger: {error}")
        return forecast
