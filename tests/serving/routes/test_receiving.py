"""204 means: on disk. Everything else is a problem document that InfluxDB's clients can read too."""

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from features.domain.arrivals import ArrivalForm, Precision
from features.domain.errors import ServiceError
from features.spool.errors import RecordTooLarge, SpoolBusy, SpoolCorrupt, SpoolFull, SpoolUnavailable
from serving.settings import Settings
from tests.serving.conftest import ClientFor
from tests.serving.fakes import LOCAL, NOW, House
from tests.serving.test_problems import check

LINES = b"pump,asset_id=p-01,tenant=rival-works speed=1480,flow=2 1772352000\n"
BAD_LINE = b"pump,asset_id=p-01 speed=fast 1772352000\n"
READING = {"asset_id": "p-01", "time": "2026-03-01T08:00:00Z", "signals": {"speed": 1480.0}}
EVENT = {"asset_id": "p-01", "time": "2026-03-01T08:00:00Z", "event": "inspection"}
TABLE = b"asset_id,time,speed\np-01,2026-03-01T08:00:00Z,1480\n"

READINGS_LINE = json.dumps(READING).encode() + b"\n"
WRITES = pytest.mark.parametrize(
    ("path", "kind", "body", "form"),
    [
        ("/api/v2/write?org=o&bucket=b&precision=s", "text/plain; charset=utf-8", LINES, ArrivalForm.LINE_PROTOCOL),
        ("/write?db=d&rp=r&precision=s&u=me&p=hunter2&consistency=one", "", LINES, ArrivalForm.LINE_PROTOCOL),
        ("/v1/telemetry", "application/json", READINGS_LINE, ArrivalForm.JSON_LINES),
        ("/v1/telemetry", "application/x-ndjson", READINGS_LINE * 2, ArrivalForm.JSON_LINES),
        ("/v1/telemetry", "text/csv; charset=UTF-8", TABLE, ArrivalForm.CSV),
        ("/v1/events", "application/json", json.dumps([EVENT]).encode(), ArrivalForm.JSON_LINES),
    ],
)


def send(client: TestClient, path: str, kind: str, body: bytes, **headers: str) -> httpx.Response:
    answer: httpx.Response = client.post(path, content=body, headers={"content-type": kind} | headers)
    return answer


@WRITES
def test_what_is_sound_is_spooled_and_acknowledged(
    client: TestClient, small: House, path: str, kind: str, body: bytes, form: ArrivalForm
) -> None:
    answer = send(client, path, kind, body)
    assert (answer.status_code, answer.content) == (204, b"")
    [arrival] = small.spool.arrivals()
    assert (arrival.tenant, arrival.form, arrival.channel, arrival.arrived_at) == (LOCAL, form, "http", NOW)
    if form is not ArrivalForm.JSON_LINES:
        assert arrival.body == body


@WRITES
def test_gzip_is_unpacked_and_the_same_sent_twice_has_one_source(
    client: TestClient, small: House, path: str, kind: str, body: bytes, form: ArrivalForm
) -> None:
    assert send(client, path, kind, body).status_code == 204
    assert send(client, path, kind, gzip.compress(body), **{"content-encoding": "gzip"}).status_code == 204
    first, second = small.spool.arrivals()
    assert first == second
    assert first.source == second.source


@WRITES
@pytest.mark.parametrize("content", [b"", b" \n"])
def test_an_empty_delivery_is_acknowledged_and_not_spooled(
    client: TestClient, small: House, path: str, kind: str, body: bytes, form: ArrivalForm, content: bytes
) -> None:
    if kind == "application/json":
        content = b"[]"
    assert send(client, path, kind, content).status_code == 204
    assert small.spool.contents == []


@pytest.mark.parametrize("name", ["ns", "us", "ms", "s"])
def test_the_unit_of_timestamps_goes_with_the_lines(client: TestClient, small: House, name: str) -> None:
    assert send(client, f"/api/v2/write?precision={name}", "", LINES).status_code == 204
    assert small.spool.arrivals()[0].precision is Precision(name)


@pytest.mark.parametrize("path", ["/api/v2/write?precision=h", "/write?precision=m", "/write?precision=%00"])
def test_another_unit_is_refused_and_nothing_spooled(client: TestClient, small: House, path: str) -> None:
    document = check_delivery(send(client, path, "", LINES), 400)
    assert "precision" in str(document["detail"])
    assert small.spool.contents == []


def only_fault(document: dict[str, Any]) -> dict[str, Any]:
    [fault] = document["errors"]
    return dict(fault)


def check_delivery(answer: httpx.Response, status: int) -> dict[str, object]:
    document: dict[str, object] = answer.json()
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["message"] == document["error"] == document["detail"]
    assert document["code"]
    return document


def test_a_partial_failure_names_its_lines_and_keeps_the_good_ones(client: TestClient, small: House) -> None:
    body = LINES + BAD_LINE + LINES
    document = check_delivery(send(client, "/api/v2/write?precision=s", "", body), 400)
    assert document["code"] == "invalid"
    assert (document["kept"], document["faulty"]) == (2, 1)
    fault = only_fault(document)
    assert fault["location"] == ["body", "line", 2]
    assert fault["column"] > 1
    assert "partial write" in str(document["error"])
    assert "2 without a fault were kept" in str(document["detail"])
    assert small.spool.arrivals()[0].body == body


def test_without_a_good_line_it_is_kept_to_be_set_aside(client: TestClient, small: House) -> None:
    document = check_delivery(send(client, "/write?precision=s", "", BAD_LINE), 400)
    assert (document["kept"], document["faulty"]) == (0, 1)
    assert "none was without a fault" in str(document["detail"])
    assert len(small.spool.contents) == 1


def test_rows_of_a_table_that_are_too_long_go_apart(client: TestClient, small: House) -> None:
    long = b"p-01,2026-03-01T08:00:00Z,1,2,3\n"
    document = check_delivery(send(client, "/v1/telemetry", "text/csv", TABLE + long), 400)
    assert (document["kept"], document["faulty"]) == (1, 1)
    assert [arrival.body for arrival in small.spool.arrivals()] == [TABLE + b"\n", TABLE.splitlines(True)[0] + long]


def test_many_faults_are_counted_and_the_first_are_named(client: TestClient) -> None:
    answer = send(client, "/write", "", BAD_LINE * 5_000 + LINES)
    document = check_delivery(answer, 400)
    assert document["faulty"] == 5_000
    assert len(document["errors"]) == 100  # type: ignore[arg-type]  # a list
    assert len(answer.content) < 100_000


@pytest.mark.parametrize(
    ("kind", "body", "location"),
    [
        ("application/json", json.dumps([READING, READING | {"time": "2026-03-01T08:00:00"}]), ["item", 2, "time"]),
        ("application/x-ndjson", json.dumps(READING | {"time": "2026-03-01T08:00:00"}), ["line", 1, "time"]),
        ("text/csv", "asset_id,time\np-01,2026-03-01T08:00:00\n", ["line", 2]),
    ],
)
def test_a_time_without_its_zone_is_a_fault(client: TestClient, kind: str, body: str, location: list[object]) -> None:
    document = check_delivery(send(client, "/v1/telemetry", kind, body.encode()), 400)
    fault = only_fault(document)
    assert fault["location"] == ["body", *location]
    assert "zone" in fault["detail"]


def test_the_tenant_is_never_taken_from_what_was_sent(client: TestClient, small: House) -> None:
    headers = {"x-tenant": "rival-works", "authorization": "Token rival-works"}
    assert send(client, "/api/v2/write?org=rival-works&bucket=rival-works", "", LINES, **headers).status_code == 204
    assert send(client, "/v1/telemetry?tenant=rival-works", "application/x-ndjson", READINGS_LINE).status_code == 204
    assert {arrival.tenant for arrival in small.spool.arrivals()} == {LOCAL}


@pytest.mark.parametrize(
    ("failure", "status", "retry"),
    [
        (SpoolBusy("in the spool", pending_bytes=9, limit_bytes=9, retry_after_seconds=1.5), 429, "2"),
        (SpoolFull("no space left on /secret/disk"), 507, "5"),
        (SpoolUnavailable("/secret/path is gone"), 503, "5"),
        (SpoolCorrupt("/secret/path holds something else"), 503, "5"),
    ],
)
@WRITES
def test_what_the_spool_refuses_is_never_acknowledged(
    small: House, client: TestClient, failure: ServiceError, status: int, retry: str,
    path: str, kind: str, body: bytes, form: ArrivalForm,
) -> None:  # fmt: skip
    small.spool.failure = failure
    answer = send(client, path, kind, body)
    check_delivery(answer, status)
    assert answer.headers["retry-after"] == retry
    assert "secret" not in answer.text
    small.spool.failure = None
    assert send(client, path, kind, body).status_code == 204


def test_what_the_spool_can_never_take_is_too_large(small: House, client: TestClient) -> None:
    small.spool.failure = RecordTooLarge("a record", must="fit", found=9, remedy="Send less.")
    check_delivery(send(client, "/write", "", LINES), 413)


def test_deliveries_have_a_limit_of_their_own(small: House, client_for: ClientFor) -> None:
    client = client_for(small, Settings(max_body_bytes=1_024, max_write_bytes=4_096))
    body = LINES * (4_096 // len(LINES))
    assert send(client, "/write", "", body).status_code == 204
    check_delivery(send(client, "/write", "", body + LINES), 413)
    check(client.post("/v1/forecasts", content=body, headers={"content-type": "application/json"}), 413)

    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            yield LINES

    check_delivery(client.post("/write", content=endless()), 413)


def test_a_delivery_has_a_limit_once_it_is_unpacked(small: House, client_for: ClientFor) -> None:
    client = client_for(small, Settings(max_unpacked_bytes=100_000))
    bomb = gzip.compress(b"\0" * 1_000_000)
    check_delivery(send(client, "/write", "", bomb, **{"content-encoding": "gzip"}), 413)
    assert small.spool.contents == []


@pytest.mark.parametrize("path", ["/v1/telemetry", "/v1/events"])
@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/json; charset=latin-1", "multipart/form-data; boundary=x", "text/csv;;"]
)
def test_other_types_are_refused(client: TestClient, path: str, kind: str) -> None:
    if (path, kind) != ("/v1/telemetry", "text/csv;;"):
        check_delivery(send(client, path, kind, READINGS_LINE), 415)


def test_broken_gzip_and_other_encodings_are_refused(client: TestClient, small: House) -> None:
    check_delivery(send(client, "/write", "", b"no gzip", **{"content-encoding": "gzip"}), 400)
    check_delivery(send(client, "/write", "", LINES, **{"content-encoding": "br"}), 415)
    assert small.spool.contents == []


def test_nothing_is_acknowledged_before_it_is_taken_and_nobody_else_waits(small: House, client: TestClient) -> None:
    small.spool.gate.clear()
    with client, ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(send, client, "/write", "", LINES) for _ in range(20)]
        while small.spool.waiting < 16:
            assert client.get("/livez").status_code == 200
        assert client.get("/v1/assets").status_code == 200
        assert small.spool.waiting == 16  # the others wait their turn
        assert not any(answer.done() for answer in answers)
        assert small.spool.contents == []
        small.spool.gate.set()
        assert {answer.result().status_code for answer in answers} == {204}
    assert len(small.spool.contents) == 20


def test_deliveries_are_counted_by_route_and_outcome(client: TestClient, small: House) -> None:
    send(client, "/write", "", LINES)
    send(client, "/write", "", LINES + BAD_LINE)
    send(client, "/write", "", b"")
    send(client, "/v1/telemetry", "text/plain", LINES)
    text = client.get("/metrics").text
    assert 'millwright_received_deliveries_total{outcome="whole",route="/write"} 1.0' in text
    assert 'millwright_received_deliveries_total{outcome="partial",route="/write"} 1.0' in text
    assert 'millwright_received_deliveries_total{outcome="empty",route="/write"} 1.0' in text
    assert f'millwright_received_bytes_total{{route="/write"}} {2.0 * len(LINES) + len(BAD_LINE)}' in text
    assert 'millwright_received_refused_total{route="/write",status="400"} 1.0' in text
    assert 'millwright_received_refused_total{route="/v1/telemetry",status="415"} 1.0' in text
    assert "millwright_spool_pending 2.0" in text
    assert f"millwright_spool_pending_bytes {float(sum(map(len, small.spool.contents)))}" in text


def test_measures_stay_readable_while_the_spool_does_not_answer(client: TestClient, small: House) -> None:
    small.spool.failure = SpoolUnavailable("gone")
    assert "millwright_spool_pending" not in client.get("/metrics").text


def test_tokens_and_passwords_are_not_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="serving"):
        send(client, "/write?u=me&p=hunter2&db=x", "", LINES, authorization="Token hunter2")
        send(client, "/write?u=me&p=hunter2&precision=h", "", LINES, authorization="Token hunter2")
    assert "hunter2" not in caplog.text
