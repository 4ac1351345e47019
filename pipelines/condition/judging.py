"""Judges every stored row of some machines, from their first on, as the worker would have done at the time."""

from collections.abc import Callable, Collection, Iterator, Mapping

from features.domain.events import Event, events_by_asset
from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.domain.time import microseconds
from features.quality.rules import quality_rules
from features.telemetry.influx.server import InfluxServer
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.table import ConditionTable
from pipelines.shards import Shard
from pipelines.worker.condition.gateways import behind_gateways
from pipelines.worker.condition.happened import happened_to
from pipelines.worker.condition.rows import GatewayRows, read_rows
from pipelines.worker.condition.stepping import Answered, Stepping

Told = Callable[[int, int], None]
_PIECE = 512


def judge_history(
    home: Home,
    pack: Pack,
    tenant: TenantId,
    table: ConditionTable,
    assets: Collection[str],
    server: InfluxServer | None = None,
    told: Told | None = None,
) -> Iterator[Answered]:
    """Yield what is said of each row; it hangs on no later one. Machines behind one gateway are judged together.

    A machine whose row cannot be computed with is not judged from there on.

    Args:
        home: The data folder; its readings were judged (`pipelines.quality.refresh`).
        pack: The type.
        tenant: Whose machines.
        table: What is usual.
        assets: Which machines.
        server: The InfluxDB that holds the telemetry; None means SQLite in the data folder.
        told: Told of machines done and of all.
    """
    from features.records.assets import AssetRecords  # lazy: sqlalchemy is for commands that read records
    from features.records.database import open_records
    from features.records.events import EventRecords
    from features.telemetry.opening import open_telemetry

    records = open_records(home.records_url)
    try:
        known = [each for each in AssetRecords(records).list_all(tenant, pack.id) if each.id in assets]
        events = events_by_asset(EventRecords(records).list_all(tenant))
    finally:
        records.dispose()
    stepping, done = Stepping(ConditionModel.of(table), quality_rules(pack)), 0
    with open_telemetry(home, pack, server) as store:
        for gateway, names in behind_gateways(known, Shard()).items():
            firsts = {AssetId(name): microseconds(at) for name, at in store.first_times(tenant, names).items()}
            if firsts:
                rows = GatewayRows.of(*read_rows(store, tenant, firsts, stepping.rules.names))
                yield from _step(stepping, tenant, rows, events, is_gateway=gateway.is_known)
            done += len(names)
            if told is not None:
                told(done, len(known))


def _step(
    stepping: Stepping,
    tenant: TenantId,
    rows: GatewayRows,
    events: Mapping[AssetId, tuple[Event, ...]],
    *,
    is_gateway: bool,
) -> Iterator[Answered]:
    table, measured = stepping.model.table, stepping.rules.names
    happened = {asset: happened_to(tenant, asset, events.get(asset, ()), table, measured) for asset in rows.assets}
    point, failed = None, set[AssetId]()
    for piece in rows.pieces(_PIECE):
        stepped = stepping.step(point, piece, happened, is_gateway=is_gateway, left_out=tuple(failed))
        failed.update(each.asset for each in stepped.failed)
        point = stepped.point
        yield from stepped.answers
