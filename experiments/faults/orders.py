"""Random orders, delays, duplicates and conflicts of the same readings: one state, in SQLite and in InfluxDB."""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from urllib.request import Request, urlopen

import polars as pl

from experiments.bench.errors import PartMissing
from experiments.bench.servers import real_influxd
from experiments.faults.orders_making import SIGNALS, Orders, State, random_orders
from experiments.faults.orders_mutants import RULES, Broken, Holds
from features.domain.identifiers import DEFAULT_TENANT, TenantId
from features.telemetry.influx.server import InfluxServer
from features.telemetry.influx.store import InfluxTelemetryStore
from features.telemetry.line_protocol.writer import write_lines
from features.telemetry.readings import settled
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.progress import Stages

_SETS = 10
_MUTANT_ORDERS = 100
_CLAIMED = [(SIGNALS[0], 1), (SIGNALS[1], 2)]  # the third is in quarantine
_PACK, _BLIND = "pump", "writes without looking"
_RETENTION = {2: 36_500}
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class OrdersResult:
    """What `faults orders` found.

    Attributes:
        orders: Random orders, spread over some sets of readings.
        readings: Readings in all of them, duplicates included.
        states_sqlite: In how many states all orders of one set ended in SQLite; of all sets, the worst.
        states_influxdb: The same in InfluxDB; None where it is not installed.
        orders_influxdb: Orders that InfluxDB was given.
        differing: Orders that ended in another state than the key rule says, in any store.
        mutants: Wrong rules that were planted on purpose.
        mutants_caught: Those that were noticed.
        escaped: The names of the others.
        seconds: How long it took.
        reason: Why there are no figures of InfluxDB.
    """

    orders: int
    readings: int
    states_sqlite: int
    states_influxdb: int | None
    orders_influxdb: int
    differing: int
    mutants: int
    mutants_caught: int
    escaped: tuple[str, ...]
    seconds: float
    reason: str | None

    @property
    def is_sound(self) -> bool:
        """Say whether there was one state, the right one, and every wrong rule was noticed."""
        return self.states_sqlite == 1 and self.states_influxdb in {1, None} and not self.differing and not self.escaped

    def to_dict(self) -> dict[str, object]:
        """Return everything by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Ended:
    """Where the orders ended in one store.

    Attributes:
        states: Different states of the orders of one set; of all sets, the most.
        differing: Orders that ended in another state than the key rule says.
    """

    states: int
    differing: int


@dataclass(frozen=True, slots=True)
class WritesBlindly:
    """Writes to InfluxDB without asking what is there, so that the last write wins.

    Attributes:
        store: Where it reads, and which makes the places.
        url: Where it writes.
    """

    store: InfluxTelemetryStore
    url: str

    def write(self, tenant: TenantId, readings: pl.DataFrame) -> object:
        """Write, and have a look at nothing."""
        batch = settled(readings, key=("asset", "signal", "time")).readings
        body = write_lines(batch, measurement=_PACK, tenant=tenant, with_first_revisions=True)
        with urlopen(Request(self.url, data=body, method="POST")) as answer:
            return answer.status

    def read(self, tenant: TenantId) -> pl.DataFrame:
        """Return what is there."""
        return self.store.read(tenant)


def orders_trial(count: int, seed: int, stages: Stages) -> OrdersResult:
    """Show first that wrong rules are noticed, then write every order into both stores."""
    started, sets = time.perf_counter(), sets_of(count, seed)
    few = sets_of(min(count, _MUTANT_ORDERS), seed)
    with stages.stage("wrong rules"):
        caught = {name: end_of(Broken(rule), few).differing > 0 for name, rule in RULES.items()}
    with stages.stage(f"{count} orders in SQLite") as tell:
        sqlite = _in_sqlite(sets, tell)
    influx, reason = None, None
    try:
        with stages.stage(f"{count} orders in InfluxDB") as tell:
            influx, caught[_BLIND] = _in_influxdb(sets, few, tell)
    except PartMissing as error:
        reason = str(error)
    return OrdersResult(
        orders=count,
        readings=sum(batch.height for each in sets for batch in each.batches),
        states_sqlite=sqlite.states,
        states_influxdb=None if influx is None else influx.states,
        orders_influxdb=0 if influx is None else count,
        differing=sqlite.differing + (0 if influx is None else influx.differing),
        mutants=len(caught),
        mutants_caught=sum(caught.values()),
        escaped=tuple(name for name, is_caught in caught.items() if not is_caught),
        seconds=time.perf_counter() - started,
        reason=reason,
    )


def sets_of(count: int, seed: int) -> list[Orders]:
    """Make so many random orders, spread over some sets of readings."""
    shares = [count // _SETS + (number < count % _SETS) for number in range(_SETS)]
    return [random_orders(share, seed * 1000 + number) for number, share in enumerate(shares) if share]


def end_of(store: Holds, sets: Sequence[Orders], tell: Tell = lambda _, __: None) -> Ended:
    """Write every order into a store, and compare where it ends with what the key rule says."""
    total, done = sum(len(each.batches) for each in sets), 0
    for each in sets:
        for batch in each.batches:
            store.write(DEFAULT_TENANT, batch)
            done += 1
            tell(done, total)
    ends = _states(store.read(DEFAULT_TENANT))
    states = max(len({ends.get(machine) for machine in each.machines}) for each in sets)
    return Ended(states, sum(ends.get(machine) != each.state for each in sets for machine in each.machines))


def _in_sqlite(sets: Sequence[Orders], tell: Tell) -> Ended:
    with tempfile.TemporaryDirectory() as name, SqliteTelemetryStore(Path(name) / "telemetry.sqlite") as store:
        return end_of(store, sets, tell)


def _in_influxdb(sets: Sequence[Orders], few: Sequence[Orders], tell: Tell) -> tuple[Ended, bool]:
    """Return where the orders ended, and whether a store that does not look was noticed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(real_influxd(folder))

        def opened(database: str, retention: dict[int, int]) -> InfluxTelemetryStore:
            server = InfluxServer(url, database, retention_days=retention)
            side = folder / f"{database}.sqlite"
            return stack.enter_context(InfluxTelemetryStore(server, _PACK, _CLAIMED, side))

        blind = opened("blind", {})
        blind.read(DEFAULT_TENANT)  # makes its places
        seen = end_of(WritesBlindly(blind, f"{url}/write?db=blind&precision=u"), few)
        return end_of(opened("orders", _RETENTION), sets, tell), seen.differing > 0


def _states(readings: pl.DataFrame) -> dict[str, State]:
    """Return the state of every machine."""
    rows: dict[str, list[tuple[tuple[str, datetime], str, int]]] = {}
    for asset, signal, moment, value, revision in readings.sort("asset", "signal", "time").iter_rows():
        rows.setdefault(asset, []).append(((signal, moment), value.hex(), revision))
    return {asset: tuple(state) for asset, state in rows.items()}
