"""What a spool promises, whatever holds it. Standard library only: the gateway carries this package too.

A record that `put` returned for is on disk and stays until `done` was called for it: a crash, a full disk or a
store that hangs loses nothing that was acknowledged. Records are handed out in the order they came.
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


class Spool(Protocol):
    """A durable, bounded queue."""

    def put(self, contents: Sequence[bytes]) -> int:
        """Append records and return the last offset once they are on disk.

        Raises:
            Unavailable: If there is no room, or the disk does not take them; then none of them was appended.
        """
        ...

    def peek(self, limit: int) -> Sequence[SpooledRecord]:
        """Return the oldest records that are not done, without removing them."""
        ...

    def done(self, offset: int) -> None:
        """Forget every record up to and with this offset."""
        ...
