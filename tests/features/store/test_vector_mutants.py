"""The checks of the online store find the faults that they are there for: each is planted here once.

A check that finds nothing proves nothing until it has found these.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from redis import Redis

from features.store import online, vectors_redis, vectors_sqlite
from features.store.online_vectors import OnlineVectors
from features.store.packed import Cursor, PackedState, PackedVector
from features.store.vectors import VectorStore
from features.store.vectors_redis import RedisVectorStore
from features.store.vectors_sqlite import SqliteVectorStore
from tests.features.store import test_online_vectors as hot_path
from tests.features.store import test_vectors as contract
from tests.features.transforms.fleet import COUNTER

GUARD_CHECKS: list[Callable[[VectorStore], None]] = [
    contract.test_equal_event_is_replaced_by_what_was_created_later_and_by_nothing_else,
    contract.test_every_order_of_versions_ends_in_the_newest,
    lambda store: contract.test_older_event_never_overwrites(store, (0, 1)),
]
TOGETHER_CHECK = contract.test_nothing_of_a_batch_is_there_where_a_part_of_it_is_refused
FOUND = (AssertionError, pytest.fail.Exception)


class CursorFirst:
    """Writes the cursor in a transaction of its own before the rest."""

    def write(
        self,
        vectors: Sequence[PackedVector],
        states: Sequence[PackedState] = (),
        cursor: Cursor | None = None,
        *,
        or_equal: bool = True,
    ) -> int:
        """Write in two steps."""
        super().write([], [], cursor)  # type: ignore[misc]  # of the store beside which this is inherited
        written: int = super().write(vectors, states, or_equal=or_equal)  # type: ignore[misc]  # as above
        return written


class CursorLast:
    """Writes the cursor in a transaction of its own after the rest."""

    def write(
        self,
        vectors: Sequence[PackedVector],
        states: Sequence[PackedState] = (),
        cursor: Cursor | None = None,
        *,
        or_equal: bool = True,
    ) -> int:
        """Write in two steps."""
        written: int = super().write(vectors, states, or_equal=or_equal)  # type: ignore[misc]  # as in `CursorFirst`
        super().write([], [], cursor)  # type: ignore[misc]  # as above
        return written


class SqliteCursorFirst(CursorFirst, SqliteVectorStore):
    """The fault in a file."""


class SqliteCursorLast(CursorLast, SqliteVectorStore):
    """The fault in a file."""


class RedisCursorFirst(CursorFirst, RedisVectorStore):
    """The fault in Redis."""


class RedisCursorLast(CursorLast, RedisVectorStore):
    """The fault in Redis."""


def made(store: VectorStore) -> VectorStore:
    store.create(contract.VIEW)
    return store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vectors.sqlite"


@pytest.mark.parametrize("check", GUARD_CHECKS)
def test_guard_that_was_removed_is_found(
    path: Path, monkeypatch: pytest.MonkeyPatch, check: Callable[[VectorStore], None]
) -> None:
    check(made(SqliteVectorStore(path)))
    head, _ = vectors_sqlite._PUT_VECTOR.split("WHERE")
    monkeypatch.setattr(vectors_sqlite, "_PUT_VECTOR", head)
    with pytest.raises(FOUND):
        check(made(SqliteVectorStore(path.with_name("mutant.sqlite"))))


@pytest.mark.integration
@pytest.mark.parametrize("check", GUARD_CHECKS)
def test_guard_that_was_removed_from_the_script_is_found(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, check: Callable[[VectorStore], None]
) -> None:
    check(made(RedisVectorStore(redis_url)))
    with Redis.from_url(redis_url) as client:
        client.flushall()
    monkeypatch.setattr(vectors_redis, "_WRITE", vectors_redis._WRITE.replace("not present or", "true or"))
    with pytest.raises(FOUND):
        check(made(RedisVectorStore(redis_url)))


@pytest.mark.parametrize("mutant", ["excluded.event_us {newer} event_us", "excluded.created_us {newer} created_us"])
def test_guard_that_looks_at_one_of_the_two_times_is_found(
    path: Path, monkeypatch: pytest.MonkeyPatch, mutant: str
) -> None:
    guard = "(excluded.event_us, excluded.created_us) {newer} (event_us, created_us)"
    assert guard in vectors_sqlite._PUT_VECTOR
    monkeypatch.setattr(vectors_sqlite, "_PUT_VECTOR", vectors_sqlite._PUT_VECTOR.replace(guard, mutant))

    def check_all() -> None:
        for number, check in enumerate(GUARD_CHECKS):
            check(made(SqliteVectorStore(path.with_name(f"{number}.sqlite"))))

    with pytest.raises(FOUND):
        check_all()


@pytest.mark.parametrize("mutant", [SqliteCursorFirst, SqliteCursorLast])
def test_cursor_outside_the_transaction_is_found(path: Path, mutant: type[SqliteVectorStore]) -> None:
    TOGETHER_CHECK(made(SqliteVectorStore(path)))
    with pytest.raises(FOUND):
        TOGETHER_CHECK(made(mutant(path.with_name("mutant.sqlite"))))


@pytest.mark.integration
@pytest.mark.parametrize("mutant", [RedisCursorFirst, RedisCursorLast])
def test_cursor_outside_the_script_is_found(redis_url: str, mutant: type[RedisVectorStore]) -> None:
    TOGETHER_CHECK(made(RedisVectorStore(redis_url)))
    with Redis.from_url(redis_url) as client:
        client.flushall()
    with pytest.raises(FOUND):
        TOGETHER_CHECK(made(mutant(redis_url)))


def test_ttl_that_leaves_its_last_moment_out_is_found(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = hot_path.test_every_answer_says_its_age_and_the_last_moment_of_ttl_is_inside
    now = [hot_path.T0]
    vectors = OnlineVectors.of(SqliteVectorStore(path), COUNTER, clock=lambda: now[0])
    vectors.create()
    check(vectors, now)
    for wrong in (
        lambda vector: vector.age >= vector.ttl,
        lambda vector: vector.age > vector.ttl + hot_path.US,
        lambda _: False,
    ):
        monkeypatch.setattr(online.OnlineVector, "is_expired", property(wrong))
        with pytest.raises(FOUND):
            check(vectors, now)
