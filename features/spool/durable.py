"""The spool in one SQLite file: durable, bounded, shared by threads and processes."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import ClassVar, Self

from features.spool import tables
from features.spool.admission import Admission
from features.spool.checksum import Blake2Checksum, Checksum
from features.spool.contract import AsideRecord, SpoolCounters, SpooledRecord
from features.spool.errors import DamagedRecord, NoSuchRecord, SpoolBusy, SpoolFull
from features.spool.file import PAGE_BYTES, SpoolFile
from features.spool.given import check_limit, storable, writable
from features.spool.group import Batch, GroupCommit
from features.spool.limits import SpoolLimits
from features.spool.link import SETTINGS
from features.spool.points import Observe, unobserved
from features.spool.reading import Wanted, read_waiting
from features.spool.reserve import Reserve
from features.spool.room import Room
from features.spool.totals import read_totals, write_totals

FORGET_RECORDS = 4096
FORGET_BYTES = 64 * 1024 * 1024
"""What one transaction of `done` forgets at most; bounds the time for which others wait."""

USUAL_LIMITS = SpoolLimits()
"""The bounds of a spool where nothing else is said."""

DAMAGED = "damaged: its checksum does not fit; this is what is left of it"
"""Why a record is set aside by the spool itself."""


class DurableSpool:
    """A `Spool` in one SQLite file (WAL), safe for several threads and several processes; open it after forking.

    Args:
        path: The file; made, with its folder, where there is none. Beside it lie SQLite's own files and the reserve.
        limits: The bounds.
        observe: Is told each of `points.POINTS` as it is reached.
        clock: Seconds since 1970.
        busy_timeout_seconds: How long to wait for another process that writes.

    Raises:
        SpoolUnavailable: If the file cannot be opened.
        SpoolCorrupt: If it is no spool.
    """

    settings: ClassVar[Sequence[str]] = SETTINGS
    checksum: ClassVar[Checksum] = Blake2Checksum()

    def __init__(
        self,
        path: Path,
        *,
        limits: SpoolLimits = USUAL_LIMITS,
        observe: Observe = unobserved,
        clock: Callable[[], float] = time.time,
        busy_timeout_seconds: float = 10.0,
    ) -> None:
        self._observe = observe
        self._clock = clock
        self._admission = Admission(limits)
        self._refused = 0
        self._refused_lock = Lock()
        reserve = Reserve(path.with_name(f"{path.name}-reserve"), limits.reserve_bytes)
        try:
            self._file = SpoolFile(path, busy_timeout_seconds, self.settings, observe)
        except SpoolFull:
            if not reserve.give_up():
                raise
            self._file = SpoolFile(path, busy_timeout_seconds, self.settings, observe)
        self._room = Room(self._file, reserve)
        self._groups = GroupCommit(self._commit_group, limits.max_waiting_bytes)

    def put(self, contents: Sequence[bytes]) -> int:
        """Append records, all or none; see `Spool.put`. Without records, return the last offset so far."""
        self._admission.check(contents)
        if not contents:
            with self._file.reading() as connection:
                return read_totals(connection).last
        try:
            last = self._groups.run(self._batch(contents))
        except (SpoolBusy, SpoolFull):
            with self._refused_lock:
                self._refused += len(contents)
            raise
        self._observe("put:before_return")
        return last

    def peek(self, limit: int, *, after: int = 0, max_bytes: int | None = None) -> Sequence[SpooledRecord]:
        """Return the oldest waiting records; see `Spool.peek`."""
        check_limit(limit)
        self._observe("peek:before_read")
        found = read_waiting(self._file, self.checksum, Wanted(limit, storable(after), max_bytes))
        self._observe("peek:after_read")
        for offset in found.damaged:
            with suppress(NoSuchRecord):  # another process may have seen it too
                self.set_aside(offset, DAMAGED)
        return found.sound

    def done(self, offset: int) -> None:
        """Forget every waiting record up to and with this offset; see `Spool.done`."""

        def change(connection: sqlite3.Connection) -> bool:
            return tables.forget(connection, storable(offset), most=FORGET_RECORDS, most_bytes=FORGET_BYTES)

        while self._room.always("done", change):
            pass
        self._room.tidy()

    def set_aside(self, offset: int, reason: str) -> None:
        """Take one waiting record out of the way; without effect on one that is set aside already.

        Raises:
            NoSuchRecord: If there is no record with this offset.
        """

        def change(connection: sqlite3.Connection) -> bool:
            place, words = storable(offset), writable(reason)
            return tables.put_aside(connection, place, self._now_us(), words) or tables.is_aside(connection, place)

        if not self._room.always("set_aside", change):
            raise NoSuchRecord(offset, "waiting")

    def aside(self, limit: int, *, after: int = 0) -> Sequence[AsideRecord]:
        """Return records that are set aside; see `Spool.aside`."""
        check_limit(limit)
        with self._file.reading() as connection:
            return tables.asides(connection, limit, storable(after))

    def restore(self, offset: int) -> int:
        """Put a record that is set aside back at the end of the queue; return its new offset.

        Raises:
            NoSuchRecord: If no record with this offset is set aside.
            DamagedRecord: If its checksum does not fit.
        """

        def change(connection: sqlite3.Connection) -> int:
            row = tables.aside_row(connection, storable(offset))
            if row is None:
                raise NoSuchRecord(offset, "set aside")
            if not self.checksum.holds(row.content, row.digest):
                raise DamagedRecord(offset)
            return tables.requeue(connection, row)

        with self._file.writing("restore") as connection:  # needs room for its content, as if it had just come
            return change(connection)

    def drop(self, offset: int) -> None:
        """Remove a record that is set aside, for good.

        Raises:
            NoSuchRecord: If no record with this offset is set aside.
        """

        def change(connection: sqlite3.Connection) -> None:
            if not tables.is_aside(connection, storable(offset)):
                raise NoSuchRecord(offset, "set aside")
            tables.remove(connection, offset)

        self._room.always("drop", change)

    def counters(self) -> SpoolCounters:
        """Return what went in, out and aside."""
        with self._file.reading() as connection:
            totals = read_totals(connection)
            oldest = tables.oldest_us(connection, totals.head)
        return SpoolCounters(
            put=totals.put,
            put_bytes=totals.put_bytes,
            done=totals.done,
            aside=totals.aside,
            dropped=totals.dropped,
            pending=totals.pending,
            pending_bytes=totals.pending_bytes,
            refused=self._refused,
            oldest_us=oldest,
        )

    def acquire(self, owner: str, seconds: float) -> bool:
        """Take or prolong the lease of the one drainer; say whether `owner` holds it now."""
        now = self._now_us()
        until = now + round(seconds * 1_000_000)
        return self._room.always("lease", lambda connection: tables.take_lease(connection, writable(owner), now, until))

    def release(self, owner: str) -> None:
        """Give the lease back; without effect for who does not hold it."""
        self._room.always("lease", lambda connection: tables.end_lease(connection, writable(owner)))

    def close(self) -> None:
        """Let go of the file; closing twice is allowed."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return the spool itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the spool."""
        self.close()

    def _batch(self, contents: Sequence[bytes]) -> Batch:
        return Batch([(self.checksum.of(content), content) for content in contents])

    def _commit_group(self, group: Sequence[Batch]) -> None:
        """Append the batches of a group in one commit; on a full disk one by one, so that small ones may still fit."""
        try:
            self._room.make(sum(batch.size for batch in group))
            self._append(group)
        except SpoolFull as error:
            if len(group) == 1:
                group[0].fail(error)
                return
            for batch in group:
                if not batch.is_settled():
                    self._commit_group([batch])

    def _append(self, group: Sequence[Batch]) -> None:
        pages = 4 + sum(batch.size // (PAGE_BYTES - 512) + 1 for batch in group)
        ends: list[int] = []
        with self._file.writing("put", pages) as connection:
            totals = read_totals(connection)
            taken = self._admission.admit(group, totals)
            last, at_us = totals.last, self._now_us()
            for batch in taken:
                last = tables.append(connection, last, at_us, batch.records)
                ends.append(last)
            if taken:
                count, size = last - totals.last, sum(batch.size for batch in taken)
                after = replace(totals, last=last, put=totals.put + count, put_bytes=totals.put_bytes + size)
                write_totals(connection, after)
            self._observe("put:after_insert")
        for batch, end in zip(taken, ends, strict=True):
            batch.settle(end)

    def _now_us(self) -> int:
        return round(self._clock() * 1_000_000)
