"""What the worker computes is found offline as it was known at any moment, whatever came later."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.domain.identifiers import AssetId
from features.domain.time import microseconds
from features.records.database import Records, open_records
from features.records.lives import LifeRecords
from features.store.errors import FeatureStoreUnavailable
from features.store.online_vectors import OnlineVectors
from features.store.revision import known_row
from features.store.rows import OfflineRows
from features.store.vectors_sqlite import SqliteVectorStore
from features.store.versions import standing
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.batch import compute
from features.transforms.specification import FeatureSpecification
from pipelines.building.build import feature_rows, fit_specification
from pipelines.worker.history import VectorHistory
from pipelines.worker.streams import EVERYTHING, FeatureStreams
from tests.pipelines.building.machines import MINE, at, fan, track
from tests.pipelines.worker.stores import readings, record

PACK = fan()
LIFE = track(PACK, "a", 140, end=None)
SPECIFICATION = fit_specification(PACK, [track(PACK, "trained", 60)])
A = AssetId("a")


@dataclass
class Features:
    """What the history needs of a feature store."""

    online: OnlineVectors
    offline: OfflineRows
    specification: FeatureSpecification = SPECIFICATION
    is_away: bool = False

    def append_offline(self, rows: pl.DataFrame) -> None:
        with self.translated():
            self.offline.append(rows)

    @contextmanager
    def translated(self) -> Iterator[None]:
        if self.is_away:
            raise FeatureStoreUnavailable("offline store", "away")
        yield


@dataclass
class House:
    """A worker's features with their stores."""

    telemetry: SqliteTelemetryStore
    records: Records
    features: Features
    history: VectorHistory
    streams: FeatureStreams

    def look(self, readings: pl.DataFrame, moment: datetime) -> list[float]:
        """Take readings in at a moment, as the worker does, and return the vector that is online then."""
        self.telemetry.write(MINE, readings)
        position = self.streams.position()
        changes = self.telemetry.changes_since(position or 0, 10_000)
        since = {each.asset: EVERYTHING if position is None else microseconds(each.first) for each in changes}
        lives = {life.asset: life for life in LifeRecords(self.records).list_all(MINE)}
        self.streams.take(MINE, since, lives, changes[-1].cursor, now_us=microseconds(moment))
        self.history.write_if_due(moment)
        return [float(value) for value in self.features.online.read(MINE, [A])[A].values]

    def restart(self) -> None:
        """Go on with what was stored alone."""
        self.history = VectorHistory(self.features)  # type: ignore[arg-type]  # what it needs of the store
        self.streams = FeatureStreams(self.telemetry, self.features.online, SPECIFICATION, self.history.keep)

    def known(self, moment: datetime) -> list[float]:
        """Return the newest vector that was known at a moment."""
        found = known_row(self.features.offline.snapshot(), MINE, A, moment, None)
        return [float(value) for value in found.select(SPECIFICATION.names).row(0)]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    records = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    record(records, PACK, "a")
    online = OnlineVectors.of(SqliteVectorStore(tmp_path / "online.sqlite"), SPECIFICATION)
    online.create()
    features = Features(online, OfflineRows.at(tmp_path / "offline"))
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as telemetry:
        history = VectorHistory(features)  # type: ignore[arg-type]  # what it needs of the store
        yield House(
            telemetry, records, features, history, FeatureStreams(telemetry, online, SPECIFICATION, history.keep)
        )
    records.dispose()


def between(first: float, last: float) -> pl.DataFrame:
    return readings(PACK, LIFE).filter(pl.col("time").is_between(at(first), at(last)))


def same(found: Sequence[float], wanted: Sequence[float]) -> bool:
    return np.array_equal(np.array(found, np.float32), np.array(wanted, np.float32), equal_nan=True)


def is_as_built(house: House) -> bool:
    """Say whether the rows that stand are, bit for bit, those of a batch over all readings."""
    (features,) = compute(SPECIFICATION, [LIFE.rows])
    built = feature_rows(SPECIFICATION, MINE, LIFE, features).drop("created_time")
    stands = standing(house.features.offline.snapshot().read()).sort("event_time").select(built.columns)
    return stands.equals(built)


def test_vector_of_each_moment_is_found_after_late_readings_and_a_backfill(house: House) -> None:
    late = pl.concat([between(20, 30), between(90, 92)])
    arriving = between(0, 139).join(late, on=["asset", "signal", "time"], how="anti")
    told: list[tuple[datetime, list[float]]] = []
    for hour in range(100, 140):
        moment = at(hour) + timedelta(minutes=5)
        first = 0.0 if hour == 100 else hour
        part = arriving.filter(pl.col("time").is_between(at(first), at(hour)))
        if hour == 120:
            part = pl.concat([part, between(90, 92)])
        if not part.is_empty():
            told.append((moment, house.look(part, moment)))
    house.look(between(20, 30), at(200))  # a backfill, long after
    house.history.write()
    assert [same(house.known(moment), vector) for moment, vector in told] == [True] * len(told)
    assert len({tuple(vector[:9]) for _, vector in told}) > 30
    assert is_as_built(house)


def test_history_counts_as_observed_and_what_comes_live_as_known_when_it_was_read(house: House) -> None:
    house.look(between(0, 99), at(99.5))
    house.look(between(100, 101), at(101.5))
    house.history.write()
    created = dict(house.features.offline.snapshot().read(["event_time", "created_time"]).iter_rows())
    assert created[at(50)] == at(50)
    assert created[at(101)] == at(101.5)


def test_row_that_turns_out_to_be_a_standstill_is_withdrawn(house: House) -> None:
    house.look(between(0, 99), at(99.5))
    house.look(
        between(0, 99)
        .filter(signal="speed", time=at(98))
        .with_columns(value=pl.lit(0.0), revision=pl.lit(1, pl.Int64)),
        at(120),
    )
    house.history.write()
    times = standing(house.features.offline.snapshot().read())["event_time"].to_list()
    assert at(98) not in times
    assert at(99) in times
    assert known_row(house.features.offline.snapshot(), MINE, A, at(119), at(98)).height == 1


def test_newest_vector_of_a_worker_that_was_killed_is_taken_from_the_online_store(house: House) -> None:
    house.look(between(0, 99), at(99.5))
    house.history.write()
    vector = house.look(between(100, 101), at(101.5))
    house.restart()
    house.history.recover(MINE, [A, AssetId("unknown")], microseconds(at(110)))
    assert house.history.write() == 1
    assert same(house.known(at(101.5)), vector)
    house.history.recover(MINE, [A], microseconds(at(110)))
    assert house.history.write() == 0


def test_offline_store_that_is_away_keeps_nothing_from_going_online(house: House) -> None:
    house.features.is_away = True
    house.look(between(0, 99), at(99.5))
    vector = house.look(between(100, 139), at(139.5))
    assert house.history.write() == 0
    house.features.is_away = False
    assert house.history.write() > 100
    assert same(house.known(at(139.5)), vector)
    assert is_as_built(house)


def test_rows_wait_for_one_another(house: House) -> None:
    now = datetime.now(UTC)
    for second, hour in enumerate(range(100, 110)):
        house.look(between(0 if hour == 100 else hour, hour), now + timedelta(seconds=second))
    assert house.features.offline.commit().number == 0
    house.look(between(110, 110), now + timedelta(seconds=31))
    assert house.features.offline.commit().number == 1
