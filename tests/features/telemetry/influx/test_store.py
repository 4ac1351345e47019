"""The store against an InfluxDB in memory that plays 1.x, 2.x and 3.x."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from features.telemetry.influx.server import InfluxServer
from features.telemetry.influx.store import InfluxTelemetryStore
from tests.features.telemetry.contract import TelemetryStoreContract
from tests.features.telemetry.influx.fake import FakeInflux


def opened(fake: FakeInflux, folder: Path, server: InfluxServer | None = None) -> InfluxTelemetryStore:
    """Return a store of two signals on a server."""
    used = server or InfluxServer(fake.url, "plant", org="acme", token=fake.token)
    return InfluxTelemetryStore(used, "pump", [("speed", 1), ("flow", 2)], folder / "changes.sqlite")


@pytest.fixture(params=["v2.7.1", "3.0.1"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InfluxTelemetryStore]:
    with FakeInflux(request.param).running() as fake, opened(fake, tmp_path) as store:
        yield store


class TestInfluxTelemetryStore(TelemetryStoreContract):
    """The store keeps the contract on 2.x and 3.x; a real 1.x stands in `test_real_server`."""
