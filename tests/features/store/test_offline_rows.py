"""Offline rows that are written, replaced, compacted and swept."""

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.store.commits import COMMITS, Commit, Part, commit
from features.store.compaction import compact, merge_small, sweep
from features.store.errors import FeatureStoreUnavailable
from features.store.rows import PARTS, OfflineRows
from tests.features.store.failing_files import OLD, sweep_later
from tests.features.store.versions import T0, Version, files_of, found, versions

KINDS = pytest.mark.parametrize("kind", ["local", "memory"])
DAY = timedelta(days=1)
NEW: list[Version] = [("mine", "a", 1, 1, 4), ("mine", "a", 0, 5, 5), ("yours", "b", 1, 1, 6)]
LATER: list[Version] = [("mine", "a", 0, 0, 7), ("mine", "c", 0, 0, 8)]


@KINDS
def test_appended_rows_are_there_once(kind: str, tmp_path: Path) -> None:
    rows = OfflineRows(files_of(kind, tmp_path))
    assert found(rows) == Counter()
    rows.append(versions(*OLD))
    rows.append(versions(*NEW))
    assert found(rows) == Counter([*OLD, *NEW])
    assert rows.commit().number == 2


@KINDS
def test_a_slot_takes_the_place_of_itself(kind: str, tmp_path: Path) -> None:
    rows = OfflineRows(files_of(kind, tmp_path))
    rows.append(versions(*OLD))
    rows.append(versions(*NEW), "batch")
    rows.append(versions(NEW[0]), "batch")
    assert found(rows) == Counter([*OLD, NEW[0]])


@KINDS
def test_staged_rows_count_together_beside_what_came_meanwhile(kind: str, tmp_path: Path) -> None:
    rows = OfflineRows(files_of(kind, tmp_path))
    rows.append(versions(*OLD))
    staged = rows.stage(versions(LATER[0]), "")
    rows.append(versions(*NEW))
    staged += rows.stage(versions(LATER[1]), "")
    assert found(rows) == Counter([*OLD, *NEW])
    rows.publish(staged, lambda _: True)
    assert found(rows) == Counter([*OLD, *NEW, *LATER])


@KINDS
def test_two_writers_both_count(kind: str, tmp_path: Path) -> None:
    """Each looks, and the second finds its number taken."""
    files = files_of(kind, tmp_path)
    rows = OfflineRows(files)
    raced: list[int] = []

    def change(before: Commit) -> list[Part]:
        if not raced:
            raced.append(before.number)
            rows.append(versions(*NEW))
        return [*before.parts, *staged]

    staged = rows.stage(versions(*OLD), "")
    made = commit(files, T0, change)
    assert (raced, made.number) == ([0], 2)
    assert found(rows) == Counter([*OLD, *NEW])


@KINDS
def test_compaction_keeps_every_version_and_is_seen_as_nothing(kind: str, tmp_path: Path) -> None:
    rows = OfflineRows(files_of(kind, tmp_path))
    for each in (*OLD, *NEW):
        rows.append(versions(each))
    compact(rows)
    assert found(rows) == Counter([*OLD, *NEW])
    assert sorted(part.tenant for part in rows.commit().parts) == ["mine", "yours"]
    number = rows.commit().number
    compact(rows)
    assert rows.commit().number == number


@KINDS
def test_small_parts_are_merged_where_they_are_many_and_no_others(kind: str, tmp_path: Path) -> None:
    rows = OfflineRows(files_of(kind, tmp_path))
    listed: list[Version] = [("mine", "a", at, at, at) for at in range(9)]
    for each in listed[:3]:
        rows.append(versions(each))
    rows.append(versions(("mine", "b", 0, 0, 1), ("mine", "b", 1, 1, 1), ("yours", "b", 1, 1, 1)))
    assert merge_small(rows, small=2, many=4) == 0
    for each in listed[3:]:
        rows.append(versions(each))
    before = found(rows)
    assert merge_small(rows, small=2, many=4) == 6
    assert merge_small(rows, small=2, many=4) == 0
    assert found(rows) == before
    assert [part.rows for part in rows.commit().parts if part.tenant == "mine"] == [1, 1, 1, 2, 6]


def test_version_that_was_written_last_still_counts_after_small_parts_were_merged(tmp_path: Path) -> None:
    rows = OfflineRows(files_of("local", tmp_path))
    for value in range(3):
        rows.append(versions(("mine", "a", 0, 0, value)))
    merge_small(rows, small=2, many=2)
    assert found(rows) == Counter([("mine", "a", 0, 0, 2)])


@KINDS
def test_version_written_twice_is_kept_as_it_was_written_last(kind: str, tmp_path: Path) -> None:
    rows = OfflineRows(files_of(kind, tmp_path))
    rows.append(versions(("mine", "a", 0, 0, 1)))
    rows.append(versions(("mine", "a", 0, 0, 2)))
    compact(rows)
    assert found(rows) == Counter([("mine", "a", 0, 0, 2)])


def test_compaction_leaves_out_what_is_older_than_retention_and_nothing_else(tmp_path: Path) -> None:
    rows = OfflineRows(files_of("local", tmp_path), lambda: T0 + timedelta(hours=10))
    listed: list[Version] = [("mine", "a", at, created, at) for at in range(8) for created in (at, at + 30)]
    rows.append(versions(*listed))
    compact(rows, retention=timedelta(hours=7))
    assert found(rows) == Counter(each for each in listed if each[2] >= 3)


def test_parts_are_cut_between_assets(tmp_path: Path) -> None:
    rows = OfflineRows(files_of("local", tmp_path))
    listed: list[Version] = [("mine", f"m{asset}", at, at, at) for asset in range(6) for at in range(4)]
    random.Random(1).shuffle(listed)
    for start in range(0, len(listed), 5):
        rows.append(versions(*listed[start : start + 5]))
    compact(rows, rows_of_a_part=8)
    assert found(rows) == Counter(listed)
    assert [(part.first_asset, part.last_asset) for part in rows.commit().parts] == [
        ("m0", "m1"),
        ("m2", "m3"),
        ("m4", "m5"),
    ]


def test_snapshot_leaves_out_parts_that_cannot_hold_what_is_asked(tmp_path: Path) -> None:
    rows = OfflineRows(files_of("local", tmp_path))
    rows.append(versions(("mine", "a", 0, 0, 1), ("yours", "b", 0, 0, 2)))
    rows.append(versions(("mine", "c", 5, 5, 3)))
    snapshot = rows.snapshot()
    hour = timedelta(hours=1)
    assert snapshot.of(tenants={"yours"}).read(["x"])["x"].to_list() == [2]
    assert snapshot.of(assets=("b", "c")).read(["x"])["x"].to_list() == [2, 3]
    assert snapshot.of(times=(T0 - hour, T0)).read(["x"])["x"].to_list() == [1, 2]
    assert snapshot.of(times=(T0 + hour, T0 + 5 * hour)).read(["x"])["x"].to_list() == [3]


@KINDS
def test_sweeping_deletes_what_counts_no_longer_once_nobody_can_read_it(kind: str, tmp_path: Path) -> None:
    files = files_of(kind, tmp_path)
    rows = OfflineRows(files)
    rows.append(versions(*OLD))
    rows.append(versions(*NEW))
    rows.stage(versions(*NEW), "")  # of a writer that stopped
    before = rows.snapshot()
    compact(rows)
    assert sweep(rows) == 0
    assert before.read().height == 6
    in_two_days = OfflineRows(files, lambda: rows.now() + 2 * DAY)
    assert sweep(in_two_days) > 0
    assert sorted(files.names(PARTS)) == sorted(part.name for part in rows.commit().parts)
    assert len(files.names(COMMITS)) == 1
    assert found(rows) == Counter([*OLD, *NEW])
    with pytest.raises(FileNotFoundError):
        before.read()


def test_part_that_was_swept_away_before_its_commit_is_not_committed(tmp_path: Path) -> None:
    rows = OfflineRows(files_of("local", tmp_path))
    rows.append(versions(*OLD))
    staged = rows.stage(versions(*LATER), "")
    sweep(OfflineRows(rows.files, lambda: rows.now() + 2 * DAY))
    with pytest.raises(FeatureStoreUnavailable, match="swept"):
        rows.publish(staged, lambda _: True)
    assert found(rows) == Counter(OLD)


def test_commit_that_is_none_of_ours_is_unavailability(tmp_path: Path) -> None:
    rows = OfflineRows(files_of("local", tmp_path))
    rows.append(versions(*OLD))
    (tmp_path / f"{COMMITS}/{2:016d}.json").write_text('{"number": 2}')
    with pytest.raises(FeatureStoreUnavailable, match="list of parts"):
        rows.snapshot()


TENANTS, ASSETS = st.sampled_from(["mine", "yours"]), st.sampled_from(["a", "b", "c"])
DRAWN = st.lists(st.tuples(TENANTS, ASSETS, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), max_size=6)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), DRAWN),
        st.tuples(st.just("compact"), DRAWN),
        st.tuples(st.just("sweep"), DRAWN),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_any_order_of_changes_gives_what_a_plain_list_gives(steps: list[tuple[str, list[Version]]]) -> None:
    """The last written value of each version, after any changes; compaction and sweeping are never seen."""
    rows = OfflineRows(files_of("memory", Path()))
    expected: list[Version] = []
    for step, drawn in steps:
        if step == "append":
            rows.append(versions(*drawn))
            expected += drawn
        elif step == "compact":
            compact(rows, rows_of_a_part=3)
        else:
            sweep_later(rows)
    compact(rows)
    last = {each[:4]: each for each in expected}
    seen = found(rows)
    assert {each[:4] for each in seen} == set(last)
    assert set(last.values()) <= set(seen)
