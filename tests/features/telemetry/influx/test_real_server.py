"""The store against a real InfluxDB 1.x on loopback."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.telemetry.influx.server import InfluxServer
from features.telemetry.influx.store import InfluxTelemetryStore
from tests.features.telemetry.contract import TelemetryStoreContract

pytestmark = pytest.mark.integration
_databases = (f"db{number}" for number in itertools.count())


@pytest.fixture
def store(influxd: str, tmp_path: Path) -> Iterator[InfluxTelemetryStore]:
    server = InfluxServer(influxd, next(_databases))
    with InfluxTelemetryStore(server, "pump", [("speed", 1), ("flow", 1)], tmp_path / "changes.sqlite") as opened:
        yield opened


class TestInfluxTelemetryStore(TelemetryStoreContract):
    """The real server keeps the contract."""
