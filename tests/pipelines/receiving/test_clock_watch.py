from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from features.domain.arrivals import Arrival, ArrivalForm
from features.domain.errors import Unavailable
from features.domain.identifiers import DEFAULT_TENANT
from features.packs.loader import load_pack
from features.quality.verdicts import SetAsideReason
from features.records.database import Records, open_records
from features.records.set_aside import SetAside
from features.spool.contract import SpooledRecord
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.receiving.delivery import Delivery

T0 = datetime(2026, 11, 22, tzinfo=UTC)
USUAL = timedelta(seconds=5)


class Field:
    """A machine that sends a row a minute through a delivery each."""

    def __init__(self, store: SqliteTelemetryStore, records: Records) -> None:
        self.store, self.records = store, records
        self.delivery = self.fresh()
        self.offset = 0

    def fresh(self) -> Delivery:
        return Delivery(load_pack("pump"), self.store, self.records, clock=lambda: T0 + timedelta(days=30))

    def sent(self, minute: float, delay: timedelta = USUAL, asset: str = "p-01") -> SpooledRecord:
        """Return a delivery that arrived at a minute, with a row stamped so long before."""
        self.offset += 1
        arrived = T0 + timedelta(minutes=minute)
        stamp = int((arrived - delay).timestamp() * 1e9)
        body = f"pump,asset_id={asset} speed={1400 + minute} {stamp}\n".encode()
        arrival = Arrival(DEFAULT_TENANT, ArrivalForm.LINE_PROTOCOL, "http", arrived, body)
        return SpooledRecord(self.offset, arrival.to_bytes())

    def kept(self, asset: str = "p-01") -> int:
        return self.store.read(DEFAULT_TENANT, assets=[asset]).height

    def aside(self) -> int:
        return SetAside(self.records).counts(DEFAULT_TENANT).get(SetAsideReason.IMPLAUSIBLE_CLOCK, 0)


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Field]:
    records = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as store:
        yield Field(store, records)
    records.dispose()


def test_a_clock_that_falls_behind_is_found_after_three_deliveries_and_its_return_too(field: Field) -> None:
    field.delivery([field.sent(minute) for minute in range(10)])
    behind = timedelta(hours=3)
    field.delivery([field.sent(minute, behind) for minute in range(10, 20)])
    assert field.aside() == 8  # the first two might have been late
    field.delivery([field.sent(minute) for minute in range(20, 25)])
    assert field.kept() == 10 + 2 + 5
    (item, *_) = SetAside(field.records).list_all(DEFAULT_TENANT, reason=SetAsideReason.IMPLAUSIBLE_CLOCK)
    assert "10800 s before it" in item.detail


def test_a_restart_does_not_forget_what_is_usual(field: Field) -> None:
    field.delivery([field.sent(minute) for minute in range(10)])
    field.delivery = field.fresh()
    field.delivery([field.sent(minute, timedelta(hours=3)) for minute in range(10, 20)])
    assert field.aside() == 8


def test_single_late_rows_and_a_backlog_are_not_a_wrong_clock(field: Field) -> None:
    field.delivery([field.sent(minute) for minute in range(10)])
    field.delivery([field.sent(10, timedelta(hours=1)), field.sent(11), field.sent(12, timedelta(hours=7))])
    backlog = [field.sent(60 + second / 60, timedelta(minutes=40)) for second in range(30)]
    field.delivery(backlog)
    field.delivery([field.sent(minute) for minute in range(62, 66)])
    assert field.aside() == 0


def test_another_machine_is_judged_by_its_own_clock(field: Field) -> None:
    always_late = timedelta(hours=1)
    for minute in range(12):
        field.delivery([field.sent(minute), field.sent(minute, always_late, "p-02")])
    assert field.aside() == 0
    assert field.kept("p-02") == 12


def test_a_batch_that_is_delivered_again_is_judged_as_it_was(field: Field) -> None:
    field.delivery([field.sent(minute) for minute in range(10)])
    batch = [field.sent(minute, timedelta(hours=3)) for minute in range(10, 20)]

    class Stumbling:
        """Fails once, after the rows were judged."""

        has_failed = False

        def __getattr__(self, name: str) -> object:
            return getattr(field.store, name)

        def write(self, *arguments: object) -> object:
            if not self.has_failed:
                self.has_failed = True
                raise Unavailable("telemetry store", "it stumbled")
            return field.store.write(*arguments)  # type: ignore[arg-type]  # passed through

    field.delivery = Delivery(load_pack("pump"), Stumbling(), field.records)  # type: ignore[arg-type]  # a stand-in
    with pytest.raises(Unavailable):
        field.delivery(batch)
    field.delivery(batch)
    field.delivery(batch)
    assert field.aside() == 8
    assert field.kept() == 12
