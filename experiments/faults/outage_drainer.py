"""A drainer in a process of its own, put together as the worker does, with its times compressed.

`python -m experiments.faults.outage_drainer TASK`, where TASK is JSON. Each line on standard input is answered with a
line of JSON: what waits, what is set aside, and how many deliveries failed. It ends with its standard input.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from experiments.bench.processes import Child, child
from experiments.faults.errors import TrialBroken
from experiments.faults.outage_mutants import STORES, around
from experiments.faults.outage_traffic import PACK
from features.domain.errors import Unavailable
from features.domain.home import Home
from features.domain.packs import Pack
from features.packs.loader import load_pack
from features.records.arrivals import ArrivalRecords
from features.records.database import open_records
from features.spool.contract import SpooledRecord
from features.spool.delivery import Deliver
from features.spool.drain import Drainer, DrainPolicy
from features.spool.durable import DurableSpool
from features.telemetry.influx.server import InfluxServer
from features.telemetry.opening import open_telemetry
from features.telemetry.store import TelemetryStore
from pipelines.receiving.delivery import Delivery

_PATIENCE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class DrainTask:
    """What is drained, and how.

    Attributes:
        home: The data folder.
        url: The InfluxDB, or the wire to it.
        database: Its database.
        compression: What pauses, timeouts and the lease are divided by.
        batch_records: Records of one delivery at most.
        retention_days: Days for which readings of grade 2 are kept, so that they lie in a place of their own; 0 for
            good.
        mutant: The fault that is planted; None for none.
    """

    home: str
    url: str
    database: str
    compression: float
    batch_records: int = DrainPolicy().batch_records
    retention_days: int = 0
    mutant: str | None = None

    @property
    def policy(self) -> DrainPolicy:
        """The usual policy with every time compressed."""
        usual = DrainPolicy(batch_records=self.batch_records)
        times = [each.name for each in fields(usual) if each.name.endswith("_seconds")]
        return replace(usual, **{name: getattr(usual, name) / self.compression for name in times})

    @property
    def server(self) -> InfluxServer:
        """The InfluxDB, with the usual timeout compressed."""
        usual = InfluxServer(self.url, self.database)
        kept = {2: self.retention_days} if self.retention_days else {}
        return replace(usual, timeout_seconds=usual.timeout_seconds / self.compression, retention_days=kept)

    def store(self, pack: Pack) -> TelemetryStore:
        """Open the store, with its fault if one is planted there."""
        home = Home(Path(self.home))
        if self.mutant in STORES:
            return STORES[self.mutant](self.server, pack.id, pack.signals, home.telemetry_changes)
        return open_telemetry(home, pack, self.server)


@dataclass(frozen=True, slots=True)
class DrainState:
    """How far a drainer is.

    Attributes:
        pending: Records that wait.
        pending_bytes: Their contents.
        aside: Records that are set aside.
        failures: Deliveries that failed because the store did not answer.
    """

    pending: int
    pending_bytes: int
    aside: int
    failures: int


@dataclass(frozen=True, slots=True)
class DrainProcess:
    """A drainer at work."""

    child: Child

    @property
    def process_id(self) -> int:
        """Its process."""
        return self.child.process.pid

    def state(self) -> DrainState:
        """Ask how far it is."""
        self.child.tell("state")
        return DrainState(**json.loads(self.child.line()))

    def wait_until_empty(self, look: Callable[[], object] = lambda: None) -> DrainState:
        """Wait until nothing waits for delivery, and look at something else meanwhile.

        Raises:
            TrialBroken: If it never comes to that.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (state := self.state()).pending:
            look()
            if time.monotonic() > deadline:
                raise TrialBroken(f"a backlog must go down; {state.pending} records waited for too long")
            time.sleep(0.05)
        return state


@contextmanager
def drainer(task: DrainTask) -> Iterator[DrainProcess]:
    """Run a drainer for the length of a block, and wait until it has begun."""
    with child("experiments.faults.outage_drainer", [json.dumps(asdict(task))]) as process:
        drains = DrainProcess(process)
        drains.state()
        yield drains


@dataclass(slots=True)
class _Counted:
    """A delivery whose failures are counted."""

    deliver: Deliver
    failures: int = field(default=0)

    def __call__(self, records: Sequence[SpooledRecord]) -> None:
        try:
            self.deliver(records)
        except Unavailable:
            self.failures += 1
            raise


def main(task: DrainTask) -> None:
    """Drain until standard input ends."""
    pack, home = load_pack(PACK), Home(Path(task.home))
    records = open_records(home.records_url)
    with DurableSpool(home.spool) as spool, task.store(pack) as store:
        ArrivalRecords(records).follow(spool.put([]))
        counted = _Counted(Delivery(pack, store, records))
        drains = Drainer(spool, around(task.mutant, spool, counted), owner="outage", policy=task.policy)
        with _running(drains.run):
            for _ in sys.stdin:
                found = spool.counters()
                state = DrainState(found.pending, found.pending_bytes, found.aside, counted.failures)
                sys.stdout.write(json.dumps(asdict(state)) + "\n")
                sys.stdout.flush()
    records.dispose()


@contextmanager
def _running(run: Callable[[threading.Event], None]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    main(DrainTask(**json.loads(sys.argv[1])))
