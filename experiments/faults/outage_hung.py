"""A store that hangs for minutes: everything is received, nothing is delivered, and then all of it is."""

import http.client
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from experiments.bench.processes import receiving_service
from experiments.bench.servers import real_influxd
from experiments.faults.outage_drainer import DrainTask, drainer
from experiments.faults.outage_memory import watched
from experiments.faults.outage_results import HungFigures, Part, Planted
from experiments.faults.outage_store import points_of
from experiments.faults.outage_traffic import Traffic, difference
from experiments.faults.proxy import Wire, bad_wire

COMPRESSION = 20.0
"""Ten minutes pass in thirty seconds."""

MUTANT_SECONDS = {"done before delivery": 40, "swallows outages": 40, "buffers in memory": 160}
"""Planted faults, and how long the store hangs for each: memory needs some time to run full."""

_WARM_UP_SECONDS = 60
_MIB = 1024 * 1024
Tell = Callable[[int, int], None]


@dataclass(slots=True)
class Sender:
    """Posts line protocol over one connection.

    Attributes:
        port: Where the service listens, on 127.0.0.1.
        taken: The seconds whose readings were acknowledged.
    """

    port: int
    traffic: Traffic = field(default_factory=Traffic)
    taken: list[int] = field(default_factory=list)

    def send(self, seconds: Sequence[int], pace_seconds: float, tell: Tell = lambda _, __: None) -> None:
        """Post the readings of some seconds, one body each, not faster than a pace."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60.0)
        begin = time.monotonic()
        for place, second in enumerate(seconds):
            time.sleep(max(0.0, begin + place * pace_seconds - time.monotonic()))
            connection.request("POST", "/api/v2/write", body=self.traffic.body(second))
            answer = connection.getresponse()
            answer.read()
            if answer.status == 204:
                self.taken.append(second)
            tell(place + 1, len(seconds))
        connection.close()


def hung_part(seconds: int, tell: Tell) -> Part:
    """Show first that planted faults are seen, then let the store hang in earnest.

    Raises:
        PartMissing: If InfluxDB is not installed.
    """
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as name, real_influxd(Path(name)) as url:
        caught = {
            mutant: not hung_run(url, min(seconds, length), mutant, tell).is_sound
            for mutant, length in MUTANT_SECONDS.items()
        }
        figures = hung_run(url, seconds, None, tell)
    return Part(figures, Planted.of(caught), time.perf_counter() - started)


def hung_run(url: str, seconds: int, mutant: str | None, tell: Tell) -> HungFigures:
    """Let the store hang while the field goes on sending; then let it answer, and read everything back.

    Args:
        url: The InfluxDB.
        seconds: Length of the outage.
        mutant: The fault that is planted; None for none.
        tell: Told of every second that was sent.
    """
    database = f"hung_{(mutant or 'sound').replace(' ', '_')}"
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        wire = stack.enter_context(bad_wire(urlsplit(url).port or 0))
        service = stack.enter_context(receiving_service(home, "durable"))
        task = DrainTask(str(home), wire.url, database, COMPRESSION, mutant=mutant)
        drains = stack.enter_context(drainer(task))
        sender = Sender(urlsplit(service.url).port or 0)
        sender.send(range(_WARM_UP_SECONDS), 1 / COMPRESSION)
        drains.wait_until_empty()
        watch = stack.enter_context(watched([service.child.process.pid, drains.process_id]))
        wire.mode = Wire.HUNG
        began = time.monotonic()
        sender.send(range(_WARM_UP_SECONDS, _WARM_UP_SECONDS + seconds), 1 / COMPRESSION, tell)
        ended, backlog, growth = time.monotonic(), drains.state(), watch.growth_mib
        wire.mode = Wire.OPEN
        left = drains.wait_until_empty()
        recovered = time.monotonic()
        growth_recovery = watch.growth_mib
    wrong = difference(sender.traffic.sent(sender.taken), points_of(url, database))
    return HungFigures(
        outage_seconds=seconds,
        compression=COMPRESSION,
        wall_seconds=ended - began,
        readings=len(sender.taken) * sender.traffic.readings,
        failures=left.failures,
        backlog_records=backlog.pending,
        backlog_mib=backlog.pending_bytes / _MIB,
        memory_growth_mib=growth,
        memory_growth_recovery_mib=growth_recovery,
        recovery_seconds=recovered - ended,
        lost=wrong.lost,
        duplicated=wrong.duplicated,
        set_aside=left.aside,
    )
