from random import Random

from hypothesis import given
from hypothesis import strategies as st

from experiments.faults.disk import SECTOR_BYTES, Disk
from experiments.faults.trace import Event, FolderSynced, Linked, Synced, Truncated, Unlinked, Wrote


def disk_after(*events: Event) -> Disk:
    disk = Disk()
    for place, event in enumerate(events):
        disk.take(place, event)
    return disk


SYNCED = (Linked("a", 1), Wrote(1, 0, b"x" * 2000), Synced(1, 2), FolderSynced(2))


@given(st.integers(0, 10_000))
def test_what_was_synced_is_always_there(seed: int) -> None:
    disk = disk_after(*SYNCED, Wrote(1, 2000, b"y" * 100))
    content = disk.after_crash(Random(seed))["a"]
    assert content[:2000] == b"x" * 2000
    assert len(content) <= 2100


@given(st.integers(0, 10_000))
def test_each_sector_of_a_write_is_there_or_not(seed: int) -> None:
    disk = disk_after(*SYNCED, Wrote(1, 0, b"y" * 2000))
    content = disk.after_crash(Random(seed))["a"]
    for start in range(0, 2000, SECTOR_BYTES):
        assert len(set(content[start : min(2000, start + SECTOR_BYTES)])) == 1


def test_every_kind_of_loss_comes_up() -> None:
    disk = disk_after(*SYNCED, Wrote(1, 1024, b"y" * 2048))
    states = {disk.after_crash(Random(seed))["a"] for seed in range(300)}
    lengths = {len(state) for state in states}
    assert b"x" * 2000 in states
    assert b"x" * 1024 + b"y" * 2048 in states
    assert lengths > {2000, 3072}
    assert b"x" * 1024 + b"y" * 512 + b"x" * 464 in states  # torn


def test_writes_after_the_sync_began_are_not_covered_by_it() -> None:
    disk = disk_after(Linked("a", 1), FolderSynced(1), Wrote(1, 0, b"x"), Synced(1, 2))
    assert {disk.after_crash(Random(seed))["a"] for seed in range(50)} == {b"", b"x"}


def test_names_may_come_and_go_until_the_folder_is_synced() -> None:
    new = disk_after(Linked("a", 1), Wrote(1, 0, b"x"), Synced(1, 2))
    assert {tuple(new.after_crash(Random(seed))) for seed in range(50)} == {(), ("a",)}
    gone = disk_after(*SYNCED, Unlinked("a"))
    assert {tuple(gone.after_crash(Random(seed))) for seed in range(50)} == {(), ("a",)}
    gone.take(5, FolderSynced(5))
    assert gone.after_crash(Random(0)) == {}


def test_without_a_crash_everything_is_there() -> None:
    disk = disk_after(*SYNCED, Truncated(1, 10), Wrote(1, 12, b"z"))
    assert disk.intact() == {"a": b"x" * 10 + b"\0\0z"}
    assert disk.unsynced() == 2
