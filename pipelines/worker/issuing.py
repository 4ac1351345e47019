"""When the worker issues forecasts: as features change, but no more often than asked for, and before one expires."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from edge_export.current_life import is_overtaken
from edge_export.runtime.requests import VectorRequest, vector_sha256
from edge_export.runtime.runtime import FAILED
from edge_export.runtime.verdict import Verdict
from features.domain.events import LifeEpoch
from features.domain.forecasts import Forecast, ModelReference
from features.domain.identifiers import AssetId, TenantId

_RENEW_BEFORE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Spacing:
    """Smallest distance between two forecasts of one asset.

    Attributes:
        time: By the clock.
        counts: By the asset's own count, where life is a bare count; if it stands still, `time` counts.
    """

    time: timedelta = timedelta(seconds=60)
    counts: float = 1.0


class Makes(Protocol):
    """Makes and records forecasts: a `Forecaster`."""

    @property
    def model(self) -> ModelReference:
        """With which model."""
        ...

    def requests(self, tenant: TenantId, assets: Sequence[AssetId]) -> list[VectorRequest]:
        """Read the newest vector of each asset."""
        ...

    def verdict(self, request: VectorRequest, issued_at: datetime) -> Verdict:
        """Say with which status a forecast would be issued."""
        ...

    def make(self, requests: Sequence[VectorRequest], issued_at: datetime) -> list[Forecast]:
        """Make one forecast per request."""
        ...

    def record(self, requests: Sequence[VectorRequest], made: Sequence[Forecast]) -> None:
        """Record forecasts, all or none."""
        ...


class Recorded(Protocol):
    """Where forecasts are recorded: a `ForecastLedger`."""

    def newest(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, Forecast]:
        """Return the newest forecast of each asset that has one, expired or not."""
        ...


class _Need(Enum):
    NONE, LATER, NOW = range(3)


@dataclass(slots=True)
class Issuing:
    """Issues the forecasts of one model.

    What has to be issued follows from the newest vector and from the newest forecast on record, so that nothing that
    was put off is forgotten by a restart: at first every asset is looked at. What is remembered saves asking again.

    Attributes:
        forecaster: Makes and records forecasts.
        ledger: Where those before are.
        spacing: How often.
        counts_life: Whether life is a bare count.
    """

    forecaster: Makes
    ledger: Recorded
    spacing: Spacing
    counts_life: bool
    _newest: dict[AssetId, Forecast | None] = field(default_factory=dict, init=False)
    _waiting: dict[AssetId, datetime] = field(default_factory=dict, init=False)
    _urgent: set[AssetId] = field(default_factory=set, init=False)

    def issue(
        self,
        tenant: TenantId,
        lives: Mapping[AssetId, LifeEpoch | None],
        changed: Collection[AssetId],
        begun: Collection[AssetId],
        now: datetime,
        until_next: timedelta,
    ) -> list[Forecast]:
        """Issue what has to be issued now, all in one transaction.

        Args:
            tenant: Whose assets.
            lives: All assets, each with its current life; None where none began.
            changed: Those whose features may be others than before.
            begun: Those whose life is another than before: their forecasts do not wait.
            now: The present moment.
            until_next: Pause before the next call; a forecast that would run out in it is issued anew now.

        Returns:
            The forecasts issued.

        Raises:
            Unavailable: If a store does not answer; nothing was issued, and the next call does it.
        """
        new = {asset for asset in lives if asset not in self._newest}
        self._load(tenant, sorted(new), lives)
        self._urgent |= set(begun)
        for asset in lives:
            if asset in new or asset in changed or asset in begun:
                self._waiting.setdefault(asset, now)
        expiring = self._expiring(lives, now + until_next + _RENEW_BEFORE)
        asked = [asset for asset in lives if asset in self._waiting or asset in expiring]
        requests = self.forecaster.requests(tenant, asked) if asked else []
        due = [request for request in requests if request.asset in expiring or self._is_due(request, now)]
        made = self.forecaster.make(due, now)
        if due:
            self.forecaster.record(due, made)
        for forecast in made:
            self._newest[forecast.asset] = forecast
            self._waiting.pop(forecast.asset, None)
            self._urgent.discard(forecast.asset)
        return made

    def _load(self, tenant: TenantId, assets: Sequence[AssetId], lives: Mapping[AssetId, LifeEpoch | None]) -> None:
        """Begin with the forecasts on record of assets of which nothing is remembered."""
        found = self.ledger.newest(tenant, assets) if assets else {}
        for asset in assets:
            forecast, life = found.get(asset), lives[asset]
            self._newest[asset] = forecast
            if forecast is not None and life is not None and life.number and is_overtaken(forecast, life.started_at):
                self._urgent.add(asset)

    def _expiring(self, assets: Collection[AssetId], soon: datetime) -> set[AssetId]:
        # Where life is a bare count, forecasts expire by that count: without a reading, none does.
        newest = {asset: self._newest[asset] for asset in assets} if not self.counts_life else {}
        return {asset for asset, each in newest.items() if each is not None and each.valid_until <= soon}

    def _is_due(self, request: VectorRequest, now: datetime) -> bool:
        """Say whether a forecast has to be issued now; an asset that needs none waits no longer."""
        need = self._need(request, now)
        if need is _Need.NONE:
            self._waiting.pop(request.asset, None)
        return need is _Need.NOW

    def _need(self, request: VectorRequest, now: datetime) -> _Need:
        newest, vector = self._newest[request.asset], request.vector
        if newest is None or newest.model != self.forecaster.model or request.asset in self._urgent:
            return _Need.NOW
        status = self.forecaster.verdict(request, now).status
        failed = newest.reason is not None and newest.reason.startswith(f"{FAILED}:")
        if status is not newest.status and not failed:  # whether the model fails again is known only by running it
            return _Need.NOW
        sha256 = None if vector is None else vector_sha256(vector.values)
        if sha256 == (None if newest.features is None else newest.features.vector_sha256):
            return _Need.NONE
        if self.counts_life and vector is not None and self._has_passed(newest, vector.time):
            return _Need.NOW
        since = self._waiting.get(request.asset, now) if self.counts_life else newest.issued_at
        return _Need.LATER if timedelta(0) <= now - since < self.spacing.time else _Need.NOW

    def _has_passed(self, newest: Forecast, moment: datetime) -> bool:
        """Say whether a count is far enough from that of a forecast, or beyond its end, or before it."""
        passed = moment - newest.issued_at
        is_near = timedelta(0) <= passed < timedelta(seconds=self.spacing.counts)
        return not is_near or moment >= newest.valid_until
