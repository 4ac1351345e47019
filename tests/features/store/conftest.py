"""Online stores of every kind, empty."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis

from features.store.vectors import VectorStore
from features.store.vectors_redis import RedisVectorStore
from features.store.vectors_sqlite import SqliteVectorStore
from tests.features.store.redis_server import redis_server

_running: dict[str, str] = {}


@pytest.fixture(scope="session")
def _servers() -> Iterator[ExitStack]:
    with ExitStack() as servers:
        yield servers
    _running.clear()


@pytest.fixture
def redis_url(
    require_program: Callable[..., str], tmp_path_factory: pytest.TempPathFactory, _servers: ExitStack
) -> str:
    """The address of a real Redis, started once and emptied for each test."""
    program = require_program("redis-server")
    if program not in _running:
        _running[program] = _servers.enter_context(redis_server(program, tmp_path_factory.mktemp("redis")))
    with Redis.from_url(_running[program]) as client:
        client.flushall()
    return _running[program]


KINDS = ["sqlite", pytest.param("redis", marks=pytest.mark.integration)]
"""Every kind of online store."""


@pytest.fixture(params=KINDS)
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], VectorStore]]:
    """Opens the same store again and again, as several processes would."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    with ExitStack() as opened:

        def reopen() -> VectorStore:
            store = SqliteVectorStore(tmp_path / "vectors.sqlite") if url is None else RedisVectorStore(url)
            opened.callback(store.close)
            return store

        yield reopen


@pytest.fixture
def vectors(reopened: Callable[[], VectorStore]) -> VectorStore:
    """An online store of each kind."""
    return reopened()
