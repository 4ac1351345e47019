"""Every stored row of some machines judged, from their first on, as the worker would have done at the time."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from features.domain.assets import Asset
from features.domain.events import Event, events_by_asset
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource, Pack
from features.domain.time import microseconds
from features.records.clock_states import ClockStates
from features.records.database import Records
from features.telemetry.store import TelemetryStore
from pipelines.condition.judging.answered import Answered
from pipelines.condition.judging.gateways import behind_gateways
from pipelines.condition.judging.happened import Happened, happened_to_all
from pipelines.condition.judging.rows import GatewayRows, read_rows
from pipelines.condition.judging.stepping import Stepping
from pipelines.shards import Shard

Progress = Callable[[int, int], None]
_PIECE = 4096


def clock_states(records: Records, pack: Pack) -> ClockStates | None:
    """Return what is known of the clocks of a pack's machines; None where times are bare counts."""
    return None if pack.life.source is LifeSource.COUNT else ClockStates(records)


def judge_history(
    stepping: Stepping,
    tenant: TenantId,
    assets: Sequence[Asset],
    events: Sequence[Event],
    telemetry: TelemetryStore,
    clocks: ClockStates | None,
    progress: Progress | None = None,
) -> Iterator[Answered]:
    """Yield what is said of each row; it hangs on no later one. Machines behind one gateway are judged together.

    Args:
        stepping: What is usual, and the rules of measurement.
        tenant: Whose machines.
        assets: The machines.
        events: Of any machines.
        telemetry: Their readings, judged (`pipelines.quality.refresh`).
        clocks: What was found of their clocks; None where times are bare counts.
        progress: Told how many machines are done, and of how many.
    """
    table, measured, done = stepping.model.table, stepping.rules.names, 0
    own = events_by_asset(events)
    for gateway, names in behind_gateways(assets, Shard()).items():
        happened = happened_to_all(tenant, names, own, clocks, table, measured)
        starts = {AssetId(asset): microseconds(first) for asset, first in telemetry.first_times(tenant, names).items()}
        if starts:
            rows = GatewayRows.of(*read_rows(telemetry, tenant, starts, measured))
            yield from judge_rows(stepping, rows, happened, is_gateway=gateway.is_known)
        done += len(names)
        if progress is not None:
            progress(done, len(assets))


def judge_rows(
    stepping: Stepping, rows: GatewayRows, happened: Mapping[AssetId, Happened], *, is_gateway: bool
) -> Iterator[Answered]:
    """Yield what is said of the rows of the machines behind one gateway, from the first on.

    A machine whose row cannot be computed with is judged no further.
    """
    point, failed = None, list[AssetId]()
    for piece in rows.pieces(_PIECE):
        done = stepping.step(point, piece, happened, is_gateway=is_gateway, left_out=failed)
        point, failed = done.point, [*failed, *(each.asset for each in done.failed)]
        yield from done.answers
