import pytest
from starlette.testclient import TestClient

from tests.serving.conftest import ClientFor
from tests.serving.fakes import House

PATHS = ("/livez", "/", "/v1/assets", "/metrics", "/static/charts.js", "/nowhere", "/docs.json")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.200.3.4", "::1", "::ffff:127.0.0.1", "0:0:0:0:0:0:0:1"])
def test_peers_on_this_machine_come_in(small: House, client_for: ClientFor, address: str) -> None:
    assert client_for(small, peer=(address, 1)).get("/livez").status_code == 200


@pytest.mark.parametrize(
    "address", ["10.0.0.7", "192.168.1.4", "::ffff:10.0.0.7", "fe80::1", "2001:db8::1", "testclient", "", "::"]
)
@pytest.mark.parametrize("path", PATHS)
def test_every_other_peer_is_refused_everywhere(small: House, client_for: ClientFor, address: str, path: str) -> None:
    answer = client_for(small, peer=(address, 1)).get(path)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "127.0.0.2", "[::1]", "[::1]:3000"])
def test_own_names_are_accepted(client: TestClient, host: str) -> None:
    assert client.get("/livez", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1", "[::2]", "", "::1",
     "localhost:", "localhost:x", "localhost@evil.example", "[::1", "127.0.0.1:3000:1"],
)  # fmt: skip
@pytest.mark.parametrize("path", PATHS)
def test_foreign_names_are_refused_everywhere(client: TestClient, host: str, path: str) -> None:
    assert client.get(path, headers={"host": host}).status_code == 403


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"])
def test_what_came_through_a_proxy_is_refused(client: TestClient, header: str) -> None:
    assert client.get("/livez", headers={header: "127.0.0.1"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "https://localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_sites_may_not_send(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/v1/forecasts", json={"assets": ["p-01"]}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}])
def test_programs_and_own_pages_may_send(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/v1/forecasts", json={"assets": ["p-01"]}, headers=headers).status_code == 200


def test_links_from_other_sites_may_be_followed(client: TestClient) -> None:
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_two_host_headers_are_refused(client: TestClient) -> None:
    assert client.get("/livez", headers=[("host", "localhost"), ("host", "evil.example")]).status_code == 403


def test_a_websocket_from_elsewhere_is_closed(small: House, client_for: ClientFor) -> None:
    from starlette.websockets import WebSocketDisconnect

    stranger = client_for(small, peer=("10.0.0.7", 1))
    with pytest.raises(WebSocketDisconnect), stranger.websocket_connect("/"):
        pass
