"""What judging conditions adds to a round of the worker, with readings of every machine and with none."""

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from experiments.bench.stream_machines import Machines
from experiments.bench.timing import Progress
from features.domain.assets import Asset
from features.domain.events import LifeEpoch
from features.domain.home import Home
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import microseconds
from features.records.assets import AssetRecords
from features.records.cursors import Cursors
from features.records.database import open_records
from features.records.events import EventRecords
from features.records.lives import LifeRecords
from features.store.opening import open_online
from features.telemetry.opening import open_telemetry
from features.telemetry.readings import READINGS
from features.transforms.condition.model import ConditionModel
from models.condition.expectation.fitting import fit_condition
from models.condition.expectation.layout import condition_layout
from models.condition.expectation.rows import MachineRows
from pipelines.quality.opening import quality_refresh
from pipelines.shards import Shard
from pipelines.simulate.signals import SIGNALS
from pipelines.worker.condition.opening import open_condition_watch
from pipelines.worker.condition.watch import ConditionWatch
from pipelines.worker.following import Following
from pipelines.worker.streams import FeatureStreams

_STEP = timedelta(hours=1)
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_TAUGHT_ROWS = 400


@dataclass(frozen=True, slots=True)
class RoundLoad:
    """What is measured.

    Attributes:
        machines: Machines behind one gateway for every hundred; each sends a row a round.
        rounds: Rounds that are measured.
        history: Rows of each machine before.
    """

    machines: int = 50
    rounds: int = 30
    history: int = 60


def measure_rounds(load: RoundLoad, progress: Progress | None = None) -> dict[str, object]:
    """Work round by round, and time the parts of each.

    Returns:
        Medians of processor time, milliseconds: of judging measurements and computing features (`round_ms`), of
        judging conditions (`conditions_ms`, alarms among it), and the same where nothing new came (`idle_round_ms`,
        `idle_conditions_ms`); `added`, the part that conditions add to a round, and `machines`, `rounds`, `rows`
        that were judged.
    """
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        worker = _Worker(load, Home(Path(folder)), stack)
        worker.send(range(load.history))
        worker.work(load.history)
        taken: dict[str, list[float]] = {}
        judged = 0
        for done in range(load.rounds):
            place = load.history + done
            worker.send(range(place, place + 1))
            for name, seconds in worker.work(place + 1).items():
                taken.setdefault(name, []).append(seconds)
            judged += worker.told
            for name, seconds in worker.work(place + 1).items():
                taken.setdefault(f"idle_{name}", []).append(seconds)
            if progress is not None:
                progress(done + 1, load.rounds)
    medians = {f"{name}_ms": 1e3 * statistics.median(seconds) for name, seconds in taken.items()}
    added = medians["conditions_ms"] / medians["round_ms"]
    return {**medians, "added": added, "machines": load.machines, "rounds": load.rounds, "rows": judged}


class _Worker:
    """The parts of a worker that every reading goes through, without forecasts."""

    def __init__(self, load: RoundLoad, home: Home, stack: ExitStack) -> None:
        self._machines = Machines.of(load.machines)
        pack, specification = self._machines.pack, self._machines.specification
        records = open_records(home.records_url)
        stack.callback(records.dispose)
        self._store = stack.enter_context(open_telemetry(home, pack))
        self._quality = quality_refresh(self._store, records, pack)
        online = open_online(home.root, specification)
        online.create()
        streams = FeatureStreams(self._store, online, specification)
        streams.adopt()
        self._following = Following(self._store, Cursors(records), EventRecords(records), streams)
        names = [AssetId(name) for name in self._machines.names]
        self._assets = [
            Asset(DEFAULT_TENANT, name, pack.id, attributes={"gateway": f"g-{place // 100}"})
            for place, name in enumerate(names)
        ]
        AssetRecords(records).put_all(self._assets)
        self._lives = {name: LifeEpoch(DEFAULT_TENANT, name, 0, _BEGIN, None, None) for name in names}
        LifeRecords(records).replace_all(DEFAULT_TENANT, {name: [life] for name, life in self._lives.items()})
        watch = open_condition_watch(
            _usual(self._machines), "bench", pack, DEFAULT_TENANT, self._store, records, online.store, Shard()
        )
        if watch is None:
            raise RuntimeError("the pump's own signals are those of its table")
        self._watch: ConditionWatch = watch
        self.told = 0

    def send(self, rows: range) -> None:
        """Put rows of every machine into the store."""
        tables = [table for row in rows for table in self._machines.gateways(row, microseconds(_BEGIN + row * _STEP))]
        long = pl.concat(tables).with_columns(revision=pl.lit(0, pl.Int64))
        readings = long.unpivot(index=["asset", "time", "revision"], variable_name="signal").drop_nulls("value")
        self._store.write(DEFAULT_TENANT, readings.select(*READINGS.names()))

    def work(self, row: int) -> dict[str, float]:
        """Work a round at the time of a row; return the processor time of its parts, seconds."""
        now = _BEGIN + row * _STEP
        return {
            "round": _taken(lambda: self._follow(now)),
            "conditions": _taken(lambda: self._judge(now)),
        }

    def _follow(self, now: datetime) -> None:
        self._quality.catch_up()
        self._following.follow(DEFAULT_TENANT, self._lives, set(), microseconds(now))

    def _judge(self, now: datetime) -> None:
        self.told = len(self._watch.look(self._assets, now))


def _usual(machines: Machines) -> ConditionModel:
    """Return what is usual of the simulated pumps."""
    layout = condition_layout(machines.pack)
    columns = [SIGNALS.index(name) for name in layout.signals]
    seconds = _STEP.total_seconds() * np.arange(_TAUGHT_ROWS, dtype=np.float64)
    taught = [MachineRows.sound(seconds, pump[:_TAUGHT_ROWS, columns]) for pump in machines.readings]
    return ConditionModel.of(fit_condition(taught, layout))


def _taken(work: Callable[[], None]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin
