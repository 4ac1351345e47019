"""State detection over history: what a bundle's table says of every row, computed as the worker does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.assets import Asset
from features.domain.conditions import ConditionVerdict
from features.domain.events import Event, events_by_asset
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource, Pack
from features.domain.time import microseconds
from features.quality.rules import quality_rules
from features.records.clock_states import ClockStates
from features.telemetry.store import TelemetryStore
from features.transforms.condition.model import ConditionModel
from pipelines.errors import CannotJudge
from pipelines.shards import Shard
from pipelines.worker.condition.gateways import behind_gateways
from pipelines.worker.condition.happened import Happened, happened_to
from pipelines.worker.condition.rows import GatewayRows, read_rows
from pipelines.worker.condition.stepping import Answered, Stepping

Progress = Callable[[int, int], None]
_PIECE = 4096


@dataclass(frozen=True, slots=True)
class JudgedMachine:
    """What is said of the rows of one machine, in time order.

    Attributes:
        time_us: Microseconds since EPOCH. Shape (row,).
        scores: NaN where it cannot be told. Shape (row,).
        verdicts: Of each row.
        leads: The signal with most part in the score, of each row; None where nothing strays.
    """

    time_us: NDArray[np.int64]
    scores: NDArray[np.float64]
    verdicts: tuple[ConditionVerdict, ...]
    leads: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """What a bundle knows of machines that are as usual.

    Attributes:
        name: What judges: the SHA-256 of the bundle.
    """

    model: ConditionModel
    name: str

    def stepping(self, pack: Pack) -> Stepping:
        """Return what steps machines of a pack.

        Raises:
            CannotJudge: If the pack lacks signals that the table asks for.
        """
        rules = quality_rules(pack)
        missing = sorted(set(self.model.table.signals) - set(rules.names))
        if missing:
            raise CannotJudge(pack.id, missing)
        return Stepping(self.model, rules)


def judge_history(
    judge: Judge,
    pack: Pack,
    tenant: TenantId,
    assets: Sequence[Asset],
    events: Sequence[Event],
    telemetry: TelemetryStore,
    clocks: ClockStates,
    progress: Progress | None = None,
) -> dict[str, JudgedMachine]:
    """Judge every row of machines, gateway by gateway.

    Args:
        judge: What is usual.
        pack: The type.
        tenant: Whose machines.
        assets: The machines.
        events: Of any machines.
        telemetry: Their readings, judged.
        clocks: What was found of their clocks.
        progress: Told how many machines are done, and of how many.

    Raises:
        CannotJudge: If the pack lacks signals that the table asks for.
    """
    stepping, table = judge.stepping(pack), judge.model.table
    is_dated = pack.life.source is not LifeSource.COUNT
    happened = events_by_asset(events)
    found, done = dict[str, JudgedMachine](), 0
    for gateway, names in behind_gateways(assets, Shard()).items():
        known = clocks.find_all(tenant, names) if is_dated else {}
        told = {
            asset: happened_to(
                tenant,
                asset,
                happened.get(asset, ()),
                table,
                stepping.rules.names,
                known[asset].off if asset in known else (),
            )
            for asset in names
        }
        starts = {AssetId(asset): microseconds(first) for asset, first in telemetry.first_times(tenant, names).items()}
        if starts:
            rows = GatewayRows.of(*read_rows(telemetry, tenant, starts, stepping.rules.names))
            found |= judge_gateway(stepping, rows, told, is_gateway=gateway.is_known)
        done += len(names)
        if progress is not None:
            progress(done, len(assets))
    return found


def judge_gateway(
    stepping: Stepping, rows: GatewayRows, happened: Mapping[AssetId, Happened], *, is_gateway: bool
) -> dict[str, JudgedMachine]:
    """Judge the rows of the machines behind one gateway, from the first on; one that fails is judged no further."""
    answers: dict[AssetId, list[Answered]] = {}
    failed: list[AssetId] = []
    point = None
    for piece in rows.pieces(_PIECE):
        done = stepping.step(point, piece, happened, is_gateway=is_gateway, left_out=failed)
        point, failed = done.point, [*failed, *(each.asset for each in done.failed)]
        for each in done.answers:
            answers.setdefault(each.asset, []).append(each)
    sensors = stepping.model.table.sensors
    return {str(asset): _machine(own, sensors) for asset, own in answers.items()}


def _machine(answers: Sequence[Answered], sensors: Sequence[str]) -> JudgedMachine:
    return JudgedMachine(
        np.array([each.at_us for each in answers], np.int64),
        np.array([each.answer.score for each in answers], np.float64),
        tuple(each.answer.verdict for each in answers),
        tuple(_lead(each.answer.shares, sensors) for each in answers),
    )


def _lead(shares: NDArray[np.float64], sensors: Sequence[str]) -> str | None:
    known = np.where(np.isfinite(shares), shares, 0.0)
    return sensors[int(known.argmax())] if known.size and known.max() > 0.0 else None
