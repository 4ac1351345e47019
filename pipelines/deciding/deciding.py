"""Advice on one machine from what is on record: its forecast in force, lives that ended, and windows for work."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from edge_export.bundle.reading import read_bundle
from edge_export.bundle.shelf import BundleShelf
from edge_export.current_life import CurrentLifeFeatures, CurrentLifeLedger
from features.domain.errors import InvalidValue
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource, Pack
from features.domain.time import EPOCH
from features.domain.windows import WorkWindow
from features.records.assets import AssetRecords
from features.records.database import Records
from features.records.forecasts import ForecastLedger
from features.records.lives import LifeRecords
from features.records.scores import ScoreRecords
from features.records.windows import WindowRecords
from features.store.opening import open_online
from features.transforms.specification import specification_from_json
from models.prognosis.advice import Advice, advise


def advise_on(
    records: Records,
    tenant: TenantId,
    pack: Pack,
    asset: AssetId,
    running: Mapping[AssetId, float],
    windows: Sequence[WorkWindow] | Sequence[float] | None,
    now: datetime,
) -> Advice:
    """Advise on a machine.

    Args:
        records: Where everything is on record; lives are scored by the worker, or by `ledger score`.
        tenant: Whose machine.
        pack: Its type.
        asset: Which machine.
        running: How long the newest life of each machine of its type is, life units.
        windows: When work can be done; None for the windows on record.
        now: The present moment.

    Raises:
        RecordNotFound: If the tenant has no such asset.
        InvalidValue: If it is of another type.
    """
    found = AssetRecords(records).get(tenant, asset)
    if found.pack != pack.id:
        raise InvalidValue(
            "the asset", must=f"be of pack {pack.id}", found=found.pack, remedy="Name its pack by --pack."
        )
    ledger = ForecastLedger(records)
    moment = _moment(ledger, tenant, pack, asset, now)
    forecast = CurrentLifeLedger(ledger, LifeRecords(records)).latest(tenant, asset, moment)
    if windows is None and pack.life.source is not LifeSource.COUNT:
        windows = WindowRecords(records).list_open(tenant, found.site, now)
    known = ScoreRecords(records).ended(tenant, pack.id)
    return advise(forecast or _none(tenant, pack, asset, moment), pack, known, running, windows or [], moment)


def newest_lives(
    home: Home, features_url: str | None, records: Records, tenant: TenantId, pack: Pack
) -> dict[AssetId, float]:
    """Return how long the newest life of each machine of a type is, by its newest features, life units.

    Args:
        home: The data folder, with the bundles.
        features_url: The Redis that holds the newest features; None means SQLite in the data folder.
        records: Assets and lives.
        tenant: Whose machines.
        pack: Their type.

    Returns:
        Nothing before a model is promoted: there are no features then.
    """
    place = BundleShelf(home.bundles).champion(pack.id)
    if place is None:
        return {}
    specification = specification_from_json(read_bundle(place).specification_json)
    features = CurrentLifeFeatures(open_online(home.root, specification, features_url), LifeRecords(records))
    assets = [each.id for each in AssetRecords(records).list_all(tenant, pack.id)]
    return {asset: vector.life for asset, vector in features.read(tenant, assets).items()}


def _moment(ledger: ForecastLedger, tenant: TenantId, pack: Pack, asset: AssetId, now: datetime) -> datetime:
    """Return the present moment; where life is a bare count, that of the newest forecast tells how far it has come."""
    if pack.life.source is not LifeSource.COUNT:
        return now
    newest = ledger.history(tenant, asset, 1)
    return newest[0].issued_at if newest else EPOCH


def _none(tenant: TenantId, pack: Pack, asset: AssetId, now: datetime) -> Forecast:
    reason = "No forecast that still holds is on record."
    status = ForecastStatus.UNAVAILABLE
    return Forecast("", tenant, asset, now, now, status, pack.life.unit, reason=reason)
