"""What a spool promises, whatever holds it. Standard library only: the gateway carries this package too.

A record that `put` returned for is on disk and stays until `done` or `set_aside` was called for it: a crash, a full
disk or a store that hangs loses nothing that was acknowledged. Records are handed out in the order they came.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SpooledRecord:
    """One record as it lies in the spool.

    Attributes:
        offset: Its place in the order of arrival; never used twice.
        content: What was put.
    """

    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class AsideRecord:
    """A record that could not be delivered and was taken out of the way, with everything that it held.

    Attributes:
        offset: Its place in the order of arrival.
        content: What was put; for a damaged record, what is left of it.
        reason: Why, in words.
        at_us: When it was set aside, microseconds since 1970.
    """

    offset: int
    content: bytes
    reason: str
    at_us: int


@dataclass(frozen=True, slots=True)
class SpoolCounters:
    """Everything that went in, out and aside since the spool was made, and what waits.

    `put` = `done` + `aside` + `pending` + `dropped`, where `dropped` counts records set aside that a person removed.

    Attributes:
        put: Records taken.
        put_bytes: Their contents, bytes.
        done: Records delivered.
        aside: Records that are set aside now.
        dropped: Records set aside that a person has removed since.
        pending: Records that wait for delivery.
        pending_bytes: Their contents, bytes.
        refused: Records refused for want of room since the process opened the spool.
        oldest_us: When the oldest pending record came, microseconds since 1970; None if none waits.
    """

    put: int
    put_bytes: int
    done: int
    aside: int
    dropped: int
    pending: int
    pending_bytes: int
    refused: int
    oldest_us: int | None


class Spool(Protocol):
    """A durable, bounded queue."""

    def put(self, contents: Sequence[bytes]) -> int:
        """Append records, all or none, and return the last offset once they are on disk.

        Raises:
            SpoolBusy: If so much waits for delivery that no more is taken for now; try again later.
            SpoolFull: If the disk has no room.
            SpoolUnavailable: If the spool's file cannot be written.
        """
        ...

    def peek(self, limit: int, *, after: int = 0, max_bytes: int | None = None) -> Sequence[SpooledRecord]:
        """Return the oldest pending records with an offset above `after`, without removing them.

        At most `limit` of them and, beyond the first one, at most `max_bytes` of content. A record whose checksum
        does not fit is set aside by itself and not returned.
        """
        ...

    def done(self, offset: int) -> None:
        """Forget every pending record up to and with this offset."""
        ...

    def set_aside(self, offset: int, reason: str) -> None:
        """Take one pending record out of the way, readable, with its reason."""
        ...

    def aside(self, limit: int, *, after: int = 0) -> Sequence[AsideRecord]:
        """Return records that are set aside, in order of arrival."""
        ...

    def restore(self, offset: int) -> int:
        """Put a record that is set aside back at the end of the queue; return its new offset."""
        ...

    def drop(self, offset: int) -> None:
        """Remove a record that is set aside, for good."""
        ...

    def counters(self) -> SpoolCounters:
        """Return what went in, out and aside."""
        ...

    def acquire(self, owner: str, seconds: float) -> bool:
        """Take or prolong the lease of the one drainer; say whether `owner` holds it now."""
        ...

    def release(self, owner: str) -> None:
        """Give the lease back; without effect for who does not hold it."""
        ...

    def close(self) -> None:
        """Let go of the file; closing twice is allowed."""
        ...
