"""Receiving over HTTP: readings accepted per second, what waiting for the disk costs, and how it grows with clients.

The service is the real one, in a process of its own; every client is a process too, with one connection, and sends its
next delivery when the one before was acknowledged. Two services run at the same time, one with the durable spool and
one with a spool that does not wait for the disk, and are measured in turn. Afterwards both spools are opened and every
reading in them is counted: it must be as many as were acknowledged.
"""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.bench.errors import OutputsDiffer
from experiments.bench.fleet import PACK, TENANT, fleet_signals, fleet_table
from experiments.bench.processes import Service, child, receiving_service
from experiments.bench.timing import Progress
from features.domain.arrivals import Arrival
from features.domain.home import Home
from features.spool.contract import Spool
from features.spool.durable import DurableSpool
from features.telemetry.line_protocol.layout import KEY_COLUMNS
from features.telemetry.line_protocol.reader import read_lines
from features.telemetry.line_protocol.writer import write_wide_lines

KINDS = ("durable", "volatile")
_DIFFERENT_BODIES = 16
_PROBES = 50
_WARM_UP = 8


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent.

    Attributes:
        lines: Lines of one delivery; Telegraf's default is 1,000.
        signals: Fields of one line.
        deliveries: Deliveries of one measurement, all clients together.
        clients: Numbers of clients to measure with.
        runs: How often each is measured.
    """

    lines: int = 1_000
    signals: int = 5
    deliveries: int = 96
    clients: tuple[int, ...] = (1, 2, 4, 8)
    runs: int = 3

    @property
    def readings(self) -> int:
        """Readings of one delivery."""
        return self.lines * self.signals


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast readings were accepted, with some number of clients.

    Attributes:
        readings_per_second: Median over the runs.
        cpu_seconds: Median of the service's processor time.
        wall_seconds: Median.
    """

    readings_per_second: float
    cpu_seconds: float
    wall_seconds: float

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "readings_per_second": self.readings_per_second,
            "cpu_seconds": self.cpu_seconds,
            "wall_seconds": self.wall_seconds,
        }


@dataclass(frozen=True, slots=True)
class ReceivingResult:
    """What receiving costs.

    Attributes:
        rates: By kind of spool and number of clients.
        verified: Readings counted in each spool afterwards; as many as were acknowledged.
        fsync_seconds: What one fsync takes in the folder, median.
    """

    load: Load
    rates: dict[str, dict[int, Rate]]
    verified: dict[str, int]
    fsync_seconds: float

    @property
    def fewest(self) -> int:
        """The smallest number of clients."""
        return min(self.load.clients)

    @property
    def most(self) -> int:
        """The largest number of clients."""
        return max(self.load.clients)

    def to_dict(self) -> dict[str, Any]:  # Any: JSON
        """Return the JSON form."""
        durable, volatile = (self.rates[kind] for kind in KINDS)
        fewest, most = self.fewest, self.most
        return {
            "lines_per_delivery": self.load.lines,
            "readings_per_delivery": self.load.readings,
            "spool_readings_per_second": durable[most].readings_per_second,
            "spool_cost_ratio": durable[most].wall_seconds / volatile[most].wall_seconds,
            "spool_cost_ratio_one_client": durable[fewest].wall_seconds / volatile[fewest].wall_seconds,
            "growth": durable[most].readings_per_second / durable[fewest].readings_per_second,
            "growth_from_to_clients": [fewest, most],
            "verified_readings": self.verified,
            "fsync_seconds": self.fsync_seconds,
            "cores": os.cpu_count(),
            "by_clients": {
                kind: {str(count): rate.to_dict() for count, rate in rates.items()}
                for kind, rates in self.rates.items()
            },
        }


def measure_receiving(load: Load, folder: Path | None = None, progress: Progress | None = None) -> ReceivingResult:
    """Measure both kinds of spool with every number of clients, in turn.

    Args:
        load: What is sent.
        folder: Where the spools lie; it should be on the kind of disk that will be used. None means where temporary
            files lie.
        progress: Told after each measurement.

    Raises:
        OutputsDiffer: If a spool does not hold what was acknowledged.
        PartMissing: If the service does not start.
    """
    with tempfile.TemporaryDirectory(dir=folder) as name:
        home = Path(name)
        _write_bodies(load, home / "bodies")
        taken = dict.fromkeys(KINDS, 0)
        with ExitStack() as stack:
            services = {kind: stack.enter_context(receiving_service(home / kind, kind)) for kind in KINDS}
            measured = _measure(load, services, home / "bodies", taken, progress)
        verified = {kind: count_readings(spool_path(home / kind, kind)) for kind in KINDS}
        for kind in KINDS:
            if verified[kind] != taken[kind] * load.readings:
                found = f"{verified[kind]} readings of {taken[kind] * load.readings}"
                raise OutputsDiffer("what was acknowledged", f"the {kind} spool", found)
        return ReceivingResult(load, measured, verified, _fsync_seconds(home))


def count_readings(path: Path) -> int:
    """Count the readings of all deliveries in a spool, by reading every one of them."""
    with DurableSpool(path) as spool:
        return sum(_readings_in(content) for content in _contents(spool))


def spool_path(home: Path, kind: str) -> Path:
    """Return where a service of a kind has its spool."""
    usual = Home(home).spool
    return usual if kind == "durable" else usual.with_name("volatile.sqlite")


def _measure(
    load: Load, services: dict[str, Service], bodies: Path, taken: dict[str, int], progress: Progress | None
) -> dict[str, dict[int, Rate]]:
    measured: dict[tuple[str, int], list[tuple[float, float]]] = {}
    steps = [(kind, clients) for clients in load.clients for kind in KINDS]
    for kind, service in services.items():
        taken[kind] += _send_all(service, bodies, 1, _WARM_UP)[0]
    for run in range(load.runs):
        for place, (kind, clients) in enumerate(steps, start=1):
            each = max(1, load.deliveries // clients)
            cpu = services[kind].cpu_seconds()
            count, seconds = _send_all(services[kind], bodies, clients, each)
            if count != each * clients:
                raise OutputsDiffer("what was sent", "what was taken", f"{count} of {each * clients} deliveries")
            taken[kind] += count
            used = services[kind].cpu_seconds() - cpu
            measured.setdefault((kind, clients), []).append((seconds, used))
            if progress is not None:
                progress(run * len(steps) + place, load.runs * len(steps))
    return {kind: {count: _rate(load, count, measured[kind, count]) for count in load.clients} for kind in KINDS}


def _rate(load: Load, clients: int, taken: Sequence[tuple[float, float]]) -> Rate:
    readings = max(1, load.deliveries // clients) * clients * load.readings
    wall = statistics.median(seconds for seconds, _ in taken)
    return Rate(readings / wall, statistics.median(used for _, used in taken), wall)


def _send_all(service: Service, bodies: Path, clients: int, each: int) -> tuple[int, float]:
    """Let clients send at once; return how many deliveries were taken, and the seconds from the first to the last."""
    arguments = [service.url, str(bodies), str(each)]
    with ExitStack() as stack:
        senders = [stack.enter_context(child("experiments.bench.sender", arguments)) for _ in range(clients)]
        for sender in senders:
            sender.line()
        started = time.perf_counter()
        for sender in senders:
            sender.tell("go")
        taken = [int(json.loads(sender.line())["taken"]) for sender in senders]
        return sum(taken), time.perf_counter() - started


def _write_bodies(load: Load, folder: Path) -> None:
    folder.mkdir()
    table = fleet_table(load.lines * _DIFFERENT_BODIES, fleet_signals(load.signals))
    for number, part in enumerate(table.iter_slices(load.lines)):
        body = write_wide_lines(part, measurement=PACK, tenant=TENANT)
        (folder / f"{number:03d}.lines").write_bytes(body)


def _contents(spool: Spool) -> Iterator[bytes]:
    after = 0
    while records := spool.peek(64, after=after):
        yield from (record.content for record in records)
        after = records[-1].offset


def _readings_in(content: bytes) -> int:
    arrival = Arrival.from_bytes(content)
    table = read_lines(arrival.body, arrival.precision, arrival.arrived_at).table.drop(KEY_COLUMNS)
    return int(table.height * table.width - sum(table.null_count().row(0)))


def _fsync_seconds(folder: Path) -> float:
    """Measure what bringing one page to the disk takes here."""
    taken = []
    with (folder / "probe").open("wb") as file:
        for _ in range(_PROBES):
            file.write(bytes(4096))
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - started)
    return statistics.median(taken)
