"""Forecasts a second and core: one machine and a thousand at a time, by the runtime alone and all the way on record.

The network is the product's own in its first candidate's shape, untrained: what it weighs does not change what it
costs. Vectors are those of simulated pumps.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from edge_export.bundle.calibration import Calibration
from edge_export.export import export_bundle
from edge_export.issuing import Forecaster
from edge_export.runtime.requests import VectorRequest
from edge_export.runtime.runtime import Runtime
from edge_export.runtime.stream import StreamVector
from experiments.bench.errors import OutputsDiffer
from experiments.bench.stream_machines import Machines
from experiments.bench.timing import Progress, Timing, interleaved
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import microseconds
from features.records.database import open_records
from features.records.forecasts import ForecastLedger
from features.store.online_vectors import AssetVector, OnlineVectors
from features.store.opening import open_online
from features.store.packed import Vector
from features.transforms.batch import LifeFeatures, LifeRows, compute
from features.transforms.intervals import IntervalTable
from models.prognosis.network import HazardEnsemble
from models.prognosis.training import candidates
from pipelines.simulate.signals import SIGNALS

_RUNTIME, _ISSUED = "runtime", "issued"
_FEW = 50
"""One machine at a time is timed over so many."""


@dataclass(frozen=True, slots=True)
class ForecastSpeed:
    """How fast forecasts are made.

    Attributes:
        assets: Machines at a time.
        features: Features of a vector.
        runtime_one: A vector to a forecast, one machine at a time; of `_FEW` machines.
        runtime_many: The same, all machines at a time.
        issued_one: From the online store to a forecast on record, one machine at a time; of `_FEW` machines.
        issued_many: The same, all machines at a time.
    """

    assets: int
    features: int
    runtime_one: Timing
    runtime_many: Timing
    issued_one: Timing
    issued_many: Timing

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form: forecasts per second of one core's time, and by the clock."""
        parts = {
            "runtime_one": (self.runtime_one, _FEW),
            "runtime_many": (self.runtime_many, self.assets),
            "issued_one": (self.issued_one, _FEW),
            "issued_many": (self.issued_many, self.assets),
        }
        return {
            "assets": self.assets,
            "features": self.features,
            "per_second_and_core": {name: count / each.cpu_seconds for name, (each, count) in parts.items()},
            "per_second_by_the_clock": {name: count / each.wall_seconds for name, (each, count) in parts.items()},
            "timings": {name: each.to_dict() for name, (each, _) in parts.items()},
        }


def measure_forecasts(assets: int, runs: int, progress: Progress | None = None) -> ForecastSpeed:
    """Make forecasts for a fleet of simulated pumps.

    Args:
        assets: Machines at a time.
        runs: How often each way is timed.
        progress: Told of what is done.

    Raises:
        OutputsDiffer: If one at a time and all at a time do not give the same.
    """
    with tempfile.TemporaryDirectory() as folder:
        bench = _Bench.of(Path(folder), assets)
        compare(bench.runtime_one(bench.requests), bench.runtime_many())
        ways: dict[str, Callable[[], object]] = {
            f"{_RUNTIME}_one": lambda: bench.runtime_one(bench.requests[:_FEW]),
            f"{_RUNTIME}_many": bench.runtime_many,
            f"{_ISSUED}_one": bench.issued_one,
            f"{_ISSUED}_many": bench.issued_many,
        }
        found = interleaved(ways, runs, progress)
        return ForecastSpeed(assets, len(bench.runtime.specification.names), **found)


def compare(one: Sequence[Forecast], many: Sequence[Forecast]) -> None:
    """Check that two ways gave the same forecasts, all of them with numbers, but for their identity.

    Raises:
        OutputsDiffer: If they did not.
    """
    for first, second in zip(one, many, strict=True):
        if first.status is not ForecastStatus.OK:
            raise OutputsDiffer("one at a time", "all at a time", f"{first.status.value} for {first.asset}")
        if replace(first, id="") != replace(second, id=""):
            raise OutputsDiffer("one at a time", "all at a time", f"other numbers for {first.asset}")


@dataclass(frozen=True, slots=True)
class _Bench:
    runtime: Runtime
    requests: list[VectorRequest]
    forecaster: Forecaster
    now: datetime

    @staticmethod
    def of(folder: Path, assets: int) -> "_Bench":
        machines, now = Machines.of(assets), datetime.now(UTC)
        lives = _lives(machines)
        runtime = _runtime(folder, machines, lives)
        names = [AssetId(name) for name in machines.names]
        vectors = {name: _vector(lives, number, now) for number, name in enumerate(names)}
        online = open_online(folder, runtime.specification)
        online.create()
        _put_online(online, vectors)
        ledger = ForecastLedger(open_records(f"sqlite:///{folder / 'records.sqlite'}"))
        requests = [VectorRequest(DEFAULT_TENANT, name, vector) for name, vector in vectors.items()]
        return _Bench(runtime, requests, Forecaster(online, runtime, ledger), now)

    def runtime_one(self, requests: Sequence[VectorRequest]) -> list[Forecast]:
        return [self.runtime.forecast([request], self.now)[0] for request in requests]

    def runtime_many(self) -> list[Forecast]:
        return self.runtime.forecast(self.requests, self.now)

    def issued_one(self) -> None:
        for request in self.requests[:_FEW]:
            self.forecaster.issue(DEFAULT_TENANT, [request.asset], self.now)

    def issued_many(self) -> None:
        self.forecaster.issue(DEFAULT_TENANT, [request.asset for request in self.requests], self.now)


def _lives(machines: Machines) -> list[LifeFeatures]:
    columns = [SIGNALS.index(name) for name in machines.specification.signals]
    seconds = np.arange(machines.readings.shape[1], dtype=np.float64) * 3600.0
    return compute(machines.specification, [LifeRows(seconds, readings[:, columns]) for readings in machines.readings])


def _runtime(folder: Path, machines: Machines, lives: Sequence[LifeFeatures]) -> Runtime:
    vectors = np.concatenate([life.vectors[life.is_running] for life in lives])
    network = HazardEnsemble(candidates()[0].shape(vectors.shape[1], machines.pack.grid.steps))
    network.logits.standardise_by(vectors)
    network.eval()
    export_bundle(
        folder / "bundle",
        network,
        machines.specification,
        Calibration.of(machines.pack, IntervalTable.of_half_level(0.45)),
        vectors[:500],
        name="bench",
        version="1",
        card_markdown="# Untrained, for measuring alone\n",
    )
    return Runtime.load(folder / "bundle")


def _vector(lives: Sequence[LifeFeatures], number: int, now: datetime) -> StreamVector:
    life = lives[number % len(lives)]
    usable = np.flatnonzero(life.is_running & (life.life > 100.0) & (life.regime >= 0))
    row = int(usable[-1 - number % len(usable)])
    return StreamVector(now - timedelta(minutes=1), life.vectors[row], float(life.life[row]), int(life.regime[row]))


def _put_online(online: OnlineVectors, vectors: dict[AssetId, StreamVector]) -> None:
    rows = [
        Vector(microseconds(each.time), microseconds(each.time), each.values, each.life, each.regime)
        for each in vectors.values()
    ]
    pairs = zip(vectors, rows, strict=True)
    online.write([AssetVector(DEFAULT_TENANT, asset, row) for asset, row in pairs])
