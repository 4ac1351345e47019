"""Random orders, delays, duplicates and conflicts of the same readings end in one state, in every store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from features.domain.identifiers import DEFAULT_TENANT
from features.telemetry.influx.server import InfluxServer
from features.telemetry.influx.store import InfluxTelemetryStore
from features.telemetry.sqlite import SqliteTelemetryStore
from features.telemetry.store import TelemetryStore, WriteReport
from tests.features.telemetry.influx.fake import FakeInflux
from tests.features.telemetry.orders import deliveries

SIGNALS = [("speed", 1), ("flow", 1)]


@pytest.fixture
def influx(tmp_path: Path) -> Iterator[InfluxTelemetryStore]:
    with FakeInflux("v2.7.1").running() as fake:
        server = InfluxServer(fake.url, "plant", org="acme")
        with InfluxTelemetryStore(server, "pump", SIGNALS, tmp_path / "changes.sqlite") as opened:
            yield opened


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqliteTelemetryStore]:
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as opened:
        yield opened


def end_alike(stores: list[TelemetryStore], orders: int, seed: int) -> None:
    """Deliver the same orders to several stores; they must count alike and end in the one state."""
    batches, state = deliveries(orders, seed)
    reports = [[store.write(DEFAULT_TENANT, batch) for batch in batches] for store in stores]
    assets = state["asset"].unique().to_list()
    for store, reported in zip(stores, reports, strict=True):
        assert reported == reports[0]
        assert sum(reported, WriteReport()).written == state.height
        assert store.read(DEFAULT_TENANT, assets=assets).equals(state)


def test_hundreds_of_orders_end_in_one_state(sqlite: SqliteTelemetryStore, influx: InfluxTelemetryStore) -> None:
    end_alike([sqlite, influx], orders=300, seed=1)


@pytest.mark.slow
def test_three_thousand_orders_end_in_one_state(sqlite: SqliteTelemetryStore, tmp_path: Path) -> None:
    for seed in range(12):  # a server each: this one looks at all that it has for every question
        with FakeInflux("v2.7.1").running() as fake:
            server = InfluxServer(fake.url, "plant", org="acme")
            with InfluxTelemetryStore(server, "pump", SIGNALS, tmp_path / f"{seed}.sqlite") as influx:
                end_alike([sqlite, influx], orders=250, seed=seed)


@pytest.mark.integration
@pytest.mark.slow
def test_ten_thousand_orders_end_in_one_state_on_a_real_server(
    sqlite: SqliteTelemetryStore, influxd: str, tmp_path: Path
) -> None:
    server = InfluxServer(influxd, "orders")
    with InfluxTelemetryStore(server, "pump", SIGNALS, tmp_path / "real.sqlite") as real:
        for seed in range(10):
            end_alike([sqlite, real], orders=1000, seed=seed)
