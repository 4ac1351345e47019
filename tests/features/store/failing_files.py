"""Files that stop at a chosen step, as a machine does that loses power there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from features.store.files import Files


class Stopped(Exception):
    """The machine stopped here."""


@dataclass
class StoppingFiles:
    """Files whose changes are counted, and which stop for good at one of them.

    Attributes:
        files: What is changed.
        stop_at: At which change, counted from zero; None never.
        is_after: Whether that change is still made; else it is not, or half of it where a file is only written.
        changes: How many there were.
    """

    files: Files
    stop_at: int | None = None
    is_after: bool = False
    changes: int = field(default=0)

    def write(self, name: str, content: bytes) -> None:
        self._step(
            lambda: self.files.write(name, content), lambda: self.files.write(name, content[: len(content) // 2])
        )

    def create(self, name: str, content: bytes) -> None:
        self._step(lambda: self.files.create(name, content), lambda: None)

    def delete(self, name: str) -> None:
        self._step(lambda: self.files.delete(name), lambda: None)

    def read(self, name: str) -> bytes:
        return self.files.read(name)

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
