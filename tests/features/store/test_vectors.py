"""What every online store promises, checked with each kind."""

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.domain.identifiers import AssetId, TenantId
from features.store.errors import CursorMoved, FeatureStoreFault, FeatureStoreUnavailable
from features.store.packed import Cursor, PackedState, PackedVector, Vector, VectorKey, pack, unpack
from features.store.vectors import VectorStore

MINE, YOURS = TenantId("mine"), TenantId("yours")
A, B, C = AssetId("a"), AssetId("b"), AssetId("plant/line:1")
VIEW, OTHER = "pump_condition_1", "pump_condition_2"


def vector(
    asset: AssetId, time_us: int, value: float, created_us: int | None = None, tenant: TenantId = MINE, view: str = VIEW
) -> PackedVector:
    values = np.array([value, np.nan], np.float32)
    content = pack(Vector(time_us, time_us if created_us is None else created_us, values, life=value))
    return PackedVector(VectorKey(tenant, view, asset), content)


def state(asset: AssetId, content: bytes, view: str = VIEW) -> PackedState:
    return PackedState(VectorKey(MINE, view, asset), content)


def values(store: VectorStore, tenant: TenantId = MINE, view: str = VIEW) -> dict[AssetId, float]:
    return {key: float(unpack(found).values[0]) for key, found in store.read(tenant, view, [A, B, C]).items()}


@pytest.fixture
def store(vectors: VectorStore) -> VectorStore:
    vectors.create(VIEW)
    return vectors


def test_vectors_are_read_back_as_they_were_written(store: VectorStore) -> None:
    written = [vector(A, 5, 1.5), vector(C, -7, 2.5)]
    assert store.write(written) == 2
    assert store.read(MINE, VIEW, [C, B, A]) == {each.key.asset: each.content for each in written}
    assert store.read(MINE, VIEW, []) == {}
    assert store.write([]) == 0


def test_tenants_and_views_share_nothing(store: VectorStore) -> None:
    store.create(OTHER)
    store.write([vector(A, 5, 1), vector(A, 9, 2, tenant=YOURS), vector(A, 1, 3, view=OTHER)])
    assert (values(store), values(store, YOURS), values(store, view=OTHER)) == ({A: 1}, {A: 2}, {A: 3})
    store.drop(OTHER)
    assert values(store) == {A: 1}


@pytest.mark.parametrize("times", [(-(10**15), 10**15), (2**31, 2**32), (253_402_300_799_000_000 - 1, 2**57), (0, 1)])
def test_older_event_never_overwrites(store: VectorStore, times: tuple[int, int]) -> None:
    older, newer = sorted(times)
    assert store.write([vector(A, newer, 1)]) == 1
    assert store.write([vector(A, older, 2, created_us=newer + 5), vector(B, older, 3)]) == 1
    assert values(store) == {A: 1, B: 3}


def test_equal_event_is_replaced_by_what_was_created_later_and_by_nothing_else(store: VectorStore) -> None:
    store.write([vector(A, 5, 1, created_us=7)])
    assert store.write([vector(A, 5, 2, created_us=6)]) == 0
    assert store.write([vector(A, 5, 3, created_us=8)]) == 1
    assert values(store) == {A: 3}


def test_the_same_version_again_is_written_or_not_as_asked(store: VectorStore) -> None:
    store.write([vector(A, 5, 1)])
    assert store.write([vector(A, 5, 2)], or_equal=False) == 0
    assert values(store) == {A: 1}
    assert store.write([vector(A, 5, 3)]) == 1
    assert values(store) == {A: 3}


def test_every_order_of_versions_ends_in_the_newest(store: VectorStore) -> None:
    versions = [(5, 5, 1.0), (5, 9, 2.0), (7, 7, 3.0), (7, 8, 4.0)]
    for number, order in enumerate(permutations(versions)):
        asset = AssetId(f"m{number}")
        for time, created, value in order:
            store.write([vector(asset, time, value, created)])
        in_one = AssetId(f"n{number}")
        store.write([vector(in_one, time, value, created) for time, created, value in order])
        found = store.read(MINE, VIEW, [asset, in_one])
        assert [unpack(each).values[0] for each in found.values()] == [4.0, 4.0]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.tuples(st.integers(-(2**60), 2**60), st.integers(-(2**60), 2**60)),
    second=st.tuples(st.integers(-(2**60), 2**60), st.integers(-(2**60), 2**60)),
    number=st.integers(0, 2**62),
)
def test_which_is_newer_is_told_as_for_pairs_of_integers(
    store: VectorStore, first: tuple[int, int], second: tuple[int, int], number: int
) -> None:
    asset = AssetId(f"m{number}")
    store.drop(VIEW)
    store.create(VIEW)
    store.write([vector(asset, first[0], 1, first[1])])
    assert store.write([vector(asset, second[0], 2, second[1])], or_equal=False) == int(second > first)


def test_vectors_states_and_cursor_are_there_together(store: VectorStore) -> None:
    assert store.cursor("spool") is None
    store.write([vector(A, 5, 1)], [state(A, b"\x00one"), state(B, b"")], Cursor("spool", 7))
    assert store.state(MINE, VIEW, [A, B, C]) == {A: b"\x00one", B: b""}
    assert store.state(YOURS, VIEW, [A]) == {}
    assert (store.cursor("spool"), store.cursor("other")) == (7, None)
    store.write([], [state(A, b"two")], Cursor("spool", 6))
    assert store.state(MINE, VIEW, [A]) == {A: b"two"}
    assert store.cursor("spool") == 6


def test_nothing_of_a_batch_is_there_where_a_part_of_it_is_refused(store: VectorStore) -> None:
    store.write([vector(A, 5, 1)], [state(A, b"one")], Cursor("spool", 7))
    batch = [vector(A, 6, 2), vector(B, 6, 2)], [state(A, b"two"), state(B, b"two")]
    for refused in ([vector(A, 6, 2, view=OTHER)], [state(A, b"two", view=OTHER)]):
        with pytest.raises(FeatureStoreUnavailable, match=OTHER):
            store.write(
                [*batch[0], *(each for each in refused if isinstance(each, PackedVector))],
                [*batch[1], *(each for each in refused if isinstance(each, PackedState))],
                Cursor("spool", 8),
            )
    with pytest.raises(CursorMoved, match="found 7"):
        store.write(*batch, Cursor("spool", 9, before=8))
    with pytest.raises(CursorMoved, match="found None"):
        store.write(*batch, Cursor("another", 9, before=8))
    assert values(store) == {A: 1}
    assert store.state(MINE, VIEW, [A, B]) == {A: b"one"}
    assert store.cursor("spool") == 7
    assert store.write(*batch, Cursor("spool", 9, before=7)) == 2
    assert store.cursor("spool") == 9


def test_a_vector_that_is_passed_over_does_not_hold_the_cursor_back(store: VectorStore) -> None:
    store.write([vector(A, 5, 1)])
    assert store.write([vector(A, 4, 2)], [state(A, b"late")], Cursor("spool", 3)) == 0
    assert (store.state(MINE, VIEW, [A]), store.cursor("spool")) == ({A: b"late"}, 3)


def test_another_process_reads_what_one_wrote(store: VectorStore, reopened: Callable[[], VectorStore]) -> None:
    store.write([vector(A, 5, 1)])
    other = reopened()
    assert values(other) == {A: 1}
    other.write([vector(A, 6, 2)])
    assert values(store) == {A: 2}


def test_writers_at_once_leave_the_newest(store: VectorStore, reopened: Callable[[], VectorStore]) -> None:
    stores = [store, reopened()]

    def write(number: int) -> None:
        for step in range(20):
            stores[number % 2].write([vector(A, 10 * step + number, 10 * step + number)])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values(store) == {A: 193}


def test_many_assets_are_read_at_once(store: VectorStore) -> None:
    many = [AssetId(f"m{number}") for number in range(3000)]
    assert store.write([vector(asset, 1, number) for number, asset in enumerate(many)]) == 3000
    found = store.read(MINE, VIEW, many)
    assert [unpack(found[asset]).life for asset in many] == list(range(3000))


def test_a_view_that_was_never_made_is_no_view_without_vectors(vectors: VectorStore) -> None:
    vectors.create(OTHER)
    for ask in (
        lambda: vectors.read(MINE, VIEW, [A]),
        lambda: vectors.state(MINE, VIEW, [A]),
        lambda: vectors.write([vector(A, 1, 1)]),
    ):
        with pytest.raises(FeatureStoreUnavailable, match="Build the features"):
            ask()


def test_making_a_view_again_keeps_what_it_holds_and_dropping_forgets_it(store: VectorStore) -> None:
    store.write([vector(A, 5, 1)], [state(A, b"one")])
    store.create(VIEW)
    assert values(store) == {A: 1}
    store.drop(VIEW)
    store.drop(VIEW)
    store.create(VIEW)
    assert store.read(MINE, VIEW, [A]) == store.state(MINE, VIEW, [A]) == {}


def test_closing_twice_is_allowed(vectors: VectorStore) -> None:
    vectors.create(VIEW)
    vectors.close()
    vectors.close()


def test_owner_of_a_cursor_may_go_back_and_take_away_what_nobody_else_may(store: VectorStore) -> None:
    store.write([vector(A, 9, 1), vector(B, 9, 1)], cursor=Cursor("stream", 5))
    back, away = replace(vector(A, 3, 2), replaces=True), replace(vector(B, 9, 1), content=None, replaces=True)
    for cursor in (None, Cursor("stream", 6)):
        with pytest.raises(FeatureStoreFault, match="follows no cursor"):
            store.write([back, away], cursor=cursor)
    with pytest.raises(CursorMoved):
        store.write([back, away], cursor=Cursor("stream", 6, before=4))
    assert values(store) == {A: 1, B: 1}
    assert store.write([back, away], cursor=Cursor("stream", 6, before=5)) == 2
    assert values(store) == {A: 2}
