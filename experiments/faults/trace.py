"""What a program did to its files, in order, with marks of what it promised meanwhile."""

from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock


class Promise(StrEnum):
    """What a mark in the trace says about one record of the spool.

    `offered` stands before `put` is called and `acknowledged` after it returned; `released` stands before `done` is
    called for it: from then on it may be gone, or come back.
    """

    OFFERED = "offered"
    ACKNOWLEDGED = "acknowledged"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Wrote:
    """Bytes were written to a file, somewhere short of the disk."""

    inode: int
    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Truncated:
    """A file was cut to a size."""

    inode: int
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """What was written to a file before `since`, a place in the trace, is on the disk."""

    inode: int
    since: int


@dataclass(frozen=True, slots=True)
class Linked:
    """A name came to stand for a new file."""

    name: str
    inode: int


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A name was taken out of the folder."""

    name: str


@dataclass(frozen=True, slots=True)
class FolderSynced:
    """The names that came or went before `since`, a place in the trace, are on the disk."""

    since: int


@dataclass(frozen=True, slots=True)
class Marked:
    """The program promised something about a record."""

    promise: Promise
    number: int


Event = Wrote | Truncated | Synced | Linked | Unlinked | FolderSynced | Marked


@dataclass(slots=True)
class Trace:
    """Events in order; several threads may append.

    Attributes:
        events: The events so far.
    """

    events: list[Event] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def place(self) -> int:
        """Return the place of the next event."""
        return len(self.events)

    def append(self, event: Event) -> None:
        """Note an event."""
        with self._lock:
            self.events.append(event)

    def mark(self, promise: Promise, number: int) -> None:
        """Note a promise about a record."""
        self.append(Marked(promise, number))
