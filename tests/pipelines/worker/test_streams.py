from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.domain.events import Event, EventKind, LifeEpoch
from features.domain.identifiers import AssetId
from features.records.database import Records, open_records
from features.records.lives import LifeRecords
from features.store.errors import CursorMoved, FeatureStoreUnavailable
from features.store.online_vectors import OnlineVectors
from features.store.packed import Cursor
from features.store.vectors_sqlite import SqliteVectorStore
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.batch import LifeRows, compute
from pipelines.building.build import fit_specification
from pipelines.shards import Shard
from pipelines.worker.streams import EVERYTHING, FeatureStreams
from tests.pipelines.building.machines import MINE, at, fan, track
from tests.pipelines.worker.stores import readings, record

PACK = fan()
LIFE = track(PACK, "a", 140, end=None)
SPECIFICATION = fit_specification(PACK, [track(PACK, "trained", 60)])
A = AssetId("a")


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    engine = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    yield engine
    engine.dispose()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteTelemetryStore]:
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as opened:
        yield opened


@pytest.fixture
def online(tmp_path: Path) -> OnlineVectors:
    vectors = OnlineVectors.of(SqliteVectorStore(tmp_path / "online.sqlite"), SPECIFICATION)
    vectors.create()
    return vectors


@pytest.fixture
def streams(store: SqliteTelemetryStore, records: Records, online: OnlineVectors) -> FeatureStreams:
    record(records, PACK, "a")
    return FeatureStreams(store, online, SPECIFICATION)


def follow(streams: FeatureStreams, store: SqliteTelemetryStore, records: Records) -> int:
    """Take in what changed since the last call, as the worker does."""
    position = streams.position()
    changes = store.changes_since(position or 0, 10_000)
    since: dict[AssetId, int] = {}
    for change in changes:
        first = int(change.first.timestamp() * 1e6) if position is not None else EVERYTHING
        since[change.asset] = min(since.get(change.asset, first), first)
    lives = {life.asset: life for life in LifeRecords(records).list_all(MINE)}
    return streams.take(MINE, since, lives, changes[-1].cursor if changes else position or 0, now_us=streams_clock())


_ticks = iter(range(10**15, 10**15 + 10**6))


def streams_clock() -> int:
    return next(_ticks)


def expected(rows: LifeRows) -> list[float]:
    """Return the vector of the newest running row."""
    (life,) = compute(SPECIFICATION, [rows])
    return [float(value) for value in life.vectors[np.flatnonzero(life.is_running)[-1]]]


def vector(online: OnlineVectors, asset: str = "a") -> list[float]:
    return [float(value) for value in online.read(MINE, [AssetId(asset)])[AssetId(asset)].values]


def exactly(found: list[float], wanted: list[float]) -> bool:
    return np.array_equal(np.array(found, np.float32), np.array(wanted, np.float32), equal_nan=True)


@pytest.mark.parametrize("seed", range(6))
def test_vector_is_exactly_the_same_whatever_the_order_of_arrival(
    store: SqliteTelemetryStore, records: Records, streams: FeatureStreams, online: OnlineVectors, seed: int
) -> None:
    wrong = readings(PACK, LIFE).filter(pl.col("time") == at(5)).with_columns(value=pl.lit(49.0))
    right = readings(PACK, LIFE, revision=1)
    arriving = pl.concat([wrong, right])
    if seed % 2:  # half of the runs wholly shuffled, half nearly in order
        arriving = arriving.sample(fraction=1.0, shuffle=True, seed=seed)
    else:
        noise = pl.Series(np.random.default_rng(seed).normal(0, 8 * 3600e6, arriving.height).astype(np.int64))
        arriving = arriving.sort(arriving["time"].to_physical() + noise)
    rng = np.random.default_rng(seed)
    for part in arriving.iter_slices(25):
        store.write(MINE, part)
        follow(streams, store, records)
        if rng.random() < 0.2:  # a restart: only what was stored is known
            streams._memories.clear()
    store.write(MINE, right.sample(30, seed=seed))  # repetitions
    follow(streams, store, records)
    assert exactly(vector(online), expected(LIFE.rows))


def test_reading_in_order_is_computed_from_the_stored_state_alone(
    store: SqliteTelemetryStore, records: Records, streams: FeatureStreams, online: OnlineVectors
) -> None:
    store.write(MINE, readings(PACK, LIFE).filter(pl.col("time") < at(138)))
    follow(streams, store, records)
    again = FeatureStreams(OnlyFrom(store, at(130)), online, SPECIFICATION)  # type: ignore[arg-type]  # reads
    store.write(MINE, readings(PACK, LIFE).filter(pl.col("time") >= at(138)))
    assert follow(again, store, records) == 1
    assert exactly(vector(online), expected(LIFE.rows))


class OnlyFrom:
    """A telemetry store of which only what is newer than a moment may be read."""

    def __init__(self, store: SqliteTelemetryStore, earliest: object) -> None:
        self._store, self._earliest = store, earliest

    def read_wide(self, tenant: str, **asked: object) -> pl.DataFrame:
        assert asked["start"] is not None
        assert asked["start"] >= self._earliest  # type: ignore[operator]  # both are times
        return self._store.read_wide(MINE, **asked)  # type: ignore[arg-type]  # passed on as they came


def test_late_reading_changes_the_newest_vector_without_making_it_newer(
    store: SqliteTelemetryStore, records: Records, streams: FeatureStreams, online: OnlineVectors
) -> None:
    all_of_it = readings(PACK, LIFE)
    store.write(MINE, all_of_it.filter(pl.col("time") != at(30)))
    assert follow(streams, store, records) == 1
    before, time = vector(online), online.read(MINE, [A])[A].time
    store.write(MINE, all_of_it.filter(pl.col("time") == at(30)))
    assert follow(streams, store, records) == 1
    assert online.read(MINE, [A])[A].time == time
    assert vector(online) != before
    assert exactly(vector(online), expected(LIFE.rows))


def test_only_the_current_life_counts_and_its_first_moment_belongs_to_the_one_before(
    store: SqliteTelemetryStore, records: Records, streams: FeatureStreams, online: OnlineVectors
) -> None:
    store.write(MINE, readings(PACK, LIFE))
    follow(streams, store, records)
    record(records, PACK, "a", [Event(MINE, A, at(20), EventKind.FAILURE)])
    lives = current(records)
    assert streams.outdated(MINE, lives) == [A]
    streams.take(MINE, {A: EVERYTHING}, lives, streams.position() or 0, now_us=streams_clock())
    assert exactly(vector(online), expected(LifeRows(LIFE.rows.time[21:], LIFE.rows.values[21:])))
    assert streams.outdated(MINE, lives) == []


def current(records: Records) -> dict[AssetId, LifeEpoch]:
    return {life.asset: life for life in LifeRecords(records).list_all(MINE)}


def test_asset_whose_current_life_has_no_running_row_gets_no_vector(
    store: SqliteTelemetryStore, records: Records, streams: FeatureStreams, online: OnlineVectors
) -> None:
    record(records, PACK, "b", [Event(MINE, AssetId("b"), at(50), EventKind.FAILURE)])
    record(records, PACK, "c")
    store.write(MINE, readings(PACK, track(PACK, "b", 40)))
    store.write(MINE, readings(PACK, track(PACK, "c", 40)).filter(pl.col("time") == at(6)))  # it stood still
    assert follow(streams, store, records) == 0
    assert online.read(MINE, [AssetId("b"), AssetId("c"), AssetId("unheard-of")]) == {}


def test_many_assets_are_computed_together_and_each_gets_its_own_vector(
    store: SqliteTelemetryStore, records: Records, streams: FeatureStreams, online: OnlineVectors
) -> None:
    names = [f"m-{index:03d}" for index in range(70)]
    tracks = {name: track(PACK, name, 8 + index % 9) for index, name in enumerate(names)}
    for name, each in tracks.items():
        record(records, PACK, name)
        store.write(MINE, readings(PACK, each))
    assert follow(streams, store, records) == 70
    for name in ("m-000", "m-033", "m-069"):
        assert exactly(vector(online, name), expected(tracks[name].rows))


def test_position_that_another_worker_moved_stops_this_one_and_the_next_call_begins_there(
    store: SqliteTelemetryStore, records: Records, streams: FeatureStreams, online: OnlineVectors
) -> None:
    store.write(MINE, readings(PACK, LIFE).filter(pl.col("time") < at(50)))
    follow(streams, store, records)
    store.write(MINE, readings(PACK, LIFE).filter(pl.col("time") >= at(50)))
    other = FeatureStreams(OvertakenStore(store, online, streams), online, SPECIFICATION)  # type: ignore[arg-type]
    before = vector(online)
    with pytest.raises(CursorMoved):
        follow(other, store, records)
    assert vector(online) == before


class OvertakenStore:
    """A telemetry store during whose reading another worker moves the position."""

    def __init__(self, store: SqliteTelemetryStore, online: OnlineVectors, streams: FeatureStreams) -> None:
        self._store, self._online, self._name = store, online, streams.cursor_name

    def read_wide(self, tenant: str, **asked: object) -> pl.DataFrame:
        self._online.write([], [], Cursor(self._name, 999))
        return self._store.read_wide(MINE, **asked)  # type: ignore[arg-type]  # passed on as they came


def test_store_that_was_taken_away_is_not_begun_anew(
    store: SqliteTelemetryStore, records: Records, streams: FeatureStreams, tmp_path: Path
) -> None:
    store.write(MINE, readings(PACK, LIFE))
    follow(streams, store, records)
    for file in tmp_path.glob("online.sqlite*"):
        file.rename(tmp_path / f"gone-{file.name}")
    with pytest.raises(FeatureStoreUnavailable):
        streams.position()


def test_life_that_was_taken_back_while_nobody_looked_is_computed_anew(
    store: SqliteTelemetryStore, records: Records, streams: FeatureStreams, online: OnlineVectors
) -> None:
    store.write(MINE, readings(PACK, LIFE).filter(pl.col("time") != at(30)))
    follow(streams, store, records)
    record(records, PACK, "a", [Event(MINE, A, at(200), EventKind.FAILURE)])  # no row since
    streams.take(MINE, {A: EVERYTHING}, current(records), streams.position() or 0, now_us=streams_clock())
    assert online.read(MINE, [A]) == {}
    store.write(MINE, readings(PACK, LIFE).filter(pl.col("time") == at(30)))
    follow(streams, store, records)
    record(records, PACK, "a")  # it was no failure
    again = FeatureStreams(store, online, SPECIFICATION)
    assert again.outdated(MINE, current(records)) == [A]
    again.take(MINE, {A: EVERYTHING}, current(records), again.position() or 0, now_us=streams_clock())
    assert exactly(vector(online), expected(LIFE.rows))


@pytest.mark.parametrize("was_ended", [True, False])
def test_end_of_observation_that_came_or_went_while_nobody_looked_is_seen(
    store: SqliteTelemetryStore, records: Records, streams: FeatureStreams, online: OnlineVectors, was_ended: bool
) -> None:
    end = [Event(MINE, A, at(20), EventKind.END_OF_OBSERVATION)]
    record(records, PACK, "a", end if was_ended else [])
    store.write(MINE, readings(PACK, LIFE))
    follow(streams, store, records)
    record(records, PACK, "a", [] if was_ended else end)
    again = FeatureStreams(store, online, SPECIFICATION)
    assert again.outdated(MINE, current(records)) == [A]
    again.take(MINE, {A: EVERYTHING}, current(records), again.position() or 0, now_us=streams_clock())
    rows = LIFE.rows if was_ended else LifeRows(LIFE.rows.time[:21], LIFE.rows.values[:21])
    assert exactly(vector(online), expected(rows))


NAMES = [f"m-{number:03d}" for number in range(12)]
TRACKS = {name: track(PACK, name, 40 + place, end=None) for place, name in enumerate(NAMES)}


def share(store: SqliteTelemetryStore, online: OnlineVectors, shard: str) -> FeatureStreams:
    """Return the streams of a worker that has just started."""
    streams = FeatureStreams(store, online, SPECIFICATION, shard=Shard.parse(shard))
    streams.adopt()
    return streams


def follow_share(streams: FeatureStreams, store: SqliteTelemetryStore, records: Records) -> None:
    """Take in what changed, for the assets of a share, as the worker does."""
    position, lives = streams.position(), LifeRecords(records).list_all(MINE)
    changes = store.changes_since(position or 0, 10_000)
    first = {change.asset: int(change.first.timestamp() * 1e6) for change in reversed(changes)}
    since = dict.fromkeys((life.asset for life in lives), EVERYTHING) if position is None else first
    ours = {life.asset: life for life in lives if streams.shard.holds(life.asset)}
    streams.take(MINE, since, ours, changes[-1].cursor if changes else position or 0, now_us=streams_clock())


def test_vectors_are_the_same_however_the_assets_are_shared_meanwhile(
    store: SqliteTelemetryStore, records: Records, online: OnlineVectors
) -> None:
    for name in NAMES:
        record(records, PACK, name)
    whole = pl.concat([readings(PACK, each) for each in TRACKS.values()])
    parts = [("0/1",), ("0/2", "1/2"), ("1/2", "0/2"), ("2/3", "0/3", "1/3"), ("0/1",)]
    for place, shards in enumerate(parts):
        arriving = whole.filter(pl.col("time").dt.hour() % len(parts) == place)  # every later part is late as well
        for streams in [share(store, online, each) for each in shards]:
            for half in (arriving.gather_every(2), arriving.gather_every(2, 1)):
                store.write(MINE, half)
                follow_share(streams, store, records)
        for each in shards:
            follow_share(share(store, online, each), store, records)
    for name in NAMES:
        assert exactly(vector(online, name), expected(TRACKS[name].rows))


def test_shares_begin_where_the_single_worker_had_come_and_it_can_write_no_more(
    store: SqliteTelemetryStore, records: Records, online: OnlineVectors
) -> None:
    for name in NAMES:
        record(records, PACK, name)
        store.write(MINE, readings(PACK, TRACKS[name]).filter(pl.col("time") < at(30)))
    single = share(store, online, "0/1")
    follow_share(single, store, records)
    position = single.position()
    two = [share(store, online, each) for each in ("0/2", "1/2")]
    assert [each.position() for each in two] == [position, position]
    follow_share(two[0], store, records)
    store.write(MINE, readings(PACK, TRACKS[NAMES[0]]))
    with pytest.raises(CursorMoved):  # it had read its position before it fell asleep
        online.write([], [], Cursor(single.cursor_name, 99, position))
    for each in two:
        follow_share(each, store, records)
    assert share(store, online, "0/1").position() == store.changes_since(0, 999)[-1].cursor
    assert exactly(vector(online, NAMES[0]), expected(TRACKS[NAMES[0]].rows))


def test_share_that_never_worked_lets_the_next_ones_begin_anew(
    store: SqliteTelemetryStore, records: Records, online: OnlineVectors
) -> None:
    for name in NAMES:
        record(records, PACK, name)
        store.write(MINE, readings(PACK, TRACKS[name]))
    follow_share(share(store, online, "1/2"), store, records)
    single = share(store, online, "0/1")
    assert single.position() is None
    follow_share(single, store, records)
    for name in NAMES:
        assert exactly(vector(online, name), expected(TRACKS[name].rows))
