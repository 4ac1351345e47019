from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.domain.arrivals import Arrival, ArrivalForm, Precision
from features.domain.identifiers import DEFAULT_TENANT, TenantId
from features.domain.packs import Pack
from features.records.database import Records, open_records
from features.records.set_aside import SetAside, SetAsideItem
from features.spool.contract import SpooledRecord
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.receiving.delivery import Delivery
from tests.pipelines.ingest.small_pack import PACK

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Yard:
    """The stores of an installation, and deliveries on their way to them."""

    store: SqliteTelemetryStore
    records: Records
    waiting: list[SpooledRecord] = field(default_factory=list)

    def arrive(
        self,
        body: str | bytes,
        form: ArrivalForm = ArrivalForm.JSON_LINES,
        *,
        channel: str = "http",
        at: datetime = NOW,
        tenant: TenantId = DEFAULT_TENANT,
    ) -> None:
        content = body.encode() if isinstance(body, str) else body
        arrival = Arrival(tenant, form, channel, at, content, Precision.SECONDS)
        self.waiting.append(SpooledRecord(len(self.waiting) + 1, arrival.to_bytes()))

    def delivery(self, clock: Callable[[], datetime] = lambda: NOW, pack: Pack = PACK) -> Delivery:
        return Delivery(pack, self.store, self.records, clock=clock)

    def readings(self, tenant: TenantId = DEFAULT_TENANT) -> list[tuple[str, str, datetime, float]]:
        return self.store.read(tenant).select("asset", "signal", "time", "value").rows()

    def aside(self) -> list[SetAsideItem]:
        return SetAside(self.records).list_all(DEFAULT_TENANT)


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    records = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as store:
        yield Yard(store, records)
    records.dispose()
