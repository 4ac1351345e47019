"""What a spool takes and what it refuses."""

from collections.abc import Sequence

from features.domain.errors import InvalidValue
from features.spool.errors import RecordTooLarge, SpoolBusy, SpoolFull
from features.spool.group import Batch
from features.spool.limits import SpoolLimits
from features.spool.totals import Totals

_RETRY_AFTER_SECONDS = 5.0


class Admission:
    """Applies the limits of a spool.

    Args:
        limits: The bounds.
    """

    def __init__(self, limits: SpoolLimits) -> None:
        self._limits = limits

    def check(self, contents: Sequence[bytes]) -> None:
        """Refuse what is no record, and what can never fit, however long its sender waits.

        Raises:
            InvalidValue: If something else than bytes is among the contents.
            RecordTooLarge: If a record, or all together, are larger than a limit.
        """
        for content in contents:
            if not isinstance(content, bytes):
                raise InvalidValue("a record", must="be bytes", found=type(content).__name__, remedy="Encode it.")
        largest = max(map(len, contents), default=0)
        if largest > self._limits.max_record_bytes:
            raise _too_large("a record", self._limits.max_record_bytes, largest)
        most = min(self._limits.max_pending_bytes, self._limits.max_waiting_bytes)
        if (size := sum(map(len, contents))) > most:
            raise _too_large("the records of one call together", most, size)

    def admit(self, group: Sequence[Batch], totals: Totals) -> list[Batch]:
        """Return the batches for which there is room, in their order, and fail the others."""
        taken: list[Batch] = []
        pending = totals.pending_bytes
        for batch in group:
            if totals.aside_bytes > self._limits.max_aside_bytes:
                batch.fail(self._aside_full(totals.aside_bytes))
            elif pending + batch.size > self._limits.max_pending_bytes:
                batch.fail(self._busy(pending))
            else:
                taken.append(batch)
                pending += batch.size
        return taken

    def _busy(self, pending_bytes: int) -> SpoolBusy:
        return SpoolBusy(
            "for delivery",
            pending_bytes=pending_bytes,
            limit_bytes=self._limits.max_pending_bytes,
            retry_after_seconds=_RETRY_AFTER_SECONDS,
        )

    def _aside_full(self, aside_bytes: int) -> SpoolFull:
        return SpoolFull(
            f"records that were set aside hold {aside_bytes} bytes, of {self._limits.max_aside_bytes}; "
            "look at them, then restore or drop them"
        )


def _too_large(what: str, most: int, found: int) -> RecordTooLarge:
    return RecordTooLarge(what, must=f"have at most {most} bytes", found=found, remedy="Send it in smaller parts.")
