from pathlib import Path

import pytest

from features.domain.errors import InvalidValue
from features.domain.home import Home
from features.packs.loader import load_pack
from features.telemetry.influx.address import influx_server
from features.telemetry.influx.store import InfluxTelemetryStore
from features.telemetry.opening import open_telemetry
from features.telemetry.sqlite import SqliteTelemetryStore


def test_without_a_server_the_store_is_a_file_in_the_data_folder(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with open_telemetry(home, load_pack("pump")) as store:
        assert isinstance(store, SqliteTelemetryStore)
    assert home.telemetry.exists()


def test_with_a_server_the_store_is_influxdb_and_nobody_is_asked_yet(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with open_telemetry(home, load_pack("pump"), influx_server("http://127.0.0.1:9/plant")) as store:
        assert isinstance(store, InfluxTelemetryStore)
    assert home.telemetry_changes.exists()


def test_the_address_carries_the_database_and_secrets_stay_out_of_sight() -> None:
    server = influx_server("https://[::1]:8086/plant", token="tok-1", org="maker", retention_days={3: 90})
    assert server is not None
    assert (server.url, server.database, server.org) == ("https://[::1]:8086", "plant", "maker")
    assert "tok-1" not in repr(server)
    assert influx_server(None) is None


@pytest.mark.parametrize("url", ["http://localhost:8086", "http://localhost:8086/", "ftp://h/plant", "nonsense"])
def test_an_address_without_a_database_or_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue):
        influx_server(url)
