"""The champion of the shelf, loaded beside the running service and changed when another one is promoted."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from features.domain.errors import ServiceError, Unavailable
from features.domain.forecasts import Forecast
from features.domain.identifiers import AssetId, TenantId
from features.store.online import OnlineFeatures
from serving.parts import Issuer, PartState, Readiness

RETRY_SECONDS = 10.0

_MISSING = "No model was promoted yet. Run `python -m pipelines demo`, or train and promote one."
_logger = logging.getLogger(__name__)


class Shelf(Protocol):
    """Where promoted bundles lie."""

    def champion(self, pack_id: str) -> Path | None:
        """Return where the champion of a pack lies, or None before the first promotion."""
        ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """A champion that runs."""

    path: Path
    issuer: Issuer
    online: OnlineFeatures


class ChampionIssuer:
    """Issues forecasts with the champion.

    Loading takes seconds, so it happens in a thread of its own: at `start`, when another champion was promoted (the
    old one answers until the new one can), and again, on the next request, some time after it failed.
    """

    def __init__(
        self,
        shelf: Shelf,
        pack_id: str,
        load: Callable[[Path], Loaded],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shelf = shelf
        self._pack_id = pack_id
        self._load = load
        self._seconds = seconds
        self._lock = threading.Lock()
        self._loaded: Loaded | None = None
        self._loading: threading.Thread | None = None
        self._failure: Readiness | None = None
        self._retry_at = 0.0

    def start(self) -> None:
        """Look for the champion and begin to load it if that was not done yet; returns at once."""
        with self._lock:
            if self._loading is not None and self._loading.is_alive():
                return
            path = self._find()
            if path is None or (self._loaded is not None and self._loaded.path == path):
                return
            if self._failure is None or self._seconds() >= self._retry_at:
                self._loading = threading.Thread(target=self._run, args=(path,), name="champion", daemon=True)
                self._loading.start()

    def wait(self, timeout_seconds: float) -> None:
        """Wait for loading that is under way."""
        loading = self._loading
        if loading is not None:
            loading.join(timeout_seconds)

    def issue(self, tenant: TenantId, assets: Sequence[AssetId], issued_at: datetime) -> Sequence[Forecast]:
        """Compute and record forecasts.

        Raises:
            Unavailable: If no champion is loaded yet.
        """
        self.start()
        return self._ready().issuer.issue(tenant, assets, issued_at)

    def newest(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, datetime]:
        """Return the time of each asset's newest features; empty where the online store cannot say."""
        self.start()
        try:
            return {asset: vector.time for asset, vector in self._ready().online.read(tenant, assets).items()}
        except Unavailable:
            return {}

    def ages(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, float]:
        """Return how long each asset's present life is, life units; empty where the online store cannot say."""
        self.start()
        try:
            return {asset: vector.life for asset, vector in self._ready().online.read(tenant, assets).items()}
        except Unavailable:
            return {}

    def readiness(self) -> Sequence[Readiness]:
        """Say how the model is, and behind it the online store."""
        self.start()
        state = self._state()
        if state is not None:
            return [state]
        return [Readiness("model", PartState.READY), self._online_store()]

    def _state(self) -> Readiness | None:
        if self._loaded is not None:
            return None
        if self._failure is not None:
            return self._failure
        return Readiness("model", PartState.STARTING, "The champion is being loaded; this takes some seconds.")

    def _online_store(self) -> Readiness:
        try:
            self._ready().online.read(TenantId("probe"), [AssetId("probe")])
        except ServiceError as error:
            return Readiness("online store", PartState.FAILED, str(error))
        return Readiness("online store", PartState.READY)

    def _ready(self) -> Loaded:
        if self._loaded is None:
            state = self._state()
            raise Unavailable("model", (state.detail if state else None) or "it is not loaded")
        return self._loaded

    def _find(self) -> Path | None:
        try:
            path = self._shelf.champion(self._pack_id)
        except ServiceError as error:
            self._failure = Readiness("model", PartState.FAILED, str(error))
            return None
        if path is None:
            self._failure = Readiness("model", PartState.MISSING, _MISSING)
        elif self._failure is not None and self._failure.state is PartState.MISSING:
            self._failure = None
        return path

    def _run(self, path: Path) -> None:
        try:
            self._loaded = self._load(path)
        except Exception as error:
            _logger.exception("champion cannot be loaded")
            detail = str(error) if isinstance(error, ServiceError) else f"It cannot be loaded: {type(error).__name__}."
            self._failure = Readiness("model", PartState.FAILED, detail)
            self._retry_at = self._seconds() + RETRY_SECONDS
        else:
            self._failure = None
            _logger.info("champion loaded", extra={"bundle": path.name})
