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
from pipelines.shards import Shard
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
        pause_seconds: Pause of a worker between two looks.
        shards: Workers that share the machines, each a process.
    """

    machines: int = 1_000
    seconds: int = 30
    pause_seconds: float = 0.1
    shards: int = 1


def measure_stream(load: StreamLoad, progress: Progress | None = None) -> dict[str, object]:
    """Send, follow and measure.

    Returns:
        Latency from acceptance to the readable vector, p50, p99 and largest (seconds), without the first seconds; the
        processor time of all workers for a second of readings, and of each; machines that one core carries at that
        cost.
    """
    with tempfile.TemporaryDirectory() as folder, _worker(Path(folder), load, Shard(0, load.shards)) as bench:
        context = multiprocessing.get_context("spawn")
        begin_us = microseconds(datetime.now(UTC) + timedelta(seconds=4 if load.shards == 1 else 12))
        sender = context.Process(target=send, args=(folder, load, begin_us), daemon=True)
        others = [
            context.Process(target=follow, args=(folder, load, begin_us, str(shard)), daemon=True)
            for shard in Shard(0, load.shards).beside()[1:]
        ]
        for process in (sender, *others):
            process.start()
        found = [bench.follow_all(begin_us, progress)]
        for process in (sender, *others):
            process.join()
        found += [_Followed.read(Path(folder), shard) for shard in Shard(0, load.shards).beside()[1:]]
        accepted = json.loads((Path(folder) / "accepted.json").read_text())
    return _figures(load, found, accepted)


def follow(folder: str, load: StreamLoad, begin_us: int, shard: str) -> None:
    """Work for a share of the machines; for a process of its own."""
    share = Shard.parse(shard)
    with _worker(Path(folder), load, share) as bench:
        bench.follow_all(begin_us, None).write(Path(folder), share)


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


@dataclass(frozen=True, slots=True)
class _Followed:
    """What one worker did.

    Attributes:
        seen: For each second, when its vector was there of each machine, by number.
        cpu: Processor time, seconds.
    """

    seen: dict[int, dict[int, float]]
    cpu: float

    def write(self, folder: Path, shard: Shard) -> None:
        """Hand it to another process."""
        rows = [[second, place, moment] for second, moments in self.seen.items() for place, moment in moments.items()]
        (folder / f"followed-{shard.number}.json").write_text(json.dumps({"cpu": self.cpu, "rows": rows}))

    @staticmethod
    def read(folder: Path, shard: Shard) -> "_Followed":
        """Take what `write` handed over."""
        document = json.loads((folder / f"followed-{shard.number}.json").read_text())
        seen: dict[int, dict[int, float]] = {}
        for second, place, moment in document["rows"]:
            seen.setdefault(second, {})[place] = moment
        return _Followed(seen, document["cpu"])


class _Bench:
    """A worker without forecasts, and a look at what it wrote after each of its rounds."""

    def __init__(self, load: StreamLoad, home: Home, stack: ExitStack, shard: Shard) -> None:
        self._load, self._machines, self._shard = load, Machines.of(load.machines), shard
        pack, specification = self._machines.pack, self._machines.specification
        self._records = open_records(home.records_url)
        stack.callback(self._records.dispose)
        self._spool = stack.enter_context(DurableSpool(home.spool))
        store = stack.enter_context(open_telemetry(home, pack))
        self._drainer = Drainer(self._spool, Delivery(pack, store, self._records), owner="bench")
        telemetry = stack.enter_context(open_telemetry(home, pack))
        self._quality = quality_refresh(telemetry, self._records, pack, shard)
        self._online = open_online(home.root, specification)
        self._online.create()
        streams = FeatureStreams(telemetry, self._online, specification, shard=shard)
        streams.adopt()
        self._following = Following(telemetry, Cursors(self._records), EventRecords(self._records), streams)
        self._lives = LifeRecords(self._records)
        names = [AssetId(name) for name in self._machines.names]
        self._assets = {place: name for place, name in enumerate(names) if shard.holds(name)}

    def follow_all(self, begin_us: int, progress: Progress | None) -> _Followed:
        """Work until every vector is there; return when each second of each machine was seen, and the CPU spent."""
        stop, seen = threading.Event(), {second: dict[int, float]() for second in range(self._load.seconds)}
        drain = threading.Thread(target=self._drainer.run, args=(stop,), daemon=True)
        newest = np.full(self._load.machines, self._load.seconds)
        newest[list(self._assets)] = -1
        if self._shard.is_first:
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
        if self._shard.is_first:
            drain.join()
        return _Followed(seen, spent)

    def _look(self) -> None:
        self._quality.catch_up()
        every = self._lives.list_all(DEFAULT_TENANT)
        lives = {life.asset: life for life in every if self._shard.holds(life.asset)}
        self._following.follow(DEFAULT_TENANT, lives, set(), microseconds(datetime.now(UTC)))

    def _note(
        self, begin_us: int, newest: "np.ndarray[tuple[int], np.dtype[np.int64]]", seen: dict[int, dict[int, float]]
    ) -> None:
        found, moment = self._online.read(DEFAULT_TENANT, list(self._assets.values())), time.time()
        for place, asset in self._assets.items():
            if (vector := found.get(asset)) is None:
                continue
            second = (microseconds(vector.time) - begin_us) // 1_000_000
            for each in range(int(newest[place]) + 1, second + 1):
                seen[each][place] = moment
            newest[place] = max(newest[place], second)


@contextmanager
def _worker(folder: Path, load: StreamLoad, shard: Shard) -> Iterator[_Bench]:
    with ExitStack() as stack:
        yield _Bench(load, Home(folder), stack, shard)


def _figures(load: StreamLoad, found: list[_Followed], accepted: list[list[float]]) -> dict[str, object]:
    warm = min(_WARM_UP, load.seconds - 1)
    waits = [
        moment - accepted[second][place // PER_GATEWAY]
        for each in found
        for second, moments in each.seen.items()
        if second >= warm
        for place, moment in moments.items()
    ]
    missing = load.machines * load.seconds - sum(len(moments) for each in found for moments in each.seen.values())
    cpu = sum(each.cpu for each in found)
    per_second = cpu / load.seconds
    return {
        "machines": load.machines,
        "shards": load.shards,
        "seconds": load.seconds,
        "readings": load.machines * load.seconds * len(Machines.of(1).pack.signals),
        "missing": missing,
        "latency_p50_seconds": float(np.quantile(waits, 0.5)) if waits else None,
        "latency_p99_seconds": float(np.quantile(waits, 0.99)) if waits else None,
        "latency_max_seconds": max(waits, default=None),
        "cpu_seconds_per_second": per_second,
        "cpu_seconds_per_second_of_each": [each.cpu / load.seconds for each in found],
        "machines_per_core": load.machines / per_second if per_second else None,
    }
