"""From an accepted reading to its online vector: how long that takes, and how many machines one core carries.

Machines report once a second, each gateway for a hundred of them, into the durable spool from a process of its own, as
the service would. Everything behind is the worker's: drainer, store, quality, features, online store. A reading counts
as accepted when the spool has acknowledged its delivery, and as there when its vector, or a newer one of the same
machine, can be read.
"""

import json
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from experiments.bench.stream_machines import PER_GATEWAY, Machines
from experiments.bench.timing import Progress
from features.domain.arrivals import Arrival, ArrivalForm, Precision
from features.domain.home import Home
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import microseconds
from features.records.cursors import Cursors
from features.records.database import open_records
from features.records.events import EventRecords
from features.records.lives import LifeRecords
from features.spool.drain import Drainer
from features.spool.durable import DurableSpool
from features.store.opening import open_online
from features.telemetry.line_protocol.writer import write_wide_lines
from features.telemetry.opening import open_telemetry
from pipelines.quality.opening import quality_refresh
from pipelines.receiving.delivery import Delivery
from pipelines.worker.following import Following
from pipelines.worker.streams import FeatureStreams

_WARM_UP = 10
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class StreamLoad:
    """What is sent.

    Attributes:
        machines: How many report.
        seconds: How often each does, once a second.
        pause_seconds: Pause of the worker between two looks.
    """

    machines: int = 1_000
    seconds: int = 30
    pause_seconds: float = 0.1


def measure_stream(load: StreamLoad, progress: Progress | None = None) -> dict[str, object]:
    """Send, follow and measure.

    Returns:
        Latency from acceptance to the readable vector, p50, p99 and largest (seconds), without the first seconds; the
        processor time of the worker for a second of readings; machines that one core carries at that cost.
    """
    with tempfile.TemporaryDirectory() as folder, _worker(Path(folder), load) as bench:
        context = multiprocessing.get_context("spawn")
        begin_us = microseconds(datetime.now(UTC) + timedelta(seconds=4))
        sender = context.Process(target=send, args=(folder, load, begin_us), daemon=True)
        sender.start()
        latencies, cpu = bench.follow_all(begin_us, progress)
        sender.join()
        accepted = json.loads((Path(folder) / "accepted.json").read_text())
    return _figures(load, latencies, accepted, cpu)


def send(folder: str, load: StreamLoad, begin_us: int) -> None:
    """Put every machine's readings into the spool once a second; for a process of its own."""
    machines, accepted = Machines.of(load.machines), list[list[float]]()
    with DurableSpool(Home(Path(folder)).spool) as spool:
        for second in range(load.seconds):
            at_us = begin_us + second * 1_000_000
            bodies = [
                write_wide_lines(table, measurement="pump", precision=Precision.NANOSECONDS)
                for table in machines.gateways(second, at_us)
            ]
            time.sleep(max(at_us / 1e6 - time.time(), 0.0))
            accepted.append([])
            for body in bodies:
                arrival = Arrival(DEFAULT_TENANT, ArrivalForm.LINE_PROTOCOL, "bench", datetime.now(UTC), body)
                spool.put([arrival.to_bytes()])
                accepted[-1].append(time.time())
    (Path(folder) / "accepted.json").write_text(json.dumps(accepted))


class _Bench:
    """The worker without forecasts, and a look at what it wrote after each of its rounds."""

    def __init__(self, load: StreamLoad, home: Home, stack: ExitStack) -> None:
        self._load, self._machines = load, Machines.of(load.machines)
        pack, specification = self._machines.pack, self._machines.specification
        self._records = open_records(home.records_url)
        stack.callback(self._records.dispose)
        self._spool = stack.enter_context(DurableSpool(home.spool))
        store = stack.enter_context(open_telemetry(home, pack))
        self._drainer = Drainer(self._spool, Delivery(pack, store, self._records), owner="bench")
        telemetry = stack.enter_context(open_telemetry(home, pack))
        self._quality = quality_refresh(telemetry, self._records, pack)
        self._online = open_online(home.root, specification)
        self._online.create()
        streams = FeatureStreams(telemetry, self._online, specification)
        self._following = Following(telemetry, Cursors(self._records), EventRecords(self._records), streams)
        self._lives = LifeRecords(self._records)
        self._assets = [AssetId(name) for name in self._machines.names]

    def follow_all(self, begin_us: int, progress: Progress | None) -> tuple[dict[int, dict[int, float]], float]:
        """Work until every vector is there; return when each second of each machine was seen, and the CPU spent."""
        stop, seen = threading.Event(), {second: dict[int, float]() for second in range(self._load.seconds)}
        drain = threading.Thread(target=self._drainer.run, args=(stop,), daemon=True)
        newest = np.full(self._load.machines, -1)
        drain.start()
        cpu = time.process_time()
        until = begin_us / 1e6 + self._load.seconds + _PATIENCE_SECONDS
        while int(newest.min()) < self._load.seconds - 1 and time.time() < until:
            self._look()
            self._note(begin_us, newest, seen)
            if progress is not None:
                progress(max(int(newest.min()) + 1, 0), self._load.seconds)
            time.sleep(self._load.pause_seconds)
        spent = time.process_time() - cpu
        stop.set()
        drain.join()
        return seen, spent

    def _look(self) -> None:
        self._quality.catch_up()
        lives = {life.asset: life for life in self._lives.list_all(DEFAULT_TENANT)}
        self._following.follow(DEFAULT_TENANT, lives, set(), microseconds(datetime.now(UTC)))

    def _note(
        self, begin_us: int, newest: "np.ndarray[tuple[int], np.dtype[np.int64]]", seen: dict[int, dict[int, float]]
    ) -> None:
        found, moment = self._online.read(DEFAULT_TENANT, self._assets), time.time()
        for place, asset in enumerate(self._assets):
            if (vector := found.get(asset)) is None:
                continue
            second = (microseconds(vector.time) - begin_us) // 1_000_000
            for each in range(int(newest[place]) + 1, second + 1):
                seen[each][place] = moment
            newest[place] = max(newest[place], second)


@contextmanager
def _worker(folder: Path, load: StreamLoad) -> Iterator[_Bench]:
    with ExitStack() as stack:
        yield _Bench(load, Home(folder), stack)


def _figures(
    load: StreamLoad, seen: dict[int, dict[int, float]], accepted: list[list[float]], cpu: float
) -> dict[str, object]:
    waits = [
        moment - accepted[second][place // PER_GATEWAY]
        for second, moments in seen.items()
        if second >= min(_WARM_UP, load.seconds - 1)
        for place, moment in moments.items()
    ]
    missing = sum(load.machines - len(moments) for moments in seen.values())
    per_second = cpu / load.seconds
    return {
        "machines": load.machines,
        "seconds": load.seconds,
        "readings": load.machines * load.seconds * len(Machines.of(1).pack.signals),
        "missing": missing,
        "latency_p50_seconds": float(np.quantile(waits, 0.5)) if waits else None,
        "latency_p99_seconds": float(np.quantile(waits, 0.99)) if waits else None,
        "latency_max_seconds": max(waits, default=None),
        "cpu_seconds_per_second": per_second,
        "machines_per_core": load.machines / per_second if per_second else None,
    }
