"""InfluxDB's own client against the service on a real socket, with the real spool behind it."""

import gzip
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import uvicorn
from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision

from features.domain.arrivals import Arrival, Precision
from features.spool.durable import DurableSpool
from serving.app import build_app
from serving.parts import Wiring
from serving.settings import Settings
from tests.serving.fakes import LOCAL, small_house

pytestmark = pytest.mark.integration

LINE = "pump,asset_id=p-01,tenant=rival-works flow=2.5,speed=1480 1772352000000000000"


class Served:
    """An address, and the spool behind it."""

    def __init__(self, port: int, spool: DurableSpool) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.spool = spool

    def arrivals(self) -> list[Arrival]:
        return [Arrival.from_bytes(record.content) for record in self.spool.peek(100)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    spool = DurableSpool(tmp_path / "spool.sqlite")
    wiring = Wiring()
    wiring.attach(Settings(), replace(small_house().parts(), spool=spool))
    server = uvicorn.Server(uvicorn.Config(build_app(wiring), log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Served(listener.getsockname()[1], spool)
    server.should_exit = True
    thread.join(10)
    listener.close()
    spool.close()


@pytest.fixture(params=[False, True], ids=["plain", "gzip"])
def client(served: Served, request: pytest.FixtureRequest) -> Iterator[InfluxDBClient]:
    with InfluxDBClient(served.url, token="any", org="any", enable_gzip=request.param) as made:  # none
        yield made


def test_it_finds_the_service_alive(client: InfluxDBClient) -> None:
    assert client.ping() is True
    assert str(client.version()).startswith("v2.")
    with pytest.warns(DeprecationWarning, match="ping"):
        assert client.health().status == "pass"


def test_what_it_writes_is_on_disk_when_it_returns(client: InfluxDBClient, served: Served) -> None:
    point = {
        "measurement": "pump",
        "tags": {"asset_id": "p-01", "tenant": "rival-works"},
        "fields": {"speed": 1480.0},
        "time": 1_772_352_000,
    }
    with client.write_api(write_options=SYNCHRONOUS) as write:
        write.write("any", "any", [point], write_precision=WritePrecision.S)
        for _ in range(2):
            write.write("any", "any", LINE, write_precision=WritePrecision.NS)
    first, second, again = served.arrivals()
    assert first.precision is Precision.SECONDS
    assert first.body == b"pump,asset_id=p-01,tenant=rival-works speed=1480 1772352000"
    assert second.body == LINE.encode()
    assert (second.source, second.tenant) == (again.source, LOCAL)


def test_it_shows_which_line_was_faulty_and_the_others_are_kept(client: InfluxDBClient, served: Served) -> None:
    with client.write_api(write_options=SYNCHRONOUS) as write, pytest.raises(InfluxDBError) as refusal:
        write.write("any", "any", f"{LINE}\npump,asset_id=p-01 speed=fast 1\n{LINE}")
    assert "line 2" in str(refusal.value.message)
    assert "2 without a fault were kept" in str(refusal.value.message)
    assert len(served.arrivals()) == 1


def test_telegraf_sends_in_pieces_and_begins_with_a_database(served: Served) -> None:
    with httpx.Client(base_url=served.url, headers={"user-agent": "Telegraf/1.30", "authorization": "Token x"}) as user:
        assert user.post("/query", data={"q": 'CREATE DATABASE "telegraf"'}).status_code == 200
        packed = gzip.compress(LINE.encode())
        pieces = (packed[place : place + 10] for place in range(0, len(packed), 10))
        headers = {"content-encoding": "gzip", "content-type": "text/plain; charset=utf-8"}
        assert user.post("/api/v2/write?bucket=b&org=o", content=pieces, headers=headers).status_code == 204
        assert user.head("/ping").status_code == 204
    assert served.arrivals()[0].body == LINE.encode()


def test_a_delivery_that_ends_before_its_time_is_not_taken_and_is_no_error_of_ours(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port)
    connection.putrequest("POST", "/write")
    connection.putheader("content-length", "1000")
    connection.endheaders(LINE.encode())
    connection.close()
    for _ in range(100):
        text = httpx.get(f"{served.url}/metrics").text
        if 'millwright_received_refused_total{route="/write"' in text:
            break
        time.sleep(0.02)
    assert 'millwright_received_refused_total{route="/write",status="400"} 1.0' in text
    assert served.arrivals() == []
    assert "unexpectedly" not in caplog.text


@pytest.mark.parametrize(
    "head",
    [b"POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Type: \xff\xfe\r\nContent-Length: 1\r\n\r\nx",
     b"POST /write?precision=\xff HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx",
     b"POST /write HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     b"POST /%ff%00 HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
     b"\x16\x03\x01\x00\xa5\x01\x00\x00"],
)  # fmt: skip
def test_odd_bytes_on_the_wire_get_no_5xx(served: Served, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as wire:
        wire.sendall(head)
        answer = wire.recv(65_536)
    assert not answer.startswith(b"HTTP/1.1 5"), answer
