"""A file that takes up room on the disk, to be given up when the spool must be emptied and the disk is full."""

import errno
import os
import shutil
from pathlib import Path

from features.spool.errors import SpoolFull, SpoolUnavailable

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

MANY_BYTES = 4 * 1024 * 1024
"""Content of one commit from which on its room is looked for beforehand."""


class Reserve:
    """Room on the disk that `put` may not touch and that `done` and `set_aside` may.

    Records are appended only while the whole reserve is there. When forgetting a record finds the disk full, the
    reserve is given up and its room used; appending is refused from then on, until the reserve could be made again.
    On file systems that allocate late or compress (btrfs, ZFS) it may hold less than it seems to.

    Args:
        path: The reserve's own file, beside the spool.
        size: Its size, bytes; 0 for no reserve.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size
        self._filled: int | None = None

    def keep(self, size: int) -> None:
        """Make sure that the reserve is there in full, and room for `size` bytes beside it if they are many.

        Few bytes are let through, as the file may have free pages for them. Many must fit twice: into the WAL, and
        from there into the file.

        Raises:
            SpoolFull: If the disk has no such room.
            SpoolUnavailable: If the reserve cannot be made for another reason.
        """
        if size > MANY_BYTES and (free := self._free()) < 2 * size:
            raise SpoolFull(f"{free} bytes free, and {size} bytes need twice as much")
        if self._size == 0 or self._is_whole():
            return
        try:
            self._allocate()
        except OSError as error:
            self.give_up()
            if error.errno in _NO_ROOM:
                raise SpoolFull(f"no room for {self._path.name} ({self._size} bytes)") from error
            raise SpoolUnavailable(f"{self._path} cannot be made ({error})") from error

    def give_up(self) -> bool:
        """Free the room; say whether there was any to free."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def _free(self) -> int:
        try:
            return shutil.disk_usage(self._path.parent).free
        except OSError as error:
            raise SpoolUnavailable(f"{self._path.parent} does not say how much is free ({error})") from error

    def _is_whole(self) -> bool:
        """Say whether the room is taken; a process killed while it took it leaves a file with less."""
        try:
            found = self._path.stat()
        except OSError:
            return False
        taken = getattr(found, "st_blocks", self._size) * 512
        return found.st_size >= self._size and (taken >= self._size or found.st_ino == self._filled)

    def _allocate(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            _fill(descriptor, self._size)
            self._filled = os.fstat(descriptor).st_ino  # where blocks are compressed, their count says nothing
        finally:
            os.close(descriptor)


def _fill(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    block = bytes(1024 * 1024)
    while size > 0:
        size -= os.write(descriptor, block[:size])
