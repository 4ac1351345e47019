"""What can go wrong with the spool.

The tree of this package:

    ServiceError
    ├── InvalidValue
    │   ├── RecordTooLarge      what was put can never fit into the limits; nothing was appended
    │   └── DamagedRecord       a record does not hold what was put; it can be looked at, never delivered
    ├── NotFound
    │   └── NoSuchRecord        no record with this offset waits, or is set aside
    ├── Unavailable
    │   └── SpoolUnavailable    the file cannot be reached or written now; try again later
    ├── SpoolBusy               so much waits that no more is taken for now; try again later
    ├── SpoolFull               the disk has no room left, or what is set aside takes it
    ├── SpoolCorrupt            the file is damaged or is no spool
    ├── SpoolFault              the spool was misused or failed inside: a defect of ours, to be reported
    └── PoisonedRecords         raised by whoever delivers, to name the records that can never be delivered
"""

from collections.abc import Mapping

from features.domain.errors import InvalidValue, NotFound, ServiceError, Unavailable


class RecordTooLarge(InvalidValue):
    """A record, or the records of one call together, can never fit into the limits; nothing was appended."""


class DamagedRecord(InvalidValue):
    """What is left of a record is not what was put, so it is never delivered.

    Attributes:
        offset: Its place in the order of arrival.
    """

    def __init__(self, offset: int) -> None:
        super().__init__(
            f"record {offset} of the spool",
            must="hold what was put, by its checksum",
            found="other bytes",
            remedy="It stays set aside, to be looked at; ask its sender to send it again, then drop it.",
        )
        self.offset = offset


class NoSuchRecord(NotFound):
    """No record with this offset is where it was looked for.

    Attributes:
        offset: The offset that was asked for.
    """

    def __init__(self, offset: int, where: str) -> None:
        super().__init__(f"Record {offset} must be {where}; none is. List the records and use one of their offsets.")
        self.offset = offset


class SpoolUnavailable(Unavailable):
    """The spool's file does not answer now; what was put in this call is not acknowledged."""

    def __init__(self, reason: str) -> None:
        super().__init__("spool", f"{reason}. Nothing acknowledged was lost; try again, and check its path and rights.")


class SpoolBusy(ServiceError):
    """So much waits that no more is taken for now; nothing was appended.

    Attributes:
        pending_bytes: How much waits, bytes.
        limit_bytes: How much may wait, bytes.
        retry_after_seconds: When to try again.
    """

    def __init__(self, what: str, *, pending_bytes: int, limit_bytes: int, retry_after_seconds: float) -> None:
        super().__init__(
            f"The spool takes records while less than {limit_bytes} bytes wait {what}; found: {pending_bytes} bytes. "
            f"Send the same again in {retry_after_seconds:g} s."
        )
        self.pending_bytes = pending_bytes
        self.limit_bytes = limit_bytes
        self.retry_after_seconds = retry_after_seconds


class SpoolFull(ServiceError):
    """There is no room left; nothing was appended.

    Attributes:
        reason: What was found.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The spool must have room to write; found: {reason}. Free space, then send the same again.")
        self.reason = reason


class SpoolCorrupt(ServiceError):
    """The file is damaged, or it is not a spool.

    Attributes:
        reason: What was found.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The spool must be a sound file of ours; found: {reason}. "
            "Stop the service, move the file with its -wal away (a new one is made) and salvage what it still holds."
        )
        self.reason = reason


class SpoolFault(ServiceError):
    """The spool was misused (closed, for example) or failed inside.

    Attributes:
        reason: What was found.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The spool must be open and used as its protocol says; found: {reason}. Report it.")
        self.reason = reason


class PoisonedRecords(ServiceError):
    """Whoever delivers knows which records can never be delivered; none of the batch counts as delivered.

    Attributes:
        reasons: Why, by offset.
    """

    def __init__(self, reasons: Mapping[int, str]) -> None:
        super().__init__(f"{len(reasons)} records cannot be delivered. They are set aside, each with its reason.")
        self.reasons = dict(reasons)
