"""A disk without room: refused, nothing lost, still drained, and taken again when there is room."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.spool.durable import DurableSpool
from features.spool.errors import SpoolFull
from features.spool.limits import SpoolLimits
from tests.conftest import missing
from tests.features.spool.contract import balance, contents

MIB = 1024 * 1024
LIMITS = SpoolLimits(reserve_bytes=6 * MIB)
BODY = bytes(100_000)


class SmallSpool(DurableSpool):
    """May not let its file grow beyond about a megabyte."""

    settings = (*DurableSpool.settings, "PRAGMA max_page_count = 300")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=24m", "none", folder], check=False).returncode
    ):
        missing("the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(spool: DurableSpool, size: int = 100_000) -> int:
    """Put records until the disk is full; return how many were taken."""
    for number in range(10_000):
        try:
            spool.put([b"%05d" % number + bytes(size)])
        except SpoolFull:
            return number
    raise AssertionError("the disk never was full")


def take_all(folder: Path) -> Path:
    """Let another program take all the room that is left."""
    path = folder / "other"
    with path.open("ab", buffering=0) as file:
        for block in (bytes(65_536), bytes(4096), b"x"):
            try:
                while file.write(block) == len(block):
                    pass
            except OSError:
                continue
    return path


def test_a_group_that_does_not_fit_does_not_fail_the_small_ones(tmp_path: Path) -> None:
    with SmallSpool(tmp_path / "spool.sqlite", limits=SpoolLimits(reserve_bytes=0)) as spool:
        large, small = spool._batch([bytes(2 * MIB)]), spool._batch([b"small"])
        spool._commit_group([large, small])
        with pytest.raises(SpoolFull):
            large.result()
        assert small.result() == 1
        assert contents(spool.peek(10)) == [b"small"]


def test_a_file_without_room_refuses_and_recovers(tmp_path: Path) -> None:
    with SmallSpool(tmp_path / "spool.sqlite", limits=SpoolLimits(reserve_bytes=0)) as spool:
        taken = fill(spool)
        assert 5 < taken < 15
        assert (spool.counters().pending, spool.counters().refused) == (taken, 1)
        spool.done(spool.peek(3)[-1].offset)
        spool.put([BODY])
        balance(spool)


@pytest.mark.integration
def test_a_full_disk_refuses_and_everything_taken_comes_out(disk: Path) -> None:
    with DurableSpool(disk / "spool.sqlite", limits=LIMITS) as spool:
        taken = fill(spool)
        other = take_all(disk)
        with pytest.raises(SpoolFull):
            spool.put([b"a" * 50_000])
        assert spool.acquire("drainer", 30)
        spool.set_aside(1, "bad")
        seen = 1
        while records := spool.peek(5):
            seen += len(records)
            spool.done(records[-1].offset)
            take_all(disk)
        assert seen == taken
        balance(spool)
        other.unlink()
        spool.put([b"a"])
        assert contents(spool.peek(5)) == [b"a"]
        balance(spool)


@pytest.mark.integration
def test_a_full_disk_is_opened_and_emptied_after_a_restart(disk: Path) -> None:
    with DurableSpool(disk / "spool.sqlite", limits=LIMITS) as spool:
        taken = fill(spool)
    take_all(disk)
    with DurableSpool(disk / "spool.sqlite", limits=LIMITS) as spool:
        assert spool.counters().pending == taken
        while records := spool.peek(5):
            spool.done(records[-1].offset)
        assert spool.counters().done == taken


@pytest.mark.integration
def test_a_record_for_which_there_is_no_room_is_refused_beforehand(disk: Path) -> None:
    with DurableSpool(disk / "spool.sqlite", limits=LIMITS) as spool:
        with pytest.raises(SpoolFull, match="need twice as much"):
            spool.put([bytes(12 * MIB)])
        spool.put([bytes(5 * MIB)])
        spool.done(1)
        spool.put([bytes(MIB)])
        balance(spool)
