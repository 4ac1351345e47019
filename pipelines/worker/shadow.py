"""A model in the champion's shadow: it forecasts whenever the champion does, is recorded, and never served."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge_export.issuing import Forecaster
from features.domain.errors import ServiceError
from features.domain.events import LifeEpoch
from features.domain.forecasts import Forecast
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import microseconds
from features.records.shadows import ShadowRecords
from pipelines.worker.following import Following

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Shadow:
    """The model in shadow with what it needs to work.

    Attributes:
        place: Where its bundle lies.
        forecaster: Makes its forecasts; nothing of it reaches the ledger.
        following: Keeps its features up to date; None where they are the champion's own.
        records: Where its forecasts are kept.
        pack_id: Of the machines.
    """

    place: Path
    forecaster: Forecaster
    following: Following | None
    records: ShadowRecords
    pack_id: str
    _is_failing: bool = False

    def accompany(
        self,
        tenant: TenantId,
        lives: Mapping[AssetId, LifeEpoch],
        begun: set[AssetId],
        issued: Sequence[Forecast],
        now: datetime,
    ) -> int:
        """Follow the telemetry and forecast what the champion has just forecast.

        Whatever fails here is told once and has no effect on the champion.

        Args:
            tenant: Whose assets.
            lives: The current life of each.
            begun: Assets whose life is another than before.
            issued: The champion's forecasts of this look.
            now: The moment of the look.

        Returns:
            Number of forecasts made in shadow.
        """
        try:
            made = self._accompany(tenant, lives, begun, issued, now)
        except ServiceError as error:
            if not self._is_failing:
                _logger.warning("the model in shadow fails", extra={"place": self.place.name, "reason": str(error)})
            self._is_failing = True
            return 0
        self._is_failing = False
        return made

    def _accompany(
        self,
        tenant: TenantId,
        lives: Mapping[AssetId, LifeEpoch],
        begun: set[AssetId],
        issued: Sequence[Forecast],
        now: datetime,
    ) -> int:
        if self.following is not None:
            self.following.follow(tenant, lives, begun, microseconds(now))
        if not issued:
            return 0
        requests = self.forecaster.requests(tenant, [forecast.asset for forecast in issued])
        made = self.forecaster.make(requests, now)
        self.records.append_all(self.pack_id, list(zip(made, issued, strict=True)))
        return len(made)
