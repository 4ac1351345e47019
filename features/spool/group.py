"""Group commit: what several threads put at the same time goes to the disk together."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition

from features.domain.errors import ServiceError
from features.spool.errors import SpoolBusy, SpoolFault

GROUP_BYTES = 4 * 1024 * 1024
"""Content of one commit; a larger call is committed by itself. Bounds the WAL and the time of one commit."""

_RETRY_AFTER_SECONDS = 1.0


class Batch:
    """The records of one call, and what became of them.

    Attributes:
        records: Each with its digest before its content.
        size: Their contents, bytes.
    """

    __slots__ = ("_error", "_offset", "records", "size")

    def __init__(self, records: Sequence[tuple[bytes, bytes]]) -> None:
        self.records = records
        self.size = sum(len(content) for _, content in records)
        self._offset: int | None = None
        self._error: ServiceError | None = None

    def is_settled(self) -> bool:
        """Say whether it is known what became of the records."""
        return self._offset is not None or self._error is not None

    def settle(self, offset: int) -> None:
        """Note that the records are on disk up to this offset."""
        self._offset = offset

    def fail(self, error: ServiceError) -> None:
        """Note that the records were not appended."""
        self._error = error

    def result(self) -> int:
        """Return the last offset, or raise what went wrong."""
        if self._error is not None:
            raise self._error.with_traceback(None)  # the same error may be the answer of several threads
        if self._offset is None:
            raise SpoolFault("a batch was left without an answer")
        return self._offset


class GroupCommit:
    """Lets one of the waiting threads commit for all of them.

    While one thread brings a group to the disk, others line up; the first of them then takes all that has lined up.
    Nobody waits for company: a thread that is alone commits at once.

    Args:
        commit: Settles or fails every batch of a group; whatever it leaves unsettled, or raises, counts as failed.
        max_waiting_bytes: What may line up.
    """

    def __init__(self, commit: Callable[[Sequence[Batch]], None], max_waiting_bytes: int) -> None:
        self._commit = commit
        self._max_waiting_bytes = max_waiting_bytes
        self._turn = Condition()
        self._line: deque[Batch] = deque()
        self._waiting_bytes = 0
        self._is_led = False

    @property
    def line_length(self) -> int:
        """Batches that wait for the next commit."""
        return len(self._line)

    def run(self, batch: Batch) -> int:
        """Commit a batch, alone or with others, and return its last offset.

        Raises:
            SpoolBusy: If too much waits for its commit.
        """
        with self._turn:
            self._line_up(batch)
            while self._is_led and not batch.is_settled():
                self._turn.wait()
            if batch.is_settled():
                return batch.result()
            self._is_led = True
        try:
            while not batch.is_settled():
                self._lead()
        finally:
            with self._turn:
                self._is_led = False
                self._turn.notify_all()
        return batch.result()

    def _line_up(self, batch: Batch) -> None:
        if self._waiting_bytes + batch.size > self._max_waiting_bytes:
            raise SpoolBusy(
                "in memory for their commit",
                pending_bytes=self._waiting_bytes,
                limit_bytes=self._max_waiting_bytes,
                retry_after_seconds=_RETRY_AFTER_SECONDS,
            )
        self._line.append(batch)
        self._waiting_bytes += batch.size

    def _lead(self) -> None:
        with self._turn:
            group = self._take()
        try:
            self._commit(group)
        except ServiceError as error:
            _fail(group, error)
        except BaseException as error:
            _fail(group, SpoolFault(f"the thread that wrote for others ended ({error!r})"))
            raise
        finally:
            _fail(group, SpoolFault("the group was left without an answer"))
            with self._turn:
                self._waiting_bytes -= sum(batch.size for batch in group)
                self._turn.notify_all()

    def _take(self) -> list[Batch]:
        """Take the first batch, and those behind it that fit."""
        group = [self._line.popleft()]
        size = group[0].size
        while self._line and size + self._line[0].size <= GROUP_BYTES:
            size += self._line[0].size
            group.append(self._line.popleft())
        return group


def _fail(group: Sequence[Batch], error: ServiceError) -> None:
    for batch in group:
        if not batch.is_settled():
            batch.fail(error)
