"""The spool's file: one connection that writes, one that reads, and the care of the WAL and of the free pages."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from features.spool.link import Link, transaction
from features.spool.points import Observe

PAGE_BYTES = 4096
CHECKPOINT_PAGES = 1000
"""Pages written to the WAL after which it is brought into the file; about 4 MiB."""

SPARE_PAGES = 16_384
"""Free pages that the file keeps for what comes next, 64 MiB; beyond it, and beyond half of the file, it shrinks."""

SHRINK_PAGES = 1024
"""Pages given back at once. As they fit into SQLite's cache, they are dropped without a way through the WAL."""


class SpoolFile:
    """Transactions on the spool's file, each with its named points.

    Attributes:
        path: The file.

    Args:
        path: The file.
        busy_timeout_seconds: How long to wait for another process that writes.
        settings: Statements that every new connection runs first.
        observe: Is told each named point.
    """

    def __init__(self, path: Path, busy_timeout_seconds: float, settings: Sequence[str], observe: Observe) -> None:
        self.path = path
        self._observe = observe
        self._writer = Link(path, busy_timeout_seconds, settings)
        try:
            self._reader = Link(path, busy_timeout_seconds, settings)
        except BaseException:
            self._writer.close()
            raise
        self._pages_written = 0

    @contextmanager
    def writing(self, what: str, pages: int = 8) -> Iterator[sqlite3.Connection]:
        """Run the block in a transaction that holds the write lock; it is on disk when the block is left.

        Args:
            what: The beginning of its named points.
            pages: How many pages it is expected to write.

        Raises:
            SpoolUnavailable: If the file was moved away before the end; the block's work then counts as not done.
        """
        with self._writer.held() as connection:
            self._observe(f"{what}:before_begin")
            with transaction(connection, "IMMEDIATE"):
                yield connection
                self._pages_written += pages
                self._observe(f"{what}:before_commit")
            self._observe(f"{what}:after_commit")
            self._writer.check()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Run the block's questions on one moment; only what is on disk is seen."""
        with self._reader.held() as connection, transaction(connection, "DEFERRED"):
            yield connection

    def checkpoint_if_due(self) -> None:
        """Bring the WAL into the file when enough was written."""
        if self._pages_written >= CHECKPOINT_PAGES:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Bring the WAL into the file, so that the next transaction starts it anew.

        SQLite before 3.51.3 may damage a file when one connection starts the WAL anew while another one looks at an
        earlier state of it in order to bring it into the file. Hence nothing of ours does so but this, and this keeps
        every writer of every process out meanwhile: one connection holds the write lock, the other does the work.
        """
        with self._writer.held() as writer:
            self._observe("checkpoint:before")
            writer.execute("BEGIN IMMEDIATE")
            try:
                with self._reader.held() as reader:
                    _, total, moved = reader.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            finally:
                writer.rollback()
            self._pages_written = max(0, total - moved)
            self._observe("checkpoint:after")

    def shrink(self, *, spare_pages: int = SPARE_PAGES) -> bool:
        """Give free pages back to the disk, some at once, where too many are free; say whether it did."""
        with self._writer.held() as connection:
            free, pages = _count(connection, "freelist_count"), _count(connection, "page_count")
            if free <= spare_pages or (free * 2 <= pages and spare_pages):
                return False
            self._observe("shrink:before")
            count = min(SHRINK_PAGES, free - spare_pages)
            connection.executescript(f"PRAGMA incremental_vacuum({count})")  # `execute` ends after the first page
            self._pages_written += count // 8
            self._observe("shrink:after")
            return _count(connection, "freelist_count") < free

    def close(self) -> None:
        """Let go of the file; closing twice is allowed."""
        self._reader.close()
        self._writer.close()


def _count(connection: sqlite3.Connection, what: str) -> int:
    return int(connection.execute(f"PRAGMA {what}").fetchone()[0])
