"""Offline rows of machines that stop at any step: all of a change is seen or nothing, and nothing twice."""

from pathlib import Path

import pytest

from features.domain.errors import ServiceError
from features.store.commits import commit
from features.store.compaction import compact
from features.store.files import Files
from features.store.rows import PARTS, OfflineRows
from tests.features.store.failing_files import OLD, Change, stop_everywhere, sweep_later
from tests.features.store.versions import T0, Version, files_of, versions

KINDS = pytest.mark.parametrize("kind", ["local", "memory"])
NEW: list[Version] = [("mine", "a", 1, 1, 4), ("mine", "a", 0, 5, 5), ("yours", "b", 1, 1, 6)]
LATER: list[Version] = [("mine", "a", 0, 0, 7), ("mine", "c", 0, 0, 8)]


def _append(rows: OfflineRows) -> None:
    rows.append(versions(*NEW))


def _publish(rows: OfflineRows) -> None:
    staged = [part for each in LATER for part in rows.stage(versions(each), "")]
    rows.publish(staged, lambda _: True)


def _compact(rows: OfflineRows) -> None:
    compact(rows)


CHANGES: list[tuple[Change, list[Version]]] = [
    (_append, [*OLD, *NEW]),
    (_publish, [*OLD, *LATER]),
    (_compact, OLD),
    (sweep_later, OLD),
]


@KINDS
@pytest.mark.parametrize(("change", "after"), CHANGES)
@pytest.mark.parametrize("is_after", [False, True])
def test_stop_at_any_step_leaves_all_or_nothing_and_the_change_can_be_made_again(
    kind: str, change: Change, after: list[Version], is_after: bool, tmp_path: Path
) -> None:
    def files_at(step: int) -> Files:
        return files_of(kind, tmp_path / str(step))

    assert stop_everywhere(files_at, change, after, is_after) >= 2


def _append_before_writing(rows: OfflineRows) -> None:
    elsewhere = OfflineRows(files_of("memory", Path()))
    parts = elsewhere.stage(versions(*NEW), "")
    commit(rows.files, T0, lambda before: [*before.parts, *parts])
    for part in parts:
        rows.files.write(part.name, elsewhere.files.read(part.name))


def _append_in_two_commits(rows: OfflineRows) -> None:
    for each in NEW:
        rows.append(versions(each))


def _compact_deleting_first(rows: OfflineRows) -> None:
    old = rows.commit().parts
    parts = rows.stage(rows.snapshot().read(), "")
    for part in old:
        rows.files.delete(part.name)
    commit(rows.files, T0, lambda _: parts)


def _compact_adding_first(rows: OfflineRows) -> None:
    old = rows.commit().parts
    parts = rows.stage(rows.snapshot().read(), "")
    commit(rows.files, T0, lambda before: [*before.parts, *parts])
    commit(rows.files, T0, lambda before: [part for part in before.parts if part not in old])


def _sweep_too_much(rows: OfflineRows) -> None:
    for name in rows.files.names(PARTS):
        rows.files.delete(name)


def _replace_everything(rows: OfflineRows) -> None:
    parts = rows.stage(versions(*LATER), "")
    commit(rows.files, T0, lambda _: parts)


MUTANTS: list[tuple[Change, list[Version]]] = [
    (_append_before_writing, [*OLD, *NEW]),
    (_append_in_two_commits, [*OLD, *NEW]),
    (_compact_deleting_first, OLD),
    (_compact_adding_first, OLD),
    (_sweep_too_much, OLD),
    (_replace_everything, [*OLD, *LATER]),
]


@pytest.mark.parametrize(("mutant", "after"), MUTANTS)
def test_planted_bugs_are_found(mutant: Change, after: list[Version]) -> None:
    with pytest.raises((AssertionError, OSError, ServiceError)):
        stop_everywhere(lambda _: files_of("memory", Path()), mutant, after, is_after=False)


def test_commits_that_are_not_whole_are_found() -> None:
    with pytest.raises(ServiceError, match="list of parts"):
        stop_everywhere(lambda _: files_of("memory", Path()), _append, [*OLD, *NEW], False, has_torn_commits=True)
