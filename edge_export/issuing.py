"""Issuing forecasts: the newest vectors from the online store, through the runtime, into the ledger.

Both composition roots do this, and neither may import the other, so it stands here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from edge_export.runtime.requests import VectorRequest, vector_bytes
from edge_export.runtime.runtime import Runtime
from edge_export.runtime.verdict import Verdict
from features.domain.errors import Unavailable
from features.domain.forecasts import Forecast, ForecastStatus, ModelReference
from features.domain.identifiers import AssetId, TenantId
from features.store.online import OnlineFeatures, OnlineVector


class Ledger(Protocol):
    """Keeps every forecast with the vector it was made from, so that it can be replayed."""

    def append_all(self, entries: Iterable[tuple[Forecast, bytes]]) -> None:
        """Record forecasts: all of them, or none.

        Args:
            entries: Each what was answered, with its input as little-endian float32; empty where there was none.

        Raises:
            Unavailable: If they cannot be recorded.
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
        """Make one forecast per asset, and record them together.

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
            requests = self.requests(tenant, assets)
        except Unavailable as error:
            requests = [VectorRequest(tenant, asset, None) for asset in assets]
            made = self._unavailable(requests, issued_at, f"online_store: {error}")
        else:
            made = self.make(requests, issued_at)
        try:
            self.record(requests, made)
        except Unavailable as error:
            return self._unavailable(requests, issued_at, f"ledger: {error}")
        return made

    @property
    def model(self) -> ModelReference:
        """Which model it is."""
        return self.runtime.model

    def requests(self, tenant: TenantId, assets: Sequence[AssetId]) -> list[VectorRequest]:
        """Read the newest vector of each asset.

        Raises:
            Unavailable: If the online store does not answer.
        """
        vectors = self.online.read(tenant, assets)
        return [VectorRequest(tenant, asset, vectors.get(asset)) for asset in assets]

    def make(self, requests: Sequence[VectorRequest], issued_at: datetime) -> list[Forecast]:
        """Make one forecast per request, in the order given; none is recorded."""
        fit = [request for request in requests if self._mismatch(request) is None]
        made = iter(self.runtime.forecast(fit, issued_at))
        return [
            next(made) if reason is None else self.runtime.unavailable(request, issued_at, reason)
            for request, reason in ((request, self._mismatch(request)) for request in requests)
        ]

    def verdict(self, request: VectorRequest, issued_at: datetime) -> Verdict:
        """Say with which status a forecast would be issued, without running the model."""
        reason = self._mismatch(request)
        if reason is not None:
            return Verdict(ForecastStatus.UNAVAILABLE, reason)
        return self.runtime.verdict(request, issued_at)

    def record(self, requests: Sequence[VectorRequest], made: Sequence[Forecast]) -> None:
        """Record forecasts with the vectors that they were made from, in one transaction.

        Raises:
            Unavailable: If they cannot be recorded.
        """
        vectors = (b"" if each.vector is None else vector_bytes(each.vector.values) for each in requests)
        self.ledger.append_all(list(zip(made, vectors, strict=True)))

    def _unavailable(self, requests: Sequence[VectorRequest], issued_at: datetime, reason: str) -> list[Forecast]:
        return [self.runtime.unavailable(request, issued_at, reason) for request in requests]

    def _mismatch(self, request: VectorRequest) -> str | None:
        expected, vector = self.runtime.bundle.manifest.specification_sha256, request.vector
        found = vector.specification_sha256 if isinstance(vector, OnlineVector) else expected
        if found == expected:
            return None
        return (
            f"specification_mismatch: The model needs features {expected[:12]}; the online store holds {found[:12]}. "
            "Build the features again under this model."
        )
