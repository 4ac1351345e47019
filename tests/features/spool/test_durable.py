import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from features.domain.errors import InvalidValue
from features.spool.durable import DurableSpool
from features.spool.errors import RecordTooLarge, SpoolBusy, SpoolCorrupt, SpoolFault, SpoolFull, SpoolUnavailable
from features.spool.limits import SpoolLimits
from features.spool.points import POINTS
from tests.features.spool.contract import SpoolContract, balance, contents

SMALL = SpoolLimits(reserve_bytes=0)

WRITER = """
import sys
from pathlib import Path
from features.spool.durable import DurableSpool

with DurableSpool(Path(sys.argv[1])) as spool:
    for number in range(60):
        spool.put([f"{sys.argv[2]} {number}".encode()] * 3)
"""


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[DurableSpool]:
    with DurableSpool(tmp_path / "folder" / "spool.sqlite", limits=SMALL) as opened:
        yield opened


class TestDurableSpool(SpoolContract):
    """The spool in a file keeps the contract."""


def test_what_was_put_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    with DurableSpool(path) as first:
        last = first.put([b"a", b"bad", b"c"])
        first.set_aside(last - 1, "bad")
        before = first.counters()
    with DurableSpool(path) as second:
        assert contents(second.peek(10)) == [b"a", b"c"]
        assert second.counters() == before
        assert second.put([b"d"]) > last


def test_every_named_point_is_reached_and_no_other(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    with DurableSpool(tmp_path / "spool.sqlite", observe=lambda point: seen.update([point])) as spool:
        body = bytes(100_000)
        last = spool.put([b"bad", b"worse", *[body] * 40])
        spool.peek(1)
        for offset in (1, 2):
            spool.set_aside(offset, "bad")
        spool.restore(1)
        spool.drop(2)
        spool.acquire("one", 1)
        while last < 900:
            last = spool.put([body] * 40)
        spool.done(last)
    assert set(seen) == set(POINTS)


def test_what_does_not_fit_for_now_is_refused_at_once_and_counted(tmp_path: Path) -> None:
    limits = SpoolLimits(max_pending_bytes=100, reserve_bytes=0)
    with DurableSpool(tmp_path / "spool.sqlite", limits=limits) as spool:
        last = spool.put([bytes(60)])
        with pytest.raises(SpoolBusy, match="less than 100 bytes wait for delivery; found: 60") as caught:
            spool.put([bytes(20), bytes(21)])
        assert (caught.value.pending_bytes, caught.value.limit_bytes) == (60, 100)
        assert caught.value.retry_after_seconds > 0
        assert (spool.counters().pending, spool.counters().refused) == (1, 2)
        spool.put([bytes(40)])
        spool.done(last)
        spool.put([bytes(60)])
        balance(spool)


def test_what_can_never_fit_is_refused_for_good(tmp_path: Path) -> None:
    limits = SpoolLimits(max_pending_bytes=100, max_record_bytes=50, reserve_bytes=0)
    with DurableSpool(tmp_path / "spool.sqlite", limits=limits) as spool:
        with pytest.raises(RecordTooLarge, match="a record must have at most 50 bytes; found 51"):
            spool.put([b"a", bytes(51)])
        with pytest.raises(RecordTooLarge, match="together must have at most 100"):
            spool.put([bytes(50), bytes(50), b"x"])
        assert spool.counters().put == 0


@pytest.mark.parametrize("wrong", ["text", 5, None, bytearray(b"a")])
def test_only_bytes_are_records(spool: DurableSpool, wrong: bytes) -> None:
    with pytest.raises(InvalidValue, match="must be bytes"):
        spool.put([b"a", wrong])
    assert spool.counters().put == 0


def test_limits_must_make_sense() -> None:
    with pytest.raises(InvalidValue, match="max_record_bytes must be at least 1"):
        SpoolLimits(max_record_bytes=0)


def test_what_is_set_aside_may_not_take_all_the_room(tmp_path: Path) -> None:
    limits = SpoolLimits(max_aside_bytes=100, reserve_bytes=0)
    with DurableSpool(tmp_path / "spool.sqlite", limits=limits) as spool:
        spool.set_aside(spool.put([bytes(101)]), "bad")
        with pytest.raises(SpoolFull, match="restore or drop"):
            spool.put([b"a"])
        spool.drop(spool.aside(1)[0].offset)
        spool.put([b"a"])


def test_many_threads_need_far_fewer_commits_than_puts(tmp_path: Path) -> None:
    commits: Counter[str] = Counter()
    with DurableSpool(tmp_path / "spool.sqlite", limits=SMALL, observe=lambda point: commits.update([point])) as spool:

        def put(thread: int) -> None:
            for number in range(40):
                spool.put([b"%d %d" % (thread, number)])

        with ThreadPoolExecutor(16) as threads:
            list(threads.map(put, range(16)))
        assert commits["put:after_commit"] < 640 / 3
        found = [tuple(map(int, content.split())) for content in contents(spool.peek(1000))]
    for thread in range(16):
        assert [number for each, number in found if each == thread] == list(range(40))


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, name], cwd=Path.cwd()) for name in ("left", "right")]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    with DurableSpool(path) as spool:
        found = contents(spool.peek(1000))
        balance(spool)
    for name in (b"left", b"right"):
        assert [each for each in found if each.startswith(name)] == [b"%s %d" % (name, i // 3) for i in range(180)]


def test_a_locked_file_is_unavailable_after_the_timeout(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    with DurableSpool(path, limits=SMALL, busy_timeout_seconds=0.05) as spool:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SpoolUnavailable, match="locked"):
            spool.put([b"a"])
        assert spool.peek(1) == []
        other.execute("ROLLBACK")
        other.close()
        spool.put([b"a"])
        balance(spool)


def test_a_file_that_was_moved_away_takes_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "moved" / "spool.sqlite"
    with DurableSpool(path, limits=SMALL) as spool:
        spool.put([b"a"])
        away = path.rename(path.with_name("away.sqlite"))
        questions: list[Callable[[], object]] = [lambda: spool.put([b"b"]), lambda: spool.peek(1), spool.counters]
        for question in questions:
            with pytest.raises(SpoolUnavailable, match="is gone"):
                question()
        away.rename(path)
        spool.put([b"b"])
        assert contents(spool.peek(10)) == [b"a", b"b"]


def test_a_file_moved_while_it_is_written_acknowledges_nothing(tmp_path: Path) -> None:
    path = tmp_path / "moved" / "spool.sqlite"

    def observe(point: str) -> None:
        if point == "put:after_insert" and moving.is_set():
            path.rename(path.with_name("away.sqlite"))

    moving = threading.Event()
    with DurableSpool(path, limits=SMALL, observe=observe) as spool:
        moving.set()
        with pytest.raises(SpoolUnavailable, match="moved away while"):
            spool.put([b"a"])


def test_a_file_that_was_replaced_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    with DurableSpool(path, limits=SMALL) as first:
        first.put([b"old"])
        for part in tmp_path.glob("spool.sqlite*"):
            part.rename(tmp_path / f"old-{part.name}")
        with DurableSpool(path, limits=SMALL) as second:
            second.put([b"new"])
        assert contents(first.peek(10)) == [b"new"]
        first.put([b"newer"])
        assert contents(first.peek(10)) == [b"new", b"newer"]


def test_a_file_that_is_no_spool_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    path.write_bytes(b"this is a letter to my grandmother, and no database\n" * 100)
    with pytest.raises(SpoolCorrupt, match="not a database"):
        DurableSpool(path)


def test_a_file_of_a_later_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    DurableSpool(path, limits=SMALL).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SpoolCorrupt, match="format 99"):
        DurableSpool(path)


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SpoolUnavailable, match="cannot be made"):
        DurableSpool(tmp_path / "file" / "spool.sqlite")


def test_a_closed_spool_says_so(spool: DurableSpool) -> None:
    spool.close()
    with pytest.raises(SpoolFault, match="closed"):
        spool.put([b"a"])


def test_a_lease_from_before_the_clock_was_set_back_does_not_hold(tmp_path: Path) -> None:
    moments = [1_000_000.0]
    with DurableSpool(tmp_path / "spool.sqlite", limits=SMALL, clock=lambda: moments[0]) as spool:
        assert spool.acquire("one", 30)
        moments[0] += 29
        assert not spool.acquire("two", 30)
        moments[0] -= 86_400
        assert spool.acquire("two", 30)
