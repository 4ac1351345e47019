"""Reads from an installation what state detection learns from."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

import polars as pl

from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.domain.time import from_microseconds
from features.telemetry.influx.server import InfluxServer
from features.telemetry.store import TelemetryStore
from pipelines.building.tracks import LifeTrack
from pipelines.condition.learning import LearntCondition, ReadRows, learn_condition
from pipelines.condition.stretches import JUDGED, TAUGHT, healthy_stretches


def learn_from_installation(
    home: Home,
    pack: Pack,
    tenant: TenantId,
    tracks: Iterable[LifeTrack],
    unseen: Collection[AssetId],
    server: InfluxServer | None = None,
    not_for_use: Mapping[str, str] = MappingProxyType({}),
) -> LearntCondition:
    """Learn what is usual of a tenant's machines; those that are unseen teach nothing and it is tried on them.

    Args:
        home: The data folder.
        pack: The type.
        tenant: Whose machines.
        tracks: Their lives, with any channels.
        unseen: Machines held out.
        server: The InfluxDB that holds the telemetry; None means SQLite in the data folder.
        not_for_use: Signals that are left out whatever they show, each with the reason.
    """
    from features.records.database import open_records  # lazy: sqlalchemy is for commands that read records
    from features.records.events import EventRecords
    from features.records.labels import LabelRecords
    from features.telemetry.opening import open_telemetry

    records, lives = open_records(home.records_url), list(tracks)
    try:
        events, labels = EventRecords(records).list_all(tenant), LabelRecords(records).list_all(tenant)
    finally:
        records.dispose()
    teaching = {track.epoch.asset for track in lives} - set(unseen)
    healthy = healthy_stretches(lives, pack, teaching, events, labels, TAUGHT)
    others = healthy_stretches(lives, pack, set(unseen), events, labels, JUDGED)
    with open_telemetry(home, pack, server) as store:
        return learn_condition(pack, healthy, others, read_from(store, tenant), not_for_use)


def read_from(store: TelemetryStore, tenant: TenantId) -> ReadRows:
    """Return what reads the rows of a tenant's machines; readings that are not good count as not measured."""

    def read(asset: AssetId, signals: Sequence[str], first_us: int, last_us: int) -> pl.DataFrame:
        begin, end = from_microseconds(first_us), from_microseconds(last_us + 1)
        return store.read_wide(tenant, signals=signals, assets=[asset], start=begin, end=end)

    return read
