"""Every refusal has the one shape of RFC 9457, whichever layer gives it."""

import json
import time
from collections.abc import Iterator

import httpx
import pytest
from starlette.testclient import TestClient

from features.domain.errors import Unavailable
from serving.app import build_app
from serving.parts import Wiring
from serving.settings import Settings
from tests.serving.conftest import LOOPBACK, ClientFor
from tests.serving.fakes import House

JSON = {"content-type": "application/json"}
SMALL = Settings(max_body_bytes=1_024)


def check(answer: httpx.Response, status: int) -> dict[str, object]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    document: dict[str, object] = answer.json()
    assert set(document) - {"errors"} == {"type", "title", "status", "detail", "instance"}
    assert document["status"] == status
    assert document["instance"] == answer.request.url.path
    assert "Traceback" not in answer.text
    return document


def test_unknown_address(client: TestClient) -> None:
    check(client.get("/nowhere?token=secret-query"), 404)
    assert "secret-query" not in client.get("/nowhere?token=secret-query").text


def test_wrong_method_names_the_right_ones(client: TestClient) -> None:
    answer = client.delete("/v1/forecasts")
    check(answer, 405)
    assert answer.headers["allow"] == "POST"


def test_unknown_method(client: TestClient) -> None:
    check(client.request("BREW", "/v1/assets"), 405)


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "offset=-1", "sort=colour"])
def test_bad_query_names_the_place(client: TestClient, query: str) -> None:
    document = check(client.get(f"/v1/assets?{query}"), 422)
    errors = document["errors"]
    assert isinstance(errors, list)
    assert errors[0]["location"] == ["query", query.partition("=")[0]]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, ["body", "assets"]),
        ({"assets": []}, ["body", "assets"]),
        ({"assets": [7]}, ["body", "assets", 0]),
        ({"assets": ["p-01"], "more": 1}, ["body", "more"]),
        ({"assets": ["p-01", "p-01"]}, ["body", "assets"]),
        ([], ["body"]),
    ],
)
def test_bad_body_names_the_place(client: TestClient, body: object, place: list[object]) -> None:
    errors = check(client.post("/v1/forecasts", json=body), 422)["errors"]
    assert isinstance(errors, list)
    assert errors[0]["location"] == place


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"assets": [NaN]}',
        b'{"assets": Infinity}',
        b'{"assets": ["p-01"]} {}',
        b'{"assets": ["p-01"], "assets": ["p-02"]}',
        b'{"assets": ["\xff"]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_strict_json_is_refused(client: TestClient, body: bytes) -> None:
    check(client.post("/v1/forecasts", content=body, headers=JSON), 400)


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
     "application/vnd.bentoml+pickle", "application/json; charset=latin-1"],
)  # fmt: skip
def test_other_content_types_are_refused(client: TestClient, content_type: str) -> None:
    body = b'{"assets": ["p-01"]}'
    check(client.post("/v1/forecasts", content=body, headers={"content-type": content_type}), 415)


def test_too_large_a_body_is_refused_by_its_announced_length(small: House, client_for: ClientFor) -> None:
    check(client_for(small, SMALL).post("/v1/forecasts", content=b" " * 1_025, headers=JSON), 413)


def test_too_large_a_body_is_refused_while_it_streams(small: House, client_for: ClientFor) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"assets": ['
        for _ in range(100):
            yield b" " * 100

    check(client_for(small, SMALL).post("/v1/forecasts", content=endless(), headers=JSON), 413)


def test_an_error_of_our_own_tells_nothing(small: House, client_for: ClientFor) -> None:
    small.ledger.failure = RuntimeError("SELECT secret FROM forecasts WHERE tenant = 'rival-works'")
    document = check(client_for(small).get("/v1/assets/p-01/forecast"), 500)
    assert "SELECT" not in json.dumps(document)
    assert "rival" not in json.dumps(document)


def test_a_store_that_does_not_answer_is_a_503(small: House, client_for: ClientFor) -> None:
    small.ledger.failure = Unavailable("records", "disk /secret/path is gone")
    answer = client_for(small).get("/v1/assets/p-01/forecast")
    document = check(answer, 503)
    assert "records" in str(document["detail"])
    assert "/secret/path" not in answer.text
    assert answer.headers["retry-after"] == "5"


def test_an_answer_that_takes_too_long_is_given_up(small: House, client_for: ClientFor) -> None:
    class Slow(type(small.ledger)):  # type: ignore[misc]  # a fake with a pause
        def latest(self, *_: object) -> None:
            time.sleep(0.6)

    small.ledger = Slow()
    client = client_for(small, Settings(request_timeout_seconds=0.1))
    begun = time.perf_counter()
    check(client.get("/v1/assets/p-01/forecast"), 503)
    assert time.perf_counter() - begun < 5.0


def test_before_start_up_every_route_says_so() -> None:
    client = TestClient(
        build_app(Wiring()), base_url="http://localhost", client=LOOPBACK, raise_server_exceptions=False
    )
    assert client.get("/livez").status_code == 200
    check(client.get("/v1/assets"), 503)
    check(client.get("/"), 503)


def test_people_get_a_page_in_their_language(client: TestClient) -> None:
    answer = client.get("/assets/nobody", headers={"accept": "text/html", "accept-language": "zh-CN"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert 'lang="zh-Hans"' in answer.text
    check(client.get("/v1/assets/nobody", headers={"accept": "text/html"}), 404)
