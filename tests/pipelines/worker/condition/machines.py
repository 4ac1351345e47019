"""Machines behind a gateway whose relations are known, their readings in stores of a test's own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from features.domain.assets import Asset
from features.domain.conditions import AssetCondition
from features.domain.identifiers import AssetId, SignalId
from features.domain.packs import Pack, RegimeRule
from features.domain.signals import Names, Signal, SignalRole
from features.quality.rules import quality_rules
from features.records.clock_states import ClockStates
from features.records.conditions import ConditionRecords
from features.records.cursors import Cursors
from features.records.database import Records, open_records
from features.records.events import EventRecords
from features.store.vectors_sqlite import SqliteVectorStore
from features.telemetry.readings import READINGS, VERDICTS
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.condition.answer import ConditionAnswer, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState
from features.transforms.condition.step import advance
from pipelines.condition.judging.stepping import Stepping
from pipelines.quality.position import CURSOR
from pipelines.shards import Shard
from pipelines.worker.condition.advancing import Advancing
from pipelines.worker.condition.changes import ConditionChanges
from pipelines.worker.condition.kept import KeptPoints
from pipelines.worker.condition.watch import ConditionWatch
from tests.features.transforms.condition.rig import CONDITIONS, INTERVAL, NOISE, TABLE, rows_of
from tests.pipelines.building.machines import MINE, T0, fan

Judge = Callable[[ConditionModel, ConditionState, ConditionRow], ConditionAnswer]
MODEL = ConditionModel.of(TABLE)
SITE = "north"
UTC_TIME = pl.Datetime("us", "UTC")


def press() -> Pack:
    """Return a pack with the signals of the table."""

    def signal(name: str) -> Signal:
        role = SignalRole.CONDITION if name in CONDITIONS else SignalRole.SENSOR
        return Signal(SignalId(name), Names(name, name), "quantity", "1", role, -100.0, 100.0, None, 1, "test")

    signals, load = tuple(map(signal, TABLE.signals)), SignalId("load")
    return replace(fan(), id="press", signals=signals, regimes=RegimeRule((load,), 0.2, None, 0.0))


def at(row: float) -> datetime:
    """Return the time of a row."""
    return T0 + timedelta(seconds=row * INTERVAL)


def drawn(rows: int, seed: int = 0, lag: float = 0.0, begin: int = 48, **shift: float) -> pl.DataFrame:
    """Return readings of a machine, wide: `time` and a column for each signal.

    Args:
        rows: How many.
        seed: Of its noise.
        lag: How long its rows come after the full interval, in intervals.
        begin: Row from which on signals stray.
        shift: How far, in noise.
    """
    values = np.array([each.values for each in rows_of(rows, seed)])
    by = np.array([shift.get(name, 0.0) for name in TABLE.signals]) * NOISE
    values[begin:] += by
    time = [at(place + lag) for place in range(rows)]
    return pl.DataFrame(values, schema=list(TABLE.signals)).with_columns(time=pl.Series(time, dtype=UTC_TIME))


def long_form(asset: str, wide: pl.DataFrame) -> pl.DataFrame:
    """Return readings as a store takes them."""
    named = wide.with_columns(asset=pl.lit(asset), revision=pl.lit(0, pl.Int64))
    return (
        named.unpivot(index=["asset", "time", "revision"], variable_name="signal")
        .drop_nulls("value")
        .select(*READINGS.names())
    )


@dataclass
class Plant:
    """An installation: stores in a folder, and the machines that a watch is shown.

    Attributes:
        assets: The machines; all of them stand at one site unless said otherwise.
        says: What is said of a row.
    """

    folder: Path
    assets: tuple[Asset, ...]
    model: ConditionModel = MODEL
    pack: Pack = field(default_factory=press)
    says: Judge = advance

    def __post_init__(self) -> None:
        """Open the stores."""
        self.telemetry = SqliteTelemetryStore(self.folder / "telemetry.sqlite")
        self.records: Records = open_records(f"sqlite:///{self.folder / 'records.sqlite'}")
        self.online = SqliteVectorStore(self.folder / "online.sqlite")
        self.conditions = ConditionRecords(self.records)

    def close(self) -> None:
        """Close the stores."""
        self.telemetry.close()
        self.online.close()
        self.records.dispose()

    def write(self, asset: str, wide: pl.DataFrame, *, is_judged: bool = True) -> None:
        """Let readings arrive, and be judged good."""
        self.telemetry.write(MINE, long_form(asset, wide))
        if is_judged:
            self.judge()

    @staticmethod
    def long(asset: str, wide: pl.DataFrame) -> pl.DataFrame:
        """Return readings as a store takes them."""
        return long_form(asset, wide)

    def judge(self) -> None:
        """Say that everything that arrived is judged."""
        changes = self.telemetry.changes_since(0, 10_000)
        Cursors(self.records).advance(CURSOR, changes[-1].cursor)

    def mark(self, asset: str, signal: str, times: Iterable[datetime], verdict: int) -> None:
        """Say what readings are worth."""
        rows = [(asset, signal, time, verdict) for time in times]
        frame = pl.DataFrame(rows, schema=VERDICTS, orient="row")
        span = {"start": min(frame["time"]), "end": max(frame["time"]) + timedelta(microseconds=1)}
        self.telemetry.mark(MINE, frame, assets=[asset], signals=[signal], **span)

    def watch(self, rows_at_once: int = 20_000, shard: Shard = Shard()) -> ConditionWatch:  # noqa: B008  # frozen
        """Return a watch that has just begun."""
        rules = quality_rules(self.pack)
        kept = KeptPoints(self.online, MINE, self.model, rules.names, self.pack.id)
        kept.create()
        cursors, events = Cursors(self.records), EventRecords(self.records)
        changes = ConditionChanges(self.telemetry, cursors, events, kept, MINE, shard, kept_behind=4)
        clocks = ClockStates(self.records)
        advancing = Advancing(
            self.telemetry, clocks, Stepping(self.model, rules, self.says), MINE, "bundle", rows_at_once
        )
        return ConditionWatch(changes, advancing, self.conditions, is_dated=True)

    def look(self, watch: ConditionWatch, row: float) -> list[AssetCondition]:
        """Let a watch look at the time of a row."""
        return watch.look(self.assets, at(row))

    def on_record(self) -> Mapping[AssetId, AssetCondition]:
        """Return the conditions on record."""
        return self.conditions.list_all(MINE)


def machine(name: str, site: str | None = SITE) -> Asset:
    """Return a machine."""
    return Asset(MINE, AssetId(name), "press", site=site)
