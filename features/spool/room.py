"""Room on the disk: refuses to append before the last of it is gone, and forgets with the last of it."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from features.domain.errors import ServiceError
from features.spool.errors import SpoolFull
from features.spool.file import SpoolFile
from features.spool.reserve import Reserve

TIDY_STEPS = 4
"""Steps of giving back after each `done`, 16 MiB together: more than a usual batch has freed."""

_Result = TypeVar("_Result")


class Room:
    """Keeps a spool able to forget records on a disk that is full.

    Args:
        file: The spool's file.
        reserve: The room that only forgetting may use.
    """

    def __init__(self, file: SpoolFile, reserve: Reserve) -> None:
        self._file = file
        self._reserve = reserve

    def make(self, size: int) -> None:
        """Make sure that so many bytes may be appended and that there is room to forget them afterwards.

        Raises:
            SpoolFull: If there is not, even after the file gave back its free pages.
        """
        self._file.checkpoint_if_due()
        try:
            self._reserve.keep(size)
        except SpoolFull:
            self._file.checkpoint()
            while self._file.shrink(spare_pages=0):
                self._file.checkpoint()
            self._reserve.keep(size)

    def tidy(self) -> None:
        """Give back what the file does not need, a little at a time."""
        with suppress(ServiceError):  # the next call tries it again
            for _ in range(TIDY_STEPS):
                if not self._file.shrink():
                    return

    def always(self, what: str, change: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Make a change that frees room, or is needed for it: on a full disk with the room of the reserve."""
        with suppress(ServiceError):  # a WAL that cannot be brought into the file now grows a little more
            self._file.checkpoint_if_due()
        try:
            with self._file.writing(what) as connection:
                return change(connection)
        except SpoolFull:
            self._reserve.give_up()
            with suppress(ServiceError):
                self._file.checkpoint()
            with self._file.writing(what) as connection:
                return change(connection)
