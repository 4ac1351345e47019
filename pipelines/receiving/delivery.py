"""From the spool into the stores: what a batch of records says is judged, kept and counted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import polars as pl

from features.domain.arrivals import Arrival
from features.domain.errors import InvalidValue, NotFound, ServiceError, Unavailable
from features.domain.identifiers import TenantId
from features.domain.packs import LifeSource, Pack
from features.quality.clock import ClockParameters
from features.quality.verdicts import SetAsideReason
from features.records.arrivals import ArrivalRecords
from features.records.clock_states import ClockStates
from features.records.database import Records
from features.spool.contract import SpooledRecord
from features.spool.errors import PoisonedRecords
from features.telemetry.store import TelemetryStore
from pipelines.ingest.events import take_events
from pipelines.ingest.intake import Intake, Offered, now
from pipelines.ingest.judging import is_well_formed
from pipelines.ingest.keys import row_item
from pipelines.ingest.plausible_clock import PlausibleClock
from pipelines.ingest.report import Tally
from pipelines.receiving.clock_watch import ClockWatch
from pipelines.receiving.counting import ARRIVALS, counts, quarantined
from pipelines.receiving.parcel import Parcel


class Delivery:
    """Takes batches of records of the spool into the stores; what a `Drainer` calls.

    Everything is idempotent: a batch, or any part of it, may be delivered again and changes nothing. All readings of
    a tenant's share of a batch are written at once.

    Args:
        pack: The pack that is served.
        store: Where readings go.
        records: Where everything else goes.
        rule: Which times are believed; None means the usual for the pack.
        clock: Tells the time.
    """

    def __init__(
        self,
        pack: Pack,
        store: TelemetryStore,
        records: Records,
        *,
        rule: PlausibleClock | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._pack, self._store, self._records = pack, store, records
        self._rule, self._clock = rule, clock
        self._counts = ArrivalRecords(records)
        self._intakes: dict[TenantId, Intake] = {}
        self._watches: dict[TenantId, ClockWatch] = {}

    def __call__(self, records: Sequence[SpooledRecord]) -> None:
        """Deliver a batch; when it returns, everything that it says is in the stores.

        Raises:
            PoisonedRecords: If some records are no arrivals, or none that can be read; nothing was kept.
            Unavailable: If a store does not take anything now; delivering again later is safe.
        """
        arrivals = _decoded(records)
        parcels = _opened(arrivals)
        with _later(), self._watched():
            after = self._counts.counted()
            kept = {tenant: self._take(tenant, parcel) for tenant, parcel in parcels.items()}
            self._count(kept, arrivals, after)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Remember what was learned of clocks if the batch is kept, and only then."""
        try:
            yield
        except BaseException:
            for watch in self._watches.values():
                watch.forget()
            raise
        for watch in self._watches.values():
            watch.commit()

    def _take(self, tenant: TenantId, parcel: Parcel) -> list[Offered]:
        """Keep one tenant's share; rows of our own pack come first, so that their assets are ours."""
        intake = self._intake(tenant)
        tables = sorted(parcel.tables(), key=lambda each: each[0] not in {None, self._pack.id})
        offered = []
        for measurement, table in tables:
            if measurement is None or is_well_formed(measurement):
                offered.append(intake.offer(table, measurement=measurement))
            else:
                must = f"a measurement must be named by letters, digits and single underscores; found {measurement!r}"
                rows = table.iter_rows(named=True)
                parcel.items += [row_item(row, "", SetAsideReason.UNKNOWN_SIGNAL, must) for row in rows]
        intake.put_aside([*parcel.items, *parcel.lines.items])
        intake.keep(offered)
        for events in parcel.lines.event_tables():
            take_events(intake, events)
        intake.settle_lives()
        return offered

    def _intake(self, tenant: TenantId) -> Intake:
        if tenant not in self._intakes:
            intake = Intake(self._pack, tenant, self._store, self._records, clock=self._clock, rule=self._rule)
            if self._pack.life.source is not LifeSource.COUNT:
                tolerance = (self._rule or PlausibleClock.of(self._pack)).tolerance
                parameters = ClockParameters(tolerance_us=tolerance.total_seconds() * 1e6)
                intake.takes_lives = False  # one dated in 1970 would begin a life there
                intake.watch = self._watches[tenant] = ClockWatch(ClockStates(self._records), tenant, parameters)
            self._intakes[tenant] = intake
        found = self._intakes[tenant]
        found.tally = Tally()
        return found

    def _count(self, kept: Mapping[TenantId, Sequence[Offered]], arrivals: Mapping[int, Arrival], after: int) -> None:
        new = {offset: arrival for offset, arrival in arrivals.items() if offset > after}
        if not new:
            return
        table = pl.DataFrame(
            [(offset, arrival.arrived_at, arrival.channel) for offset, arrival in new.items()],
            schema=ARRIVALS,
            orient="row",
        )
        self._counts.note(
            [count for tenant, offered in kept.items() for count in counts(tenant, offered, table)],
            [each for tenant, offered in kept.items() for each in quarantined(tenant, offered, table)],
            after=after,
            upto=max(new),
        )


def _decoded(records: Sequence[SpooledRecord]) -> dict[int, Arrival]:
    found: dict[int, Arrival] = {}
    reasons: dict[int, str] = {}
    for record in records:
        try:
            found[record.offset] = Arrival.from_bytes(record.content)
        except InvalidValue as error:
            reasons[record.offset] = str(error)
    if reasons:
        raise PoisonedRecords(reasons)
    return found


def _opened(arrivals: Mapping[int, Arrival]) -> dict[TenantId, Parcel]:
    parcels: dict[TenantId, Parcel] = {}
    reasons: dict[int, str] = {}
    for offset, arrival in arrivals.items():
        try:
            parcels.setdefault(arrival.tenant, Parcel()).add(arrival, offset)
        except InvalidValue as error:
            reasons[offset] = str(error)
    if reasons:
        raise PoisonedRecords(reasons)
    return parcels


@contextmanager
def _later() -> Iterator[None]:
    """Let what no record is to blame for (a full disk, a damaged file) be tried again instead of condemning records."""
    try:
        yield
    except (Unavailable, InvalidValue, NotFound):
        raise
    except (ServiceError, OSError) as error:
        raise Unavailable("delivery", str(error)) from error
