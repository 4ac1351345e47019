"""Reading and writing the newest vectors of a specification without Feast."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.domain.identifiers import AssetId, TenantId
from features.domain.time import microseconds, time_of_life
from features.store.errors import CursorMoved, FeatureStoreRefused, FeatureStoreUnavailable
from features.store.names import ttl_of
from features.store.online_vectors import AssetState, AssetVector, OnlineVectors
from features.store.opening import open_online
from features.store.packed import Cursor, Vector
from features.store.vectors import VectorStore
from tests.architecture.source_tree import ROOT
from tests.features.transforms.fleet import COUNT, COUNTER

MINE = TenantId("mine")
A, B = AssetId("a"), AssetId("b")
T0 = datetime(2026, 1, 1, tzinfo=UTC)
WIDTH = len(COUNTER.names)
US = timedelta(microseconds=1)


def asset_vector(asset: AssetId, time: datetime, value: float) -> AssetVector:
    time_us, values = microseconds(time), np.full(WIDTH, value, np.float32)
    return AssetVector(MINE, asset, Vector(time_us, time_us, values, life=10.0 * value, regime=1, life_number=2))


@pytest.fixture
def now() -> list[datetime]:
    """The moment of reading, as a list of one so that a test can change it."""
    return [T0]


@pytest.fixture
def online(vectors: VectorStore, now: list[datetime]) -> OnlineVectors:
    made = OnlineVectors.of(vectors, COUNTER, clock=lambda: now[0])
    made.create()
    return made


def test_vector_is_read_back_with_what_is_known_of_it(online: OnlineVectors) -> None:
    assert online.write([asset_vector(A, T0, 2.5), asset_vector(B, T0, 3.5)]) == 2
    found = online.read(MINE, [B, AssetId("c"), A])
    assert sorted(found) == [A, B]
    vector = found[A]
    assert (vector.tenant, vector.asset, vector.time, vector.life, vector.regime) == (MINE, A, T0, 25.0, 1)
    assert vector.specification_sha256 == COUNTER.sha256
    assert vector.values.dtype == np.float32
    np.testing.assert_array_equal(vector.values, np.full(WIDTH, 2.5, np.float32))
    assert online.read(MINE, []) == {}


def test_every_answer_says_its_age_and_the_last_moment_of_ttl_is_inside(
    online: OnlineVectors, now: list[datetime]
) -> None:
    ttl = timedelta(seconds=COUNTER.rule.ttl * COUNTER.life.seconds_per_unit)
    online.write([asset_vector(A, T0, 1)])
    for age, is_expired in ((timedelta(0), False), (ttl - US, False), (ttl, False), (ttl + US, True)):
        now[0] = T0 + age
        found = online.read(MINE, [A])[A]
        assert (found.age, found.ttl, found.is_expired) == (age, ttl, is_expired)
    assert online.read(MINE, [A], now=T0 + 2 * ttl)[A].age == 2 * ttl


def test_age_of_a_bare_life_count_is_counted_in_life_and_by_no_clock(vectors: VectorStore) -> None:
    cycles = replace(COUNT, rule=replace(COUNT.rule, ttl=30.0))
    online = OnlineVectors.of(vectors, cycles)
    online.create()
    values = np.zeros(len(cycles.names), np.float32)
    time_us = microseconds(time_of_life(100.0))
    online.write([AssetVector(MINE, A, Vector(time_us, time_us, values, life=100.0))])
    found = online.read(MINE, [A])[A]
    assert (found.age, found.is_expired) == (timedelta(0), False)
    found = online.read(MINE, [A], now=time_of_life(130.0))[A]
    assert (found.age, found.is_expired) == (timedelta(seconds=30), False)
    assert online.read(MINE, [A], now=time_of_life(131.0))[A].is_expired
    assert ttl_of(cycles) == timedelta(seconds=30)


def test_vector_of_another_width_is_refused_and_nothing_is_written(online: OnlineVectors) -> None:
    wrong = AssetVector(MINE, B, Vector(0, 0, np.zeros(WIDTH + 1, np.float32)))
    with pytest.raises(FeatureStoreRefused, match=f"{WIDTH} features; found {WIDTH + 1} of asset b"):
        online.write([asset_vector(A, T0, 1), wrong])
    assert online.read(MINE, [A, B]) == {}


def test_states_and_cursor_go_with_the_vectors(online: OnlineVectors) -> None:
    state = AssetState(MINE, A, b"state")
    online.write([asset_vector(A, T0, 1)], [state], Cursor("spool", 5))
    with pytest.raises(CursorMoved):
        online.write([asset_vector(A, T0 + US, 2)], [replace(state, content=b"other")], Cursor("spool", 9, before=4))
    assert (online.states(MINE, [A, B]), online.store.cursor("spool")) == ({A: b"state"}, 5)
    assert online.read(MINE, [A])[A].values[0] == 1


def test_features_that_were_never_built_are_unavailability(vectors: VectorStore, tmp_path: Path) -> None:
    for online in (OnlineVectors.of(vectors, COUNTER), open_online(tmp_path, COUNTER)):
        with pytest.raises(FeatureStoreUnavailable, match="Build the features"):
            online.read(MINE, [A])
    assert list(tmp_path.glob("features/*")) == []


_ALONE = """
import sys
from pathlib import Path
from features.domain.identifiers import AssetId, TenantId
from features.store.opening import open_online
from tests.features.transforms.fleet import COUNTER
online = open_online(Path(sys.argv[1]), COUNTER, *sys.argv[2:])
online.create()
assert online.read(TenantId("mine"), [AssetId("a")]) == {}
print(*sorted({name.split(".")[0] for name in sys.modules} & {"feast", "polars", "pyarrow", "pandas", "redis"}))
"""


def imported(*arguments: str) -> list[str]:
    command = [sys.executable, "-c", _ALONE, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_reading_imports_neither_feast_nor_frames(tmp_path: Path) -> None:
    assert imported(str(tmp_path)) == []


@pytest.mark.integration
def test_reading_from_redis_imports_its_client_alone(tmp_path: Path, redis_url: str) -> None:
    assert imported(str(tmp_path), redis_url) == ["redis"]


def test_stores_of_one_home_are_one_store(tmp_path: Path) -> None:
    first, second = (open_online(tmp_path, COUNTER) for _ in range(2))
    first.create()
    first.write([asset_vector(A, T0, 1)])
    assert set(second.read(MINE, [A])) == {A}
