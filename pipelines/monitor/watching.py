"""From the stores to a drift report."""

from edge_export.bundle.shelf import BundleShelf
from edge_export.runtime.runtime import Runtime
from features.domain.packs import LifeSource
from features.packs.loader import load_pack
from features.records.assets import AssetRecords
from features.records.database import open_records
from pipelines.champion import forecasting_champion
from pipelines.errors import NothingToWatch
from pipelines.monitor.report import DriftReport, drift_report
from pipelines.monitor.rows import watched_rows
from pipelines.progress import Stages
from pipelines.settings import Settings
from pipelines.train.data import read_tracks

_DAY_SECONDS = 86_400.0


def watch(settings: Settings, days: float, stages: Stages) -> DriftReport:
    """Read the telemetry of a tenant's machines, and compare the newest stretch of time with those before.

    Args:
        settings: Which stores, pack and tenant.
        days: Length of a stretch.
        stages: Told of the work.

    Raises:
        NothingPromoted: If no model serves.
        NothingForecasts: If what serves makes no forecasts.
        NothingToWatch: If the pack counts life without a calendar, or there are no readings.
    """
    pack, home = load_pack(settings.pack), settings.folder
    champion = forecasting_champion(BundleShelf(home.bundles), pack.id)
    if pack.life.source is LifeSource.COUNT:
        raise NothingToWatch(pack.id, f"times that only stand in for a count of {pack.life.unit}")
    runtime = Runtime.load(champion)
    with stages.stage("readings") as tell:
        tracks = read_tracks(home, pack, settings.owner, settings.telemetry_server, tell)
    if not tracks:
        raise NothingToWatch(pack.id, "no readings")
    with stages.stage("comparison"):
        listed = AssetRecords(open_records(home.records_url)).list_all(settings.owner, pack.id)
        sites = {str(asset.id): asset.site for asset in listed if asset.site is not None}
        rows = watched_rows(runtime.specification, tracks, runtime)
        learned = runtime.bundle.manifest.created_at.timestamp() / _DAY_SECONDS
        return drift_report(rows, runtime.specification.sensors, days, learned, sites)
