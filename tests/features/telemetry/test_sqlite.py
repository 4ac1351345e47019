import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.identifiers import DEFAULT_TENANT
from features.telemetry import sqlite as sqlite_store
from features.telemetry.errors import StoreCorrupt, StoreFault, StoreUnavailable
from features.telemetry.sqlite import SqliteTelemetryStore
from features.telemetry.store import WriteReport
from tests.features.telemetry.contract import TelemetryStoreContract, at, frame
from tests.features.telemetry.contract_judged import JudgedReadingsContract

finite = st.floats(allow_nan=False, allow_infinity=False)
memory = sqlite3.connect(":memory:", check_same_thread=False)

WRITER = """
import sys
from pathlib import Path
from features.domain.identifiers import DEFAULT_TENANT
from features.telemetry.sqlite import SqliteTelemetryStore
from tests.features.telemetry.contract import at, frame

path, value = Path(sys.argv[1]), float(sys.argv[2])
with SqliteTelemetryStore(path) as store:
    for minute in range(40):
        rows = [("a", "s", at(minute), value, 0), (f"own-{value:.0f}", "s", at(minute), value, 0)]
        store.write(DEFAULT_TENANT, frame(*rows))
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteTelemetryStore]:
    with SqliteTelemetryStore(tmp_path / "folder" / "telemetry.sqlite") as opened:
        yield opened


class TestSqliteTelemetryStore(TelemetryStoreContract, JudgedReadingsContract):
    """The SQLite store keeps the contract."""


@given(finite, finite)
def test_the_order_in_sql_is_that_of_the_big_endian_bytes(a: float, b: float) -> None:
    a, b = a + 0.0, b + 0.0
    question = "SELECT (?1 < 0, abs(?1)) > (?2 < 0, abs(?2))"
    assert bool(memory.execute(question, (a, b)).fetchone()[0]) == (struct.pack(">d", a) > struct.pack(">d", b))


def test_what_was_written_outlives_the_store(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.sqlite"
    with SqliteTelemetryStore(path) as store:
        store.write(DEFAULT_TENANT, frame(("a", "s", at(0), 1.0, 0)))
    with SqliteTelemetryStore(path) as store:
        assert store.read(DEFAULT_TENANT).height == 1
        assert len(store.changes_since(0, 10)) == 1


def test_two_processes_write_at_once_and_the_rule_holds(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.sqlite"
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, value], cwd=Path.cwd()) for value in ("1", "2")]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    with SqliteTelemetryStore(path) as store:
        read = store.read(DEFAULT_TENANT)
    assert read.height == 120
    assert set(read.filter(pl.col("asset") == "a")["value"]) == {2.0}


def test_several_threads_may_share_one_store(store: SqliteTelemetryStore) -> None:
    def write(thread: int) -> WriteReport:
        return store.write(DEFAULT_TENANT, frame(*((f"a-{thread}", "s", at(minute), 1.0, 0) for minute in range(50))))

    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(write, range(8)))
    assert sum(reports, WriteReport()) == WriteReport(written=400)
    assert store.read(DEFAULT_TENANT).height == 400


def test_a_batch_larger_than_one_transaction_is_written_whole(store: SqliteTelemetryStore, tmp_path: Path) -> None:
    rows = sqlite_store.SLICE_ROWS + 10
    batch = pl.DataFrame({"minute": range(rows)}).select(
        pl.lit("a").alias("asset"),
        pl.lit("s").alias("signal"),
        (pl.lit(at(0)).dt.cast_time_unit("us") + pl.duration(minutes="minute")).alias("time"),
        pl.col("minute").cast(pl.Float64).alias("value"),
        pl.lit(0, pl.Int64).alias("revision"),
    )
    assert store.write(DEFAULT_TENANT, batch) == WriteReport(written=rows)
    assert store.read(DEFAULT_TENANT).equals(batch)
    changes = store.changes_since(0, 10)
    assert (changes[0].first, changes[-1].last) == (at(0), at(rows - 1))


def test_a_file_that_is_no_store_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.sqlite"
    path.write_bytes(b"this is a letter to my grandmother, and no database\n" * 100)
    with pytest.raises(StoreCorrupt, match="not a database"):
        SqliteTelemetryStore(path)


def test_a_file_of_a_later_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.sqlite"
    SqliteTelemetryStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreCorrupt, match="format 99"):
        SqliteTelemetryStore(path)


def test_a_locked_file_is_unavailable_after_the_timeout_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.sqlite"
    with SqliteTelemetryStore(path, busy_timeout_seconds=0.05) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            store.write(DEFAULT_TENANT, frame(("a", "s", at(0), 1.0, 0)))
        assert store.read(DEFAULT_TENANT).is_empty()
        other.execute("ROLLBACK")
        other.close()
        assert store.write(DEFAULT_TENANT, frame(("a", "s", at(0), 1.0, 0))).written == 1


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        SqliteTelemetryStore(tmp_path / "file" / "telemetry.sqlite")


def test_a_closed_store_says_so(store: SqliteTelemetryStore) -> None:
    store.close()
    with pytest.raises(StoreFault, match="closed"):
        store.read(DEFAULT_TENANT)


def test_a_file_that_was_moved_away_takes_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "moved" / "telemetry.sqlite"
    with SqliteTelemetryStore(path) as moved:
        moved.write(DEFAULT_TENANT, frame(("a", "s", at(0), 1.0, 0)))
        away = path.rename(path.with_name("away.sqlite"))
        with pytest.raises(StoreUnavailable, match="is gone"):
            moved.write(DEFAULT_TENANT, frame(("a", "s", at(1), 2.0, 0)))
        away.rename(path)
        assert moved.write(DEFAULT_TENANT, frame(("a", "s", at(1), 2.0, 0))).written == 1
        assert moved.read(DEFAULT_TENANT).height == 2


def test_a_file_that_was_replaced_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.sqlite"
    with SqliteTelemetryStore(path) as first:
        first.write(DEFAULT_TENANT, frame(("a", "s", at(0), 1.0, 0)))
        for part in tmp_path.glob("telemetry.sqlite*"):
            part.rename(tmp_path / f"old-{part.name}")
        with SqliteTelemetryStore(path) as second:
            second.write(DEFAULT_TENANT, frame(("b", "s", at(0), 5.0, 0)))
        assert first.read(DEFAULT_TENANT)["asset"].to_list() == ["b"]
