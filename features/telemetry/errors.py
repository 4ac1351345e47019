"""What can go wrong with a telemetry store.

The tree of this package:

    ServiceError
    ├── InvalidValue
    │   └── RefusedReadings     a frame or a question does not have the form that the store states
    │       └── RefusedLines    a server took some readings of a batch and refused others, for what they are
    ├── Unavailable
    │   └── StoreUnavailable    the store does not answer: locked, unreachable, not permitted; try again later
    │       └── StoreRefused    a server answers and will not serve us: token, database, rights; somebody must act
    ├── StoreFull               the disk, or the store's quota, has no room left
    ├── StoreCorrupt            the file is damaged or is no telemetry store
    ├── StoreFault              the store was misused or failed inside: a defect of ours, to be reported
    └── InvalidLine             a line breaks the grammar of line protocol (`line_protocol.grammar`)
"""

from features.domain.errors import InvalidValue, ServiceError, Unavailable


class RefusedReadings(InvalidValue):
    """A frame of readings, or a question for some, does not have the stated form; nothing was written."""


class RefusedLines(RefusedReadings):
    """A server refused some readings of a batch for what they are; it may have taken the others.

    Writing the others again is safe, and so is writing all of them again.

    Attributes:
        lines: Which readings, as (asset, time) in words, as far as the server named its lines.
    """

    def __init__(self, reason: str, lines: tuple[str, ...] = ()) -> None:
        named = f" (lines of {', '.join(lines)})" if lines else ""
        super().__init__(
            "every reading of a batch",
            must="be one that the server takes",
            found=f"{reason}{named}",
            remedy="Set these readings aside with this reason; the server may have taken the others of the batch.",
        )
        self.lines = lines


class StoreUnavailable(Unavailable):
    """The store does not answer now; trying again is safe.

    Attributes:
        retry_after_seconds: How long the store itself asks us to wait, or None if it does not say.
        took_nothing: Whether it is certain that nothing of what was to be written was taken.
    """

    took_nothing: bool = False

    def __init__(self, reason: str, retry_after_seconds: float | None = None) -> None:
        super().__init__("telemetry store", f"{reason}. Nothing was lost; try again, and check its path and rights.")
        self.retry_after_seconds = retry_after_seconds


class StoreRefused(StoreUnavailable):
    """A server answers and will not serve us: a wrong token, a missing database, a missing right.

    What was to be written is good, so it waits like for a store that is away, until somebody has acted.
    """


class StoreFull(ServiceError):
    """There is no room left; the batch was not written."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The telemetry store must have room to write; found: {reason}. Free space, then write again.")
        self.reason = reason


class StoreCorrupt(ServiceError):
    """The file is damaged, or it is not a telemetry store."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The telemetry store must be a sound file of ours; found: {reason}. "
            "Move the file away and restore it from a backup, or ingest again."
        )
        self.reason = reason


class StoreFault(ServiceError):
    """The store was misused (closed, for example) or failed inside."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The telemetry store must be open and used as its protocol says; found: {reason}. Report it.")
        self.reason = reason
