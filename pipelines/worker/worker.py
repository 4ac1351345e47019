"""The loop: what changed becomes features, features become forecasts, and no forecast runs out unnoticed."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_export.bundle.errors import BundleError
from edge_export.bundle.shelf import BundleShelf
from edge_export.current_life import CurrentLifeFeatures
from edge_export.issuing import Forecaster
from edge_export.runtime.runtime import Runtime
from features.domain.errors import Unavailable
from features.domain.events import LifeEpoch
from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource, Pack
from features.domain.time import microseconds
from features.records.assets import AssetRecords
from features.records.cursors import Cursors
from features.records.database import open_records
from features.records.events import EventRecords
from features.records.forecasts import ForecastLedger
from features.records.leases import Leases
from features.records.lives import LifeRecords
from features.records.shadows import ShadowRecords
from features.store.errors import CursorMoved
from features.store.feast_store import FeastFeatures, open_features
from features.telemetry.opening import open_telemetry
from features.telemetry.store import TelemetryStore
from pipelines.ledger.scoring import LedgerScoring, grouped
from pipelines.quality.opening import quality_refresh
from pipelines.shards import Shard
from pipelines.worker.condition.opening import open_condition_watch
from pipelines.worker.condition.watch import ConditionWatch
from pipelines.worker.following import Following
from pipelines.worker.history import VectorHistory
from pipelines.worker.issuing import Issuing, Spacing
from pipelines.worker.retention import Retention
from pipelines.worker.shadow import Shadow
from pipelines.worker.streams import FeatureStreams, Keep
from pipelines.worker.tenure import Tenure

_SCORED_AT_ONCE = 20
"""Assets whose ended lives one look scores at most: forecasts come first, and the next look goes on."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """What one look did."""

    changed_assets: int
    vectors: int
    forecasts: int
    conditions: int = 0


@dataclass(frozen=True, slots=True)
class Champion:
    """The promoted model with what it needs to work."""

    place: Path
    following: Following
    issuing: Issuing
    history: VectorHistory
    conditions: ConditionWatch | None


class Worker:
    """Works for one installation, or for a share of its assets; holds the lease, so there is only one of it.

    Args:
        home: The data folder.
        pack: The type of the machines.
        tenant: Whose machines.
        owner: The name of this worker.
        lease_seconds: Length of its lease.
        telemetry: The readings, closed with the worker; None means the SQLite store of the data folder.
        retention_days: Days that readings of a data grade are kept; a grade without an entry is kept for good.
        features_url: The Redis that holds the newest features; None means SQLite in the data folder.
        spacing: Smallest distance between two forecasts of one asset; None means the usual one.
        shard: Its share of the assets; None means all.
        offline_url: Where offline feature rows lie; None means the data folder.

    Raises:
        WorkerRunning: If another worker holds the lease, or works with another number of shares.
    """

    def __init__(
        self,
        home: Home,
        pack: Pack,
        tenant: TenantId,
        owner: str,
        lease_seconds: float,
        telemetry: TelemetryStore | None = None,
        retention_days: Mapping[int, int] | None = None,
        features_url: str | None = None,
        spacing: Spacing | None = None,
        shard: Shard | None = None,
        offline_url: str | None = None,
    ) -> None:
        engine = self._engine = open_records(home.records_url)
        self._home, self._pack, self._tenant = home, pack, tenant
        self._features_url, self._offline_url, self._spacing = features_url, offline_url, spacing or Spacing()
        self._shard = shard or Shard()
        self._tenure = Tenure(Leases(engine), self._shard, owner, lease_seconds)
        self._cursors, self._events = Cursors(engine), EventRecords(engine)
        self._tenure.take()
        self._assets, self._lives, self._ledger = AssetRecords(engine), LifeRecords(engine), ForecastLedger(engine)
        self._telemetry = telemetry or open_telemetry(home, pack)
        self._quality = quality_refresh(self._telemetry, engine, pack, self._shard, self._tenure.confirm)
        self._retention = Retention(self._telemetry, pack, retention_days or {})
        self._shelf = BundleShelf(home.bundles)
        self._scoring = LedgerScoring(engine, self._telemetry, tenant, pack)
        self._champion: Champion | None = None
        self._shadow: Shadow | None = None
        self._shadow_trouble = ""
        self._current: dict[AssetId, LifeEpoch] | None = None
        self._is_waiting = False

    def run(self, wait: Callable[[float], bool], poll_seconds: float) -> None:
        """Look again and again until `wait` answers True or the lease is lost.

        Args:
            wait: Waits so many seconds, and says whether it is time to end.
            poll_seconds: Pause between two looks.
        """
        try:
            while True:
                self._try_to_look(timedelta(seconds=poll_seconds))
                if wait(poll_seconds):
                    return
                self._tenure.take()  # a look may outlast the lease: it is lost only if somebody else has taken it
        finally:
            self.close()

    def _try_to_look(self, until_next: timedelta) -> None:
        """Look; a store that does not answer is waited for, and told of when that begins and ends."""
        try:
            done = self.look(until_next)
        except Unavailable as error:
            if not self._is_waiting:
                _logger.warning("a store does not answer", extra={"part": error.part, "reason": error.reason})
            self._is_waiting = True
            return
        except CursorMoved as error:  # whoever it was, the lease says in a moment who may go on
            _logger.warning("another worker wrote features", extra={"cursor": error.name, "found": error.found})
            return
        if self._is_waiting:
            _logger.info("all stores answer again")
        self._is_waiting = False
        if done.forecasts:
            _logger.info("forecasts issued", extra={"forecasts": done.forecasts, "vectors": done.vectors})

    def close(self) -> None:
        """Write what waits, give the lease back and let go of the stores."""
        try:
            if self._champion is not None:
                self._champion.history.write()
        finally:
            self._tenure.release()
            self._telemetry.close()

    def look(self, until_next: timedelta = timedelta(0)) -> Round:
        """Take what changed since the last look through to forecasts.

        Args:
            until_next: Pause before the next look; a forecast that would run out in it is issued anew now.
        """
        self._quality.catch_up()
        if self._shard.is_first:
            self._retention.apply(self._tenant, _now())
        champion, is_new = self._load_champion()
        assets, every = self._assets.list_all(self._tenant, self._pack.id), self._lives.list_all(self._tenant)
        known = [asset.id for asset in assets if self._shard.holds(asset.id)]
        current = {life.asset: life for life in every if self._shard.holds(life.asset)}  # by number: the newest stays
        done = Round(0, 0, 0)
        if champion is not None:
            done = self._forecast(champion, current, known, until_next, is_new=is_new)
            if champion.conditions is not None:
                done = replace(done, conditions=len(champion.conditions.look(assets, _now())))
        self._scoring.catch_up(grouped(every, known), _SCORED_AT_ONCE)
        return done

    def _forecast(
        self,
        champion: Champion,
        current: dict[AssetId, LifeEpoch],
        known: Sequence[AssetId],
        until_next: timedelta,
        *,
        is_new: bool,
    ) -> Round:
        if is_new:
            champion.history.recover(self._tenant, known, microseconds(_now()))
        begun = self._begun(champion, current, is_new=is_new)
        lives = {asset: current[asset] for asset in known if asset in current}
        followed = champion.following.follow(self._tenant, lives, begun, microseconds(_now()))
        ours = {asset: current.get(asset) for asset in known}
        now = _now()
        forecasts = champion.issuing.issue(self._tenant, ours, followed.changed, begun, now, until_next)
        champion.history.write_if_due(now)
        shadow = self._load_shadow(champion)
        if shadow is not None:
            shadow.accompany(self._tenant, lives, begun, forecasts, now)
        self._current = current
        return Round(len(followed.changed | begun), followed.vectors, len(forecasts))

    def _begun(self, champion: "Champion", current: dict[AssetId, LifeEpoch], *, is_new: bool) -> set[AssetId]:
        """Return the assets for which another life began without any reading: an event may do that."""
        if self._current is None or is_new:
            return set(champion.following.streams.outdated(self._tenant, current))
        return {asset for asset, life in current.items() if self._current.get(asset) != life}

    def _load_champion(self) -> tuple[Champion | None, bool]:
        place = self._shelf.champion(self._pack.id)
        if place is None or (self._champion is not None and self._champion.place == place):
            return self._champion, False
        runtime = Runtime.load(place)
        features = self._features(runtime)
        history = VectorHistory(features)
        following = self._following(features, history.keep)
        forecaster = Forecaster(CurrentLifeFeatures(features, self._lives), runtime, self._ledger)
        issuing = Issuing(forecaster, self._ledger, self._spacing, self._pack.life.source is LifeSource.COUNT)
        conditions = open_condition_watch(
            runtime.condition,
            runtime.model.bundle_sha256,
            self._pack,
            self._tenant,
            self._telemetry,
            self._engine,
            features.online.store,
            self._shard,
        )
        if self._champion is not None:
            self._champion.history.write()
        self._champion = Champion(place, following, issuing, history, conditions)
        _logger.info("champion loaded", extra={"model_version": runtime.model.version})
        return self._champion, True

    def _load_shadow(self, champion: Champion) -> Shadow | None:
        """Return the model in the champion's shadow, or None; one that cannot be loaded is told of once."""
        try:
            place = self._shelf.shadow(self._pack.id)
            if place is None or place == champion.place:
                self._shadow = None
            elif self._shadow is None or self._shadow.place != place:
                self._shadow = self._open_shadow(place, champion)
        except BundleError as error:
            if str(error) != self._shadow_trouble:
                _logger.warning("the model in shadow cannot be loaded", extra={"reason": str(error)})
            self._shadow, self._shadow_trouble = None, str(error)
        return self._shadow

    def _open_shadow(self, place: Path, champion: Champion) -> Shadow:
        runtime = Runtime.load(place)
        features = self._features(runtime)
        is_same = runtime.specification.sha256 == champion.following.streams.specification.sha256
        following = None if is_same else self._following(features, None)
        forecaster = Forecaster(CurrentLifeFeatures(features, self._lives), runtime, self._ledger)
        _logger.info("model in shadow loaded", extra={"model_version": runtime.model.version})
        return Shadow(place, forecaster, following, ShadowRecords(self._engine), self._pack.id)

    def _features(self, runtime: Runtime) -> FeastFeatures:
        url, grades = self._features_url, self._pack.grade_by_signal
        features = open_features(self._home.root, runtime.specification, url, grades, self._offline_url)
        features.apply()
        return features

    def _following(self, features: FeastFeatures, keep: Keep | None) -> Following:
        streams = FeatureStreams(self._telemetry, features.online, features.specification, keep, shard=self._shard)
        streams.adopt()
        return Following(self._telemetry, self._cursors, self._events, streams)


def _now() -> datetime:
    return datetime.now(UTC)
