"""Events on record reach the online vectors, in whatever order they become known."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from edge_export.runtime.stream import AssetStreams
from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId
from features.domain.packs import EventRule
from features.domain.time import from_microseconds, microseconds
from features.records.cursors import Cursors
from features.records.database import Records, open_records
from features.records.events import EventRecords
from features.records.lives import LifeRecords
from features.store.online_vectors import OnlineVectors
from features.store.vectors_sqlite import SqliteVectorStore
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.batch import LifeRows, compute
from features.transforms.events import LifeEvents
from pipelines.building.build import fit_specification
from pipelines.building.event_rows import event_moments, with_event_rows
from pipelines.quality.position import CURSOR as JUDGED
from pipelines.worker.following import Followed, Following
from pipelines.worker.streams import FeatureStreams
from tests.pipelines.building.machines import MINE, at, fan, track
from tests.pipelines.worker.stores import readings, record
from tests.pipelines.worker.test_streams import OnlyFrom

PACK = replace(
    fan(),
    features=replace(fan().features, events=(EventRule(EventKind.ERROR), EventRule(EventKind.PART_REPLACED, "seal"))),
)
LIFE = track(PACK, "a", 120, end=None)
SPECIFICATION = fit_specification(PACK, [track(PACK, "trained", 60)])
A = AssetId("a")


@dataclass
class Yard:
    """One machine, its readings and its record, and the loop of the worker around them."""

    store: SqliteTelemetryStore
    records: Records
    online: OnlineVectors
    following: Following

    def look(self) -> Followed:
        changes = self.store.changes_since(0, 10_000)
        Cursors(self.records).advance(JUDGED, changes[-1].cursor if changes else 0)
        lives = {life.asset: life for life in LifeRecords(self.records).list_all(MINE)}
        return self.following.follow(MINE, lives, set(), 10**15)

    def vector(self) -> np.ndarray:
        return np.asarray(self.online.read(MINE, [A])[A].values)


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    records = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    record(records, PACK, "a")
    online = OnlineVectors.of(SqliteVectorStore(tmp_path / "online.sqlite"), SPECIFICATION)
    online.create()
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as store:
        streams = FeatureStreams(store, online, SPECIFICATION)
        yield Yard(store, records, online, Following(store, Cursors(records), EventRecords(records), streams))
    records.dispose()


def error(hour: float, code: str = "e1") -> Event:
    return Event(MINE, A, at(hour), EventKind.ERROR, code=code)


def expected(rows: int, events: list[Event]) -> np.ndarray:
    part = replace(LIFE.rows, time=LIFE.rows.time[:rows], values=LIFE.rows.values[:rows], events=LifeEvents.of(events))
    (life,) = compute(SPECIFICATION, [part])
    return np.asarray(life.vectors[np.flatnonzero(life.is_running)[-1]])


@pytest.mark.parametrize("seed", range(3))
def test_vector_is_that_of_all_events_known_in_whatever_order_they_came(yard: Yard, seed: int) -> None:
    random = np.random.default_rng(seed)
    seal = Event(MINE, A, at(-40), EventKind.PART_REPLACED, component="seal")
    hours = random.integers(0, 240, 14) / 2
    told = [seal, *(error(float(hour), f"e{place}") for place, hour in enumerate(hours))]
    random.shuffle(told)
    wide, known, rows = readings(PACK, LIFE), list[Event](), 0
    while rows < 120:
        rows = min(120, rows + int(random.integers(5, 20)))
        yard.store.write(MINE, wide.filter(pl.col("time") < at(rows)))
        for _ in range(int(random.integers(0, 3))):
            known += told[len(known) : len(known) + 1]
        EventRecords(yard.records).put_all(known)
        yard.look()
        np.testing.assert_array_equal(yard.vector(), expected(rows, known))
    EventRecords(yard.records).put_all(told)
    assert yard.look().changed == {A}
    np.testing.assert_array_equal(yard.vector(), expected(120, told))
    assert yard.look().changed == set()


def test_event_that_comes_late_recomputes_no_more_than_what_came_after_it(yard: Yard) -> None:
    yard.store.write(MINE, readings(PACK, LIFE).filter(pl.col("time") < at(110)))
    yard.look()
    yard.following.streams.telemetry = OnlyFrom(yard.store, at(50))  # type: ignore[assignment]  # reads
    yard.store.write(MINE, readings(PACK, LIFE))
    yard.look()
    EventRecords(yard.records).put_all([error(118.5)])
    assert yard.look().vectors == 1
    np.testing.assert_array_equal(yard.vector(), expected(120, [error(118.5)]))


def test_event_after_the_newest_row_waits_for_the_next(yard: Yard) -> None:
    yard.store.write(MINE, readings(PACK, LIFE).filter(pl.col("time") < at(100)))
    yard.look()
    before = yard.vector()
    EventRecords(yard.records).put(error(99.5))
    yard.look()
    np.testing.assert_array_equal(yard.vector(), before)
    EventRecords(yard.records).put_all([error(50.5), error(99.75)])  # of those told at once the earliest decides
    yard.look()
    np.testing.assert_array_equal(yard.vector(), expected(100, [error(50.5)]))
    yard.store.write(MINE, readings(PACK, LIFE))
    yard.look()
    np.testing.assert_array_equal(yard.vector(), expected(120, [error(50.5), error(99.5), error(99.75)]))


def test_events_that_came_while_nobody_looked_are_in_the_vector_after_a_restart(yard: Yard) -> None:
    yard.store.write(MINE, readings(PACK, LIFE))
    yard.look()
    EventRecords(yard.records).put(error(60.25))
    streams = FeatureStreams(yard.store, yard.online, SPECIFICATION)
    yard.following = Following(yard.store, Cursors(yard.records), EventRecords(yard.records), streams)
    yard.look()
    np.testing.assert_array_equal(yard.vector(), expected(120, [error(60.25)]))


@pytest.mark.parametrize("seed", range(2))
def test_event_told_at_once_waits_for_no_reading_and_the_end_is_that_of_the_batch(tmp_path: Path, seed: int) -> None:
    asked = replace(SPECIFICATION, rule=replace(SPECIFICATION.rule, at_events=(EventKind.ERROR,)))
    records = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    record(records, PACK, "a")
    online = OnlineVectors.of(SqliteVectorStore(tmp_path / "online.sqlite"), asked)
    online.create()
    random = np.random.default_rng(seed)
    told = [error(float(hour), f"e{place}") for place, hour in enumerate(random.integers(1, 124, 12))]
    wide, rows, known = readings(PACK, LIFE), 0, list[Event]()
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as store:
        streams = FeatureStreams(store, online, asked)
        yard = Yard(store, records, online, Following(store, Cursors(records), EventRecords(records), streams))
        while rows < 120:
            rows = min(120, rows + 20)
            store.write(MINE, wide.filter(pl.col("time") < at(rows)))
            known += told[len(known) : len(known) + 2]
            EventRecords(records).put_all(known)
            yard.look()
        moments = event_moments(LifeEvents.of(known), asked.rule)
        times, values = with_event_rows(LIFE.time_us, LIFE.rows.values, moments)
        (life,) = compute(asked, [LifeRows(times / 1e6, values, LifeEvents.of(known))])
        newest = np.flatnonzero(life.is_running)[-1]
        np.testing.assert_array_equal(yard.vector(), life.vectors[newest])
        found = online.read(MINE, [A])[A]
        assert microseconds(found.time) == times[newest]
        late = error(130.0, "e99")
        EventRecords(records).put(late)
        yard.look()
        assert online.read(MINE, [A])[A].time == late.at + timedelta(microseconds=1)
    records.dispose()


@pytest.mark.parametrize("detail", [None, "e1"])
def test_worker_and_gateway_tell_at_once_of_the_same_events(tmp_path: Path, detail: str | None) -> None:
    events = (EventRule(EventKind.ERROR, detail),)
    asked = replace(SPECIFICATION, rule=replace(SPECIFICATION.rule, events=events, at_events=(EventKind.ERROR,)))
    records = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    record(records, PACK, "a")
    online = OnlineVectors.of(SqliteVectorStore(tmp_path / "online.sqlite"), asked)
    online.create()
    told = [error(60.5, "e1"), error(130.0, "e1"), error(131.0, "e2")]  # the last of a code that not all ask for
    gateway = AssetStreams(asked)
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as store:
        streams = FeatureStreams(store, online, asked)
        yard = Yard(store, records, online, Following(store, Cursors(records), EventRecords(records), streams))
        store.write(MINE, readings(PACK, LIFE))
        EventRecords(records).put_all(told)
        yard.look()
        for time_us, row in zip(LIFE.time_us.tolist(), LIFE.rows.values.tolist(), strict=True):
            if time_us > microseconds(told[0].at):
                gateway.take_event(told[0])
            gateway.take(A, from_microseconds(time_us), dict(zip(asked.signals, row, strict=True)))
        for event in told[1:]:
            gateway.take_event(event)
        found, newest = online.read(MINE, [A])[A], gateway.newest(A)
        assert newest is not None
        assert found.time == newest.time == told[1 if detail else 2].at + timedelta(microseconds=1)
        np.testing.assert_array_equal(found.values, newest.values)
    records.dispose()
