"""A service made of fakes, and a client on the same machine."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from serving.app import build_app
from serving.settings import Settings
from tests.serving.fakes import House, small_house

LOOPBACK = ("127.0.0.1", 50_000)

ClientFor = Callable[..., TestClient]


@pytest.fixture
def small() -> House:
    return small_house()


@pytest.fixture
def client_for() -> ClientFor:
    """Give a function that makes a client of a house, by default one on this machine."""

    def make(house: House, settings: Settings | None = None, peer: tuple[str, int] = LOOPBACK) -> TestClient:
        app = build_app(house.wiring(settings))
        return TestClient(app, base_url="http://localhost", client=peer, raise_server_exceptions=False)

    return make


@pytest.fixture
def client(small: House, client_for: ClientFor) -> TestClient:
    return client_for(small)
