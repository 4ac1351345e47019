"""What can go wrong with a telemetry store.

The tree of this package:

    ServiceError
    ├── InvalidValue
    │   └── RefusedReadings     a frame or a question does not have the form that the store states
    ├── Unavailable
    │   └── StoreUnavailable    the store does not answer: locked, unreachable, not permitted; try again later
    ├── StoreFull               the disk, or the store's quota, has no room left
    ├── StoreCorrupt            the file is damaged or is no telemetry store
    └── StoreFault              the store was misused or failed inside: a defect of ours, to be reported
"""

from features.domain.errors import InvalidValue, ServiceError, Unavailable


class RefusedReadings(InvalidValue):
    """A frame of readings, or a question for some, does not have the stated form; nothing was written."""


class StoreUnavailable(Unavailable):
    """The store does not answer now; nothing was written, and trying again is safe."""

    def __init__(self, reason: str) -> None:
        super().__init__("telemetry store", f"{reason}. Nothing was lost; try again, and check its path and rights.")


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
