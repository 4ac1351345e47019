"""Putting the judgement of stored readings together."""

from collections.abc import Callable

from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.records.assets import AssetRecords
from features.records.cursors import Cursors
from features.records.database import Records
from features.records.events import EventRecords
from features.records.signal_states import SignalStates
from features.telemetry.store import TelemetryStore
from pipelines.quality.refresh import QualityRefresh
from pipelines.shards import Shard


def quality_refresh(
    telemetry: TelemetryStore,
    records: Records,
    pack: Pack,
    shard: Shard | None = None,
    check: Callable[[], None] | None = None,
) -> QualityRefresh:
    """Return what judges the readings of one pack's machines; of a share of them, if one is named.

    Args:
        telemetry: The readings.
        records: Assets, events, cursors and states.
        pack: The type of the machines.
        shard: Of which assets; None means all.
        check: Asked before verdicts count; raises if somebody else judges them now.
    """
    assets = AssetRecords(records)
    known: dict[TenantId, set[AssetId]] = {}

    def owns(tenant: TenantId, asset: AssetId) -> bool:
        if asset not in known.get(tenant, set()):  # an asset never changes its pack, but new ones come
            known[tenant] = {each.id for each in assets.list_all(tenant, pack.id)}
        return asset in known[tenant]

    cursors, states = Cursors(records), SignalStates(records)
    return QualityRefresh(telemetry, EventRecords(records), cursors, states, pack, owns, shard or Shard(), check)
