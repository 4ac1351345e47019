"""How large the file and its WAL become when records flow through."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from features.spool import file as spool_file
from features.spool.durable import DurableSpool
from features.spool.limits import SpoolLimits
from tests.features.spool.contract import contents

MIB = 1024 * 1024
BODY = bytes(100_000)


class HastySpool(DurableSpool):
    """Does not wait for the disk: nothing here is about a crash."""

    settings = (*DurableSpool.settings, "PRAGMA synchronous = OFF")


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[DurableSpool]:
    with HastySpool(tmp_path / "spool.sqlite", limits=SpoolLimits(reserve_bytes=0)) as opened:
        yield opened


def sizes(folder: Path) -> tuple[int, int]:
    return (folder / "spool.sqlite").stat().st_size, (folder / "spool.sqlite-wal").stat().st_size


def flow(spool: DurableSpool, rounds: int) -> None:
    for _ in range(rounds):
        for _ in range(10):
            spool.put([BODY])
        while records := spool.peek(4):
            spool.done(records[-1].offset)


def test_a_file_through_which_records_flow_stays_small(spool: DurableSpool, tmp_path: Path) -> None:
    flow(spool, 20)
    before = sizes(tmp_path)
    flow(spool, 60)
    after = sizes(tmp_path)
    assert after[0] <= before[0] + 65_536 < 3 * MIB
    assert after[1] < 10 * MIB


def test_small_records_one_by_one_keep_the_wal_small(spool: DurableSpool, tmp_path: Path) -> None:
    for number in range(6000):
        last = spool.put([b"%d" % number])
    assert sizes(tmp_path)[1] < 40 * MIB
    spool.done(last)
    assert spool.peek(1) == []


def test_a_file_that_was_large_shrinks_when_it_is_emptied(spool: DurableSpool, tmp_path: Path) -> None:
    for _ in range(30):
        last = spool.put([BODY] * 40)
    assert sizes(tmp_path)[0] > 100 * MIB
    while records := spool.peek(60):
        spool.done(records[-1].offset)
    flow(spool, 2)
    assert spool.counters().done == last + 20
    spool._file.checkpoint()
    assert sizes(tmp_path)[0] < (spool_file.SPARE_PAGES + 1000) * spool_file.PAGE_BYTES


def test_a_reader_with_an_old_view_holds_the_wal_and_loses_nothing(spool: DurableSpool) -> None:
    spool.put([b"first"])
    with spool._file.reading() as connection:
        connection.execute("SELECT count(*) FROM records").fetchall()
        other = HastySpool(spool._file.path, limits=SpoolLimits(reserve_bytes=0))
        for _ in range(60):
            other.put([BODY])
        other.close()
    spool._file.checkpoint()
    assert contents(spool.peek(100)) == [b"first", *[BODY] * 60]
