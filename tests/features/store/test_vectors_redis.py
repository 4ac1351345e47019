"""What the online store in Redis promises beyond the contract."""

from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis
from redis import exceptions as vendor

from features.domain.errors import InvalidValue, ServiceError
from features.store.errors import FeatureStoreFault, FeatureStoreUnavailable
from features.store.packed import Cursor
from features.store.vectors_redis import RedisVectorStore, ours, translated
from tests.features.store.redis_server import redis_server
from tests.features.store.test_vectors import MINE, VIEW, A, B, state, values, vector


@pytest.fixture
def store(redis_url: str) -> RedisVectorStore:
    made = RedisVectorStore(redis_url)
    made.create(VIEW)
    made.write([vector(A, 5, 1)], [state(A, b"one")], Cursor("spool", 7))
    return made


@pytest.mark.integration
def test_redis_that_was_emptied_does_not_answer_that_nothing_is_known(store: RedisVectorStore, redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        client.flushall()
    for ask in (lambda: store.read(MINE, VIEW, [A]), lambda: store.write([vector(A, 6, 2)], [], Cursor("spool", 8))):
        with pytest.raises(FeatureStoreUnavailable, match="emptied"):
            ask()
    assert store.cursor("spool") is None


@pytest.mark.integration
def test_hundred_assets_are_read_by_one_command_and_a_batch_is_written_by_one(
    store: RedisVectorStore, redis_url: str
) -> None:
    with Redis.from_url(redis_url) as client:

        def calls() -> int:
            return int(client.info("stats")["total_commands_processed"])

        own = calls() - calls()  # what asking costs itself, as a negative number
        before = calls()
        store.read(MINE, VIEW, [A, B] * 50)
        assert calls() - before + own == 1
        client.config_resetstat()
        store.write([vector(A, 6, 2), vector(B, 6, 2)], [state(B, b"two")], Cursor("spool", 8))
        sent = client.info("commandstats")
        assert sent["cmdstat_evalsha"]["calls"] == 1
        assert set(sent) <= {
            "cmdstat_evalsha",
            "cmdstat_hset",
            "cmdstat_hget",
            "cmdstat_hexists",
            "cmdstat_config|resetstat",
        }


@pytest.mark.integration
def test_script_is_sent_again_to_a_redis_that_has_forgotten_it(store: RedisVectorStore, redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        client.script_flush()
    assert store.write([vector(A, 6, 2)]) == 1


@pytest.mark.integration
def test_hash_that_somebody_put_something_else_into_is_a_fault_and_nothing_is_written(
    store: RedisVectorStore, redis_url: str
) -> None:
    with Redis.from_url(redis_url) as client:
        client.delete(f"millwright:states:{VIEW}")
        client.set(f"millwright:states:{VIEW}", "something else")
    with pytest.raises(FeatureStoreFault, match="WRONGTYPE"):
        store.write([vector(A, 6, 2)], [state(A, b"two")], Cursor("spool", 8))
    assert (values(store), store.cursor("spool")) == ({A: 1}, 7)


@pytest.mark.integration
def test_redis_without_room_is_unavailability_and_nothing_is_written(store: RedisVectorStore, redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        client.config_set("maxmemory", "1")
        try:
            with pytest.raises(FeatureStoreUnavailable, match="OutOfMemory"):
                store.write([vector(A, 6, 2)], [state(A, b"two")], Cursor("spool", 8))
        finally:
            client.config_set("maxmemory", "0")
    assert (values(store), store.state(MINE, VIEW, [A]), store.cursor("spool")) == ({A: 1}, {A: b"one"}, 7)


@pytest.mark.integration
def test_redis_that_went_away_is_unavailability_until_it_is_back(
    require_program: Callable[..., str], tmp_path: Path
) -> None:
    with redis_server(require_program("redis-server"), tmp_path) as url:
        store = RedisVectorStore(url, timeout_seconds=0.5)
        store.create(VIEW)
    for ask in (
        lambda: store.read(MINE, VIEW, [A]),
        lambda: store.write([vector(A, 5, 1)]),
        lambda: store.create(VIEW),
        lambda: store.state(MINE, VIEW, [A]),
        lambda: store.cursor("spool"),
    ):
        with pytest.raises(FeatureStoreUnavailable) as failed:
            ask()
        assert failed.value.part == "online store"


@pytest.mark.integration
def test_password_goes_with_the_address_and_is_never_told(require_program: Callable[..., str], tmp_path: Path) -> None:
    with redis_server(require_program("redis-server"), tmp_path, "--requirepass", "s3cret") as url:
        RedisVectorStore(url.replace("redis://", "redis://:s3cret@")).create(VIEW)
        with pytest.raises(FeatureStoreUnavailable) as refused:
            RedisVectorStore(url.replace("redis://", "redis://:wr0ng@")).create(VIEW)
    assert "wr0ng" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://:s3cret@host", "localhost:6379", "redis://", "redis://:s3cret@host:port"])
def test_address_that_cannot_be_right_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidValue, match="redis://localhost:6379/0") as refused:
        RedisVectorStore(url)
    assert "s3cret" not in str(refused.value)


def _classes_of_redis() -> list[type[Exception]]:
    found = [each for each in vars(vendor).values() if isinstance(each, type) and issubclass(each, Exception)]
    return [each for each in found if each.__module__ == vendor.__name__]


def test_every_error_of_redis_becomes_one_of_ours() -> None:
    assert len(_classes_of_redis()) > 28
    for kind in _classes_of_redis():
        error = kind.__new__(kind)
        with pytest.raises(ServiceError) as failed, translated():
            raise error
        assert failed.value.__cause__ is error
        assert isinstance(failed.value, FeatureStoreUnavailable | FeatureStoreFault)


@pytest.mark.parametrize(
    "error",
    [
        vendor.ConnectionError(),
        vendor.TimeoutError(),
        vendor.AuthenticationError(),
        vendor.BusyLoadingError(),
        vendor.ReadOnlyError(),
        vendor.OutOfMemoryError(),
        vendor.ClusterDownError("CLUSTERDOWN"),
        OSError("no route"),
    ],
)
def test_what_may_go_by_itself_or_by_somebody_elses_hand_is_unavailability(error: Exception) -> None:
    assert isinstance(ours(error), FeatureStoreUnavailable)


@pytest.mark.parametrize("error", [vendor.ResponseError("WRONGTYPE"), vendor.DataError(), vendor.NoScriptError()])
def test_what_was_asked_wrongly_is_a_fault(error: Exception) -> None:
    assert isinstance(ours(error), FeatureStoreFault)
