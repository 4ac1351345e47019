"""The side file: one writer at a time, and no change that is missed, whatever dies in between."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from features.domain.identifiers import DEFAULT_TENANT
from features.telemetry.errors import StoreCorrupt, StoreUnavailable
from features.telemetry.influx.changes import ChangeLog, Stretch
from features.telemetry.influx.server import InfluxServer
from features.telemetry.influx.store import InfluxTelemetryStore
from features.telemetry.store import WriteReport
from tests.features.telemetry.contract import at, frame
from tests.features.telemetry.influx.fake import FakeInflux, Fault

ONE = frame(("a", "speed", at(0), 1.0, 0))
STRETCH = Stretch("local", "a", 10, 20)


@pytest.fixture
def fake() -> Iterator[FakeInflux]:
    with FakeInflux("v2.7.1").running() as running:
        yield running


def store_on(fake: FakeInflux, folder: Path, busy_timeout_seconds: float = 10.0) -> InfluxTelemetryStore:
    server = InfluxServer(fake.url, "plant", org="acme", timeout_seconds=0.5)
    path = folder / "changes.sqlite"
    return InfluxTelemetryStore(server, "pump", [], path, busy_timeout_seconds=busy_timeout_seconds)


def told(log: ChangeLog) -> list[tuple[str, int]]:
    return [(each.asset, each.first.microsecond) for each in log.since(0, 100)]


def test_an_intent_becomes_a_change_when_its_write_succeeded(tmp_path: Path) -> None:
    log = ChangeLog(tmp_path / "changes.sqlite")
    with log.writing():
        log.intend([STRETCH])
        assert told(log) == []
        log.settle([STRETCH])
    assert told(log) == [("a", 10)]
    log.close()


def test_an_intent_that_was_left_over_is_told_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "changes.sqlite"
    crashed = ChangeLog(path)
    with crashed.writing():
        crashed.intend([STRETCH])
    crashed.close()
    log = ChangeLog(path)
    assert told(log) == [("a", 10)]
    assert told(log) == [("a", 10)]
    log.close()


def test_it_is_told_once_more_when_a_later_write_over_it_succeeded(tmp_path: Path) -> None:
    log = ChangeLog(tmp_path / "changes.sqlite")
    with log.writing():
        log.intend([STRETCH])
    assert told(log) == [("a", 10)]
    with log.writing():
        log.settle([Stretch("local", "a", 11, 30), Stretch("local", "b", 0, 30)])
        assert told(log) == [("a", 10)]
        log.settle([Stretch("local", "a", 0, 20)])
    assert told(log) == [("a", 10), ("a", 10)]
    log.close()


def test_a_write_that_fails_after_the_server_had_it_is_a_change(fake: FakeInflux, tmp_path: Path) -> None:
    with store_on(fake, tmp_path) as store:
        fake.faults.append(Fault("/api/v2/write", drops_answer=True))
        with pytest.raises(StoreUnavailable):
            store.write(DEFAULT_TENANT, ONE)
        (change,) = store.changes_since(0, 10)
        assert (change.asset, change.first) == ("a", at(0))
        assert store.write(DEFAULT_TENANT, ONE) == WriteReport(duplicates=1)
        assert [each.asset for each in store.changes_since(change.cursor, 10)] == ["a"]
        assert store.write(DEFAULT_TENANT, ONE) == WriteReport(duplicates=1)
        assert len(store.changes_since(0, 10)) == 2


def test_an_outage_does_not_tell_the_same_change_at_every_attempt(fake: FakeInflux, tmp_path: Path) -> None:
    with store_on(fake, tmp_path) as store:
        fake.faults += [Fault("/api/v2/write", status) for status in (503, 429, 401, 503)]
        for _ in range(4):
            with pytest.raises(StoreUnavailable):
                store.write(DEFAULT_TENANT, ONE)
        assert store.changes_since(0, 10) == []
        assert store.write(DEFAULT_TENANT, ONE).written == 1
        assert len(store.changes_since(0, 10)) == 1


def test_only_one_store_writes_at_a_time(fake: FakeInflux, tmp_path: Path) -> None:
    def write(number: int) -> WriteReport:
        with store_on(fake, tmp_path) as store:
            return sum(
                (
                    store.write(DEFAULT_TENANT, frame(("a", "speed", at(minute), float(number), 0)))
                    for minute in range(5)
                ),
                WriteReport(),
            )

    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(write, range(4)))
    assert sum(reports, WriteReport()).written == 5
    with store_on(fake, tmp_path) as store:
        assert store.read(DEFAULT_TENANT)["value"].to_list() == [3.0] * 5


def test_a_writer_that_holds_the_lock_for_too_long_makes_others_unavailable(fake: FakeInflux, tmp_path: Path) -> None:
    with store_on(fake, tmp_path, busy_timeout_seconds=0.05) as store:
        other = ChangeLog(tmp_path / "changes.sqlite")
        with other.writing():
            with pytest.raises(StoreUnavailable, match="locked"):
                store.write(DEFAULT_TENANT, ONE)
            assert store.read(DEFAULT_TENANT).is_empty()
        assert store.write(DEFAULT_TENANT, ONE).written == 1
        other.close()


def test_threads_of_one_store_take_turns(fake: FakeInflux, tmp_path: Path) -> None:
    with store_on(fake, tmp_path) as store, ThreadPoolExecutor(4) as threads:
        rows = [frame((f"a-{number}", "speed", at(0), 1.0, 0)) for number in range(8)]
        reports = list(threads.map(lambda row: store.write(DEFAULT_TENANT, row), rows))
    assert sum(reports, WriteReport()) == WriteReport(written=8)


def test_what_a_deletion_put_aside_is_written_back_by_whoever_writes_next(fake: FakeInflux, tmp_path: Path) -> None:
    rows = frame(("a", "speed", at(0), 1.0, 2), ("a", "flow", at(0), 2.0, 0), ("a", "flow", at(9), 3.0, 0))
    with store_on(fake, tmp_path) as store:
        store.write(DEFAULT_TENANT, rows)
        fake.faults.append(Fault("/api/v2/write", 503))
        with pytest.raises(StoreUnavailable):  # dies after the points were deleted
            store.forget(DEFAULT_TENANT, ["flow"], at(5))
        assert store.read(DEFAULT_TENANT)["signal"].to_list() == ["flow"]
    with store_on(fake, tmp_path) as store:
        store.write(DEFAULT_TENANT, frame(("z", "speed", at(0), 1.0, 0)))
        survivors = rows.filter(~((pl.col("signal") == "flow") & (pl.col("time") < at(5))))
        assert store.read(DEFAULT_TENANT, assets=["a"]).equals(survivors.sort("asset", "signal", "time"))


def test_another_file_is_not_taken_for_a_log(tmp_path: Path) -> None:
    path = tmp_path / "changes.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 7")
    connection.execute("CREATE TABLE x (y)")
    connection.close()
    with pytest.raises(StoreCorrupt):
        ChangeLog(path)


def test_a_log_that_was_moved_away_takes_nothing_more(fake: FakeInflux, tmp_path: Path) -> None:
    with store_on(fake, tmp_path) as store:
        store.write(DEFAULT_TENANT, ONE)
        (tmp_path / "changes.sqlite").rename(tmp_path / "away")
        with pytest.raises(StoreUnavailable, match="gone"):
            store.write(DEFAULT_TENANT, ONE)
