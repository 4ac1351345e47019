"""Files that stop at a chosen step, as a machine does that loses power there."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from features.store.compaction import sweep
from features.store.files import Files
from features.store.rows import PARTS, OfflineRows
from tests.features.store.versions import Version, found, versions

Change = Callable[[OfflineRows], None]
OLD: list[Version] = [("mine", "a", 0, 0, 1), ("mine", "b", 0, 0, 2), ("yours", "a", 0, 0, 3)]
LEFT_OVER: Version = ("mine", "z", 0, 0, 9)


class Stopped(Exception):
    """The machine stopped here."""


@dataclass
class StoppingFiles:
    """Files whose changes are counted, and which stop for good at one of them.

    Attributes:
        files: What is changed.
        stop_at: At which change, counted from zero; None never.
        is_after: Whether that change is still made; else it is not, or half of it where a file is only written.
        has_torn_commits: Whether half a file may be created too, which our files must not do.
        changes: How many there were.
    """

    files: Files
    stop_at: int | None = None
    is_after: bool = False
    has_torn_commits: bool = False
    changes: int = field(default=0)

    def write(self, name: str, content: bytes) -> None:
        self._step(
            lambda: self.files.write(name, content), lambda: self.files.write(name, content[: len(content) // 2])
        )

    def create(self, name: str, content: bytes) -> None:
        half = content[: len(content) // 2] if self.has_torn_commits else None
        self._step(
            lambda: self.files.create(name, content), lambda: None if half is None else self.files.create(name, half)
        )

    def delete(self, name: str) -> None:
        self._step(lambda: self.files.delete(name), lambda: None)

    def read(self, name: str) -> bytes:
        return self.files.read(name)

    def folders(self) -> list[str]:
        return self.files.folders()

    def names(self, folder: str) -> list[str]:
        return self.files.names(folder)

    def modified(self, name: str) -> datetime:
        return self.files.modified(name)

    def rows(self, names: Sequence[str], columns: Sequence[pl.Expr], where: pl.Expr | None) -> pl.DataFrame:
        return self.files.rows(names, columns, where)

    def _step(self, whole: Callable[[], None], half: Callable[[], None]) -> None:
        number, self.changes = self.changes, self.changes + 1
        if self.stop_at is None or number < self.stop_at:
            whole()
        elif number > self.stop_at:
            raise Stopped
        else:
            (whole if self.is_after else half)()
            raise Stopped


def stop_everywhere(
    files_at: Callable[[int], Files],
    change: Change,
    after: list[Version],
    is_after: bool,
    has_torn_commits: bool = False,
) -> int:
    """Stop a change at each of its steps; check what is seen then, and after the change is made again.

    Args:
        files_at: Returns new files for a step.
        change: What is done to `OLD`.
        after: What is there when it is done.
        is_after: As for `StoppingFiles`.
        has_torn_commits: As for `StoppingFiles`.

    Returns:
        Number of steps.
    """
    step = 0
    while True:
        files = files_at(step)
        rows = prepared(files)
        stopped = False
        try:
            change(OfflineRows(StoppingFiles(files, step, is_after, has_torn_commits)))
        except Stopped:
            stopped = True
        seen = found(rows)
        assert seen in (Counter(OLD), Counter(after))
        if not stopped:
            assert seen == Counter(after)
            return step
        if seen != Counter(after) or seen == Counter(OLD):  # whoever appends asks whether it counts, or names a slot
            change(rows)
        assert found(rows) == Counter(after)
        sweep_later(rows)
        assert found(rows) == Counter(after)
        assert sorted(files.names(PARTS)) == sorted(part.name for part in rows.commit().parts)
        step += 1


def prepared(files: Files) -> OfflineRows:
    """Return `OLD` in three commits, and a part of a writer that stopped."""
    rows = OfflineRows(files)
    for each in OLD:
        rows.append(versions(each))
    rows.stage(versions(LEFT_OVER), "")
    return rows


def sweep_later(rows: OfflineRows) -> None:
    """Sweep as two days later, when nobody reads any more what counts no longer."""
    sweep(OfflineRows(rows.files, lambda: rows.now() + timedelta(days=2)))
