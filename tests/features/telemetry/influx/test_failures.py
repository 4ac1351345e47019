"""Every exception of influxdb-client and urllib3 becomes one of ours, and says nothing that is secret."""

import inspect
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import ModuleType

import influxdb_client.client.exceptions
import influxdb_client.rest
import pytest
import urllib3.exceptions

from features.domain.errors import ServiceError, Unavailable
from features.domain.identifiers import DEFAULT_TENANT
from features.telemetry.errors import (
    RefusedLines,
    RefusedReadings,
    StoreFault,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
)
from features.telemetry.influx.failures import ours, translated
from features.telemetry.influx.server import InfluxServer
from features.telemetry.influx.store import InfluxTelemetryStore
from tests.features.telemetry.contract import at, frame
from tests.features.telemetry.influx.fake import FakeInflux, Fault

TOKEN = "a-token-that-nobody-may-see"
ONE = frame(("a", "speed", at(0), 1.0, 0), ("b", "speed", at(1), 1.0, 0))


@pytest.fixture
def fake() -> Iterator[FakeInflux]:
    with FakeInflux("v2.7.1", token=TOKEN, databases=("plant",)).running() as running:
        yield running


@pytest.fixture
def store(fake: FakeInflux, tmp_path: Path) -> Iterator[InfluxTelemetryStore]:
    server = InfluxServer(fake.url, "plant", org="acme", token=TOKEN, timeout_seconds=0.5)
    with InfluxTelemetryStore(server, "pump", [("speed", 1)], tmp_path / "changes.sqlite") as opened:
        yield opened


def exceptions_of(*modules: ModuleType) -> list[type[BaseException]]:
    """Return the exceptions that some modules define; what they import from Python itself they wrap."""
    found = {each for module in modules for _, each in inspect.getmembers(module, inspect.isclass)}
    own = {each for each in found if each.__module__.startswith(("influxdb_client", "urllib3"))}
    return sorted((each for each in own if issubclass(each, BaseException)), key=str)


def one_of(kind: type[BaseException]) -> BaseException:
    """Return an exception of a kind, as far as possible without its arguments."""
    if kind is urllib3.exceptions.IncompleteRead:
        return urllib3.exceptions.IncompleteRead(1, 2)
    if kind is urllib3.exceptions.InvalidChunkLength:
        return urllib3.exceptions.InvalidChunkLength(urllib3.HTTPResponse(b""), b"x")
    if issubclass(kind, influxdb_client.client.exceptions.InfluxDBError):
        return kind()
    return kind.__new__(kind, "details")


@pytest.mark.parametrize(
    "kind",
    exceptions_of(influxdb_client.rest, influxdb_client.client.exceptions, urllib3.exceptions),
    ids=lambda kind: kind.__name__,
)
@pytest.mark.parametrize("doing", ["writing", "reading"])
def test_every_exception_of_the_vendors_becomes_ours(kind: type[BaseException], doing: str) -> None:
    error = one_of(kind)
    with pytest.raises(ServiceError) as caught, translated(doing):
        raise error
    assert caught.value.__cause__ is error
    assert isinstance(caught.value, (Unavailable, StoreFault))


@pytest.mark.parametrize("error", [ConnectionResetError(), BrokenPipeError(), ssl.SSLError("bad"), TimeoutError()])
def test_what_the_operating_system_raises_is_unavailable(error: OSError) -> None:
    assert type(ours(error, "reading")) is StoreUnavailable


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"code":"invalid","message":"unable to parse"}', RefusedLines),
        (422, b'{"code":"unprocessable entity","message":"partial write: dropped=1"}', RefusedLines),
        (400, b"<html>The plain HTTP request was sent to HTTPS port</html>", StoreRefused),
        (400, b'{"error":"partial write: max-values-per-tag limit exceeded dropped=1"}', StoreFull),
        (401, b'{"code":"unauthorized","message":"unauthorized access"}', StoreRefused),
        (403, b'{"code":"forbidden","message":"insufficient permissions"}', StoreRefused),
        (404, b'{"code":"not found","message":"bucket \\"plant\\" not found"}', StoreRefused),
        (405, b"", StoreRefused),
        (301, b"", StoreRefused),
        (408, b"", StoreUnavailable),
        (413, b"", RefusedLines),
        (429, b"", StoreUnavailable),
        (500, b'{"error":"timeout"}', StoreUnavailable),
        (500, b'{"error":"retention policy not found: x"}', StoreRefused),
        (500, b'{"error":"open /var/x: no space left on device"}', StoreFull),
        (502, b"<html>", StoreUnavailable),
        (503, b"", StoreUnavailable),
        (507, b"", StoreFull),
    ],
)
def test_each_status_of_a_write_means_one_thing(
    fake: FakeInflux, store: InfluxTelemetryStore, status: int, body: bytes, kind: type[ServiceError]
) -> None:
    fake.faults.extend([Fault("/api/v2/write", status, body)] * 4)
    with pytest.raises(ServiceError) as caught:
        store.write(DEFAULT_TENANT, ONE)
    assert type(caught.value) is kind
    assert isinstance(caught.value, (Unavailable, RefusedReadings, StoreFull))
    fake.faults.clear()
    assert store.write(DEFAULT_TENANT, ONE).written == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 503])
def test_a_question_that_fails_never_blames_the_readings(
    fake: FakeInflux, store: InfluxTelemetryStore, status: int
) -> None:
    fake.faults.append(Fault("/query", status, b'{"error":"no"}'))
    with pytest.raises(StoreUnavailable):
        store.write(DEFAULT_TENANT, ONE)
    assert store.write(DEFAULT_TENANT, ONE).written == 2


def test_the_server_says_how_long_to_wait(fake: FakeInflux, store: InfluxTelemetryStore) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    for told, least, most in (("7", 7, 7), (soon, 50, 60), ("soon", None, None)):
        fake.faults.append(Fault("/api/v2/write", 429, headers={"Retry-After": told}))
        with pytest.raises(StoreUnavailable) as caught:
            store.write(DEFAULT_TENANT, ONE)
        waits = caught.value.retry_after_seconds
        assert (waits is None) if least is None or most is None else (waits is not None and least <= waits <= most)


def test_a_partial_refusal_names_its_readings(fake: FakeInflux, store: InfluxTelemetryStore) -> None:
    body = b'{"error":"partial write","data":[{"line_number":2,"error_message":"invalid column type"}]}'
    fake.faults.append(Fault("/api/v2/write", 400, body))
    with pytest.raises(RefusedLines, match="invalid column type") as caught:
        store.write(DEFAULT_TENANT, ONE)
    assert caught.value.lines == ("b 2026-03-01T00:01:00+00:00",)


def test_what_is_too_large_is_written_in_parts(fake: FakeInflux, store: InfluxTelemetryStore) -> None:
    fake.faults.append(Fault("/api/v2/write", 413))
    assert store.write(DEFAULT_TENANT, ONE).written == 2
    assert store.read(DEFAULT_TENANT).equals(ONE)


def test_a_server_that_hangs_is_unavailable_after_the_timeout(fake: FakeInflux, store: InfluxTelemetryStore) -> None:
    for path in ("/api/v2/write", "/query"):
        fake.faults.append(Fault(path, seconds=1.0))
        with pytest.raises(StoreUnavailable, match="in time"):
            store.write(DEFAULT_TENANT, ONE)
    assert store.read(DEFAULT_TENANT).equals(ONE)  # the request that timed out was carried out all the same
    assert store.write(DEFAULT_TENANT, ONE).duplicates == 2


def test_a_lost_answer_leaves_no_gap_and_nothing_double(fake: FakeInflux, store: InfluxTelemetryStore) -> None:
    fake.faults.append(Fault("/api/v2/write", drops_answer=True))
    with pytest.raises(StoreUnavailable):
        store.write(DEFAULT_TENANT, ONE)
    store.write(DEFAULT_TENANT, ONE)
    assert store.read(DEFAULT_TENANT).equals(ONE)
    assert {each.asset for each in store.changes_since(0, 100)} == {"a", "b"}


@pytest.mark.parametrize(("version", "most"), [("1.6.7", 147), ("v2.7.1", 147), ("3.0.1", 100)])
def test_an_answer_that_is_cut_off_is_never_taken_for_a_short_one(tmp_path: Path, version: str, most: int) -> None:
    with FakeInflux(version).running() as fake:
        server = InfluxServer(fake.url, "plant", org="acme")
        with InfluxTelemetryStore(server, "pump", [("speed", 1)], tmp_path / "changes.sqlite") as store:
            store.write(DEFAULT_TENANT, ONE)
            path = "/api/v3/query_influxql" if version == "3.0.1" else "/query"
            for length in range(0, most, 7):
                fake.faults.append(Fault(path, cut_at=length))
                with pytest.raises(StoreUnavailable):
                    store.read(DEFAULT_TENANT, signals=["speed"])


@pytest.mark.parametrize(
    "body", [b"", b"<html>hello</html>", b"\xff\xfe\x00", b"name,tags,time\nx", b"a,b\n1\n2,3,4\n"]
)
def test_garbage_is_never_taken_for_an_answer(fake: FakeInflux, store: InfluxTelemetryStore, body: bytes) -> None:
    store.write(DEFAULT_TENANT, ONE)
    fake.faults.append(Fault("/query", 200, body))
    with pytest.raises(StoreUnavailable):
        store.read(DEFAULT_TENANT, signals=["speed"])
    garbage = b"name,tags,time,asset_id,speed\npump,,yesterday,a,fast\n\nname,tags,name\ndatabases,,plant\n"
    fake.faults.append(Fault("/query", 200, garbage))
    with pytest.raises(StoreUnavailable, match="no CSV"):
        store.read(DEFAULT_TENANT, signals=["speed"])
    zipped = Fault("/query", 200, b"this is no gzip", {"Content-Encoding": "gzip"})
    fake.faults.append(zipped)
    with pytest.raises(StoreUnavailable, match="unpacked"):
        store.read(DEFAULT_TENANT, signals=["speed"])


def test_a_database_that_vanished_is_no_empty_answer(tmp_path: Path) -> None:
    with FakeInflux("1.6.7").running() as fake:
        store = InfluxTelemetryStore(InfluxServer(fake.url, "plant"), "pump", [], tmp_path / "changes.sqlite")
        assert store.read(DEFAULT_TENANT).is_empty()
        del fake.points["plant"]
        with store, pytest.raises(StoreRefused, match="database not found"):
            store.read(DEFAULT_TENANT)


def test_nobody_listening_is_unavailable(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = InfluxServer(f"http://127.0.0.1:{probe.getsockname()[1]}", "plant", token=TOKEN)
        with InfluxTelemetryStore(server, "pump", [], tmp_path / "changes.sqlite") as store:
            with pytest.raises(StoreUnavailable) as caught:
                store.write(DEFAULT_TENANT, ONE)
            assert TOKEN not in repr(caught.value) + str(caught.value.__cause__)
            assert store.changes_since(0, 10) == []


def test_something_that_does_not_speak_http_is_unavailable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        server = InfluxServer(f"http://127.0.0.1:{listener.getsockname()[1]}", "plant")
        store = InfluxTelemetryStore(server, "pump", [], tmp_path / "changes.sqlite")
        with store, pytest.raises(StoreUnavailable):
            store.write(DEFAULT_TENANT, ONE)
        thread.join()


def test_a_wrong_token_is_refused_and_never_shown(fake: FakeInflux, tmp_path: Path) -> None:
    server = InfluxServer(fake.url, "plant", org="acme", token="wrong-and-secret")
    assert "secret" not in repr(server)
    store = InfluxTelemetryStore(server, "pump", [], tmp_path / "changes.sqlite")
    with store, pytest.raises(StoreRefused, match="token") as caught:
        store.write(DEFAULT_TENANT, ONE)
    assert "wrong-and-secret" not in str(caught.value)


def test_a_closed_store_says_so(store: InfluxTelemetryStore) -> None:
    store.close()
    with pytest.raises(StoreFault, match="closed"):
        store.read(DEFAULT_TENANT)
