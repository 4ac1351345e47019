"""What InfluxDB's clients ask before they write."""

import pytest
from starlette.testclient import TestClient

from features.spool.errors import SpoolFull, SpoolUnavailable
from serving.settings import Settings
from serving.wire import HealthOut
from tests.serving.conftest import ClientFor
from tests.serving.fakes import House
from tests.serving.test_problems import check

LINE = b"pump,asset_id=p-01 speed=1480\n"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_ping_says_a_version_from_which_clients_conclude_how_to_write(client: TestClient, method: str) -> None:
    answer = client.request(method, "/ping")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["x-influxdb-version"].startswith("v2.")
    assert answer.headers["x-influxdb-build"]


def test_health_passes_while_deliveries_are_taken(client: TestClient) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert HealthOut.model_validate_json(answer.content).status == "pass"


def test_health_fails_while_the_spool_refuses_and_passes_again(client: TestClient, small: House) -> None:
    small.spool.failure = SpoolFull("no space")
    assert client.post("/write", content=LINE).status_code == 507
    answer = client.get("/health")
    assert (answer.status_code, HealthOut.model_validate_json(answer.content).status) == (503, "fail")
    small.spool.failure = None
    assert client.post("/write", content=LINE).status_code == 204
    assert client.get("/health").status_code == 200


def test_health_fails_while_the_spool_does_not_answer(client: TestClient, small: House) -> None:
    small.spool.failure = SpoolUnavailable("/secret/path is gone")
    answer = client.get("/health")
    assert answer.status_code == 503
    assert "secret" not in answer.text


def test_health_fails_while_too_much_waits(small: House, client_for: ClientFor) -> None:
    small.spool.contents.append(b"x" * 1_048_576)
    assert client_for(small, Settings(spool_max_bytes=1_048_576)).get("/health").status_code == 503


@pytest.mark.parametrize("asked", ['CREATE DATABASE "telegraf"', "create database x WITH DURATION 1d"])
def test_a_database_is_there_whatever_its_name(client: TestClient, asked: str) -> None:
    for answer in (client.post("/query", params={"q": asked}), client.post("/query", data={"q": asked})):
        assert answer.status_code == 200
        assert answer.json() == {"results": [{"statement_id": 0}]}


@pytest.mark.parametrize("asked", ["SHOW DATABASES", "", "DROP DATABASE x", "CREATE DATABASE"])
def test_other_queries_are_refused(client: TestClient, asked: str) -> None:
    check(client.post("/query", params={"q": asked}), 400)
    check(client.post("/query", content=b"\xff&" * 100), 400)
