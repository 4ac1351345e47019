"""One batch from the spool to the store: delivered, halved around poison, or left waiting."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from features.spool.contract import Spool, SpooledRecord
from features.spool.errors import NoSuchRecord, PoisonedRecords

Deliver = Callable[[Sequence[SpooledRecord]], object]
"""Delivers records, all or none in effect; what it returns does not matter."""

_REASON_CHARACTERS = 2000


@dataclass(slots=True)
class Attempt:
    """What became of a batch.

    Attributes:
        delivered: Records that were delivered.
        aside: Records that were set aside.
        calls: How often delivery was tried.
        has_answered: Whether the store answered at all, be it with a refusal of the records.
        outage: Why the rest was left waiting; None if nothing was left, or the lease was lost.
    """

    delivered: int = 0
    aside: int = 0
    calls: int = 0
    has_answered: bool = False
    outage: Exception | None = None


class Delivery:
    """Delivers one batch from its first record to its last, so that what is handled is always its beginning.

    Args:
        spool: Where the records wait.
        deliver: Delivers records, all or none in effect.
        outages: Errors that say nothing about the records.
        may_go_on: Is asked before each call whether this drainer still holds the lease.
    """

    def __init__(
        self,
        spool: Spool,
        deliver: Deliver,
        outages: tuple[type[Exception], ...],
        may_go_on: Callable[[], bool],
    ) -> None:
        self._spool = spool
        self._deliver = deliver
        self._outages = outages
        self._may_go_on = may_go_on
        self._attempt = Attempt()
        self._handled = 0

    def of(self, batch: Sequence[SpooledRecord]) -> Attempt:
        """Deliver what can be delivered, set aside what cannot, and forget both in the queue."""
        try:
            self._handle(batch)
        except _Stopped:
            pass
        finally:
            if self._handled:
                self._spool.done(self._handled)
        return self._attempt

    def _handle(self, records: Sequence[SpooledRecord], *, hold_the_fault: bool = False) -> bool:
        """Handle every record; say whether all were delivered at the first try.

        Args:
            records: In the order of arrival.
            hold_the_fault: All others of a batch that failed were delivered, so these need not be tried together.
        """
        if len(records) == 1 or not hold_the_fault:
            error = self._tried(records)
            if error is None:
                return True
            if isinstance(error, PoisonedRecords) and self._without_named(records, error):
                return False
            if len(records) == 1:
                self._set_aside(records[0], f"{type(error).__name__}: {error}")
                return False
        middle = len(records) // 2
        was_sound = self._handle(records[:middle])
        self._handle(records[middle:], hold_the_fault=was_sound)
        return False

    def _tried(self, records: Sequence[SpooledRecord]) -> Exception | None:
        """Try to deliver; return what says that a record is at fault."""
        if not self._may_go_on():
            raise _Stopped
        self._attempt.calls += 1
        try:
            self._deliver(records)
        except self._outages as error:
            self._attempt.outage = error
            raise _Stopped from error
        except Exception as error:  # noqa: BLE001 - whatever it is, it is kept as the reason of the record at fault
            self._attempt.has_answered = True
            return error
        self._attempt.has_answered = True
        self._attempt.delivered += len(records)
        self._handled = records[-1].offset
        return None

    def _without_named(self, records: Sequence[SpooledRecord], error: PoisonedRecords) -> bool:
        """Set aside the records that are named, deliver the others; say whether any of these was named."""
        named = [record for record in records if record.offset in error.reasons]
        for record in named:
            self._set_aside(record, error.reasons[record.offset], is_next=False)
        others = [record for record in records if record.offset not in error.reasons]
        if named and others:
            self._handle(others)
        elif named:
            self._handled = records[-1].offset
        return bool(named)

    def _set_aside(self, record: SpooledRecord, reason: str, *, is_next: bool = True) -> None:
        try:
            self._spool.set_aside(record.offset, reason[:_REASON_CHARACTERS])
        except NoSuchRecord:
            return  # another drainer, to whom the lease was lost, handled it
        self._attempt.aside += 1
        if is_next:
            self._handled = record.offset


class _Stopped(Exception):
    """The rest of the batch waits: the store does not answer, or the lease is lost."""
