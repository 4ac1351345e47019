"""From the spool into the store: in order, in batches, through outages, around poison."""

import logging
import random as randomness
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from features.domain.errors import ServiceError, Unavailable
from features.spool.breaker import Breaker, BreakerState
from features.spool.contract import Spool, SpooledRecord
from features.spool.delivery import Attempt, Deliver, Delivery

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DrainPolicy:
    """How a spool is drained.

    Attributes:
        batch_records: Records of one delivery at most.
        batch_bytes: Their contents at most, bytes; a single record may be larger. Reading and judging a batch takes
            several times its size in memory, and a larger one is stored no faster.
        lease_seconds: How long the lease outlives its holder; it is renewed after half of it.
        first_pause_seconds: Upper bound of the pause after the first failure.
        longest_pause_seconds: Upper bound of every pause.
        failures_to_open: Failures in a row after which only single probes are made.
        probe_records: Records of a probe.
        idle_seconds: How long `run` waits when nothing waits.
        outages: Errors that say nothing about the records, so that none is set aside for them.
    """

    batch_records: int = 1000
    batch_bytes: int = 2 * 1024 * 1024
    lease_seconds: float = 30.0
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 30.0
    failures_to_open: int = 3
    probe_records: int = 1
    idle_seconds: float = 0.2
    outages: tuple[type[Exception], ...] = (Unavailable, OSError, MemoryError)


USUAL_POLICY = DrainPolicy()
"""How a spool is drained where nothing else is said."""


@dataclass(frozen=True, slots=True)
class DrainOutcome:
    """What one step did.

    Attributes:
        delivered: Records that were delivered and forgotten.
        aside: Records that were set aside.
        pending: Records that wait now.
        waited_seconds: How long the store has been without an answer; 0 when it answers.
        pause_seconds: How long to wait before the next step; 0 when there is more to do.
        is_open: Whether the store is left alone, but for probes.
        is_leader: Whether this drainer holds the lease.
        reason: Why nothing could be delivered; None if nothing hindered it.
    """

    delivered: int = 0
    aside: int = 0
    pending: int = 0
    waited_seconds: float = 0.0
    pause_seconds: float = 0.0
    is_open: bool = False
    is_leader: bool = True
    reason: str | None = None


class Drainer:
    """Takes records out of a spool and delivers them; one drainer at a time, by the spool's lease.

    A batch that cannot be delivered because the store does not answer is tried again later, and nothing is set aside.
    A batch that fails for another reason is halved until the record at fault stands alone; it is set aside with its
    reason, and everything else is delivered. `deliver` may see a record again after a crash, a lost answer or a lost
    lease: it must be idempotent.

    Args:
        spool: The spool.
        deliver: Delivers records, all or none in effect. May raise `PoisonedRecords` to name those at fault.
        owner: The name of this drainer in the lease; no two drainers may share one.
        policy: How.
        clock: Seconds, from any beginning; never goes back.
        sleep: Waits; used by `run` alone.
        random: Draws evenly from 0 to 1.
    """

    def __init__(
        self,
        spool: Spool,
        deliver: Deliver,
        *,
        owner: str,
        policy: DrainPolicy = USUAL_POLICY,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = randomness.random,
    ) -> None:
        self._spool = spool
        self._deliver = deliver
        self._owner = owner
        self._policy = policy
        self._clock = clock
        self._sleep = sleep
        self._lease_until = float("-inf")
        self._was_leader = False
        self._was_poisoned = False
        self._silent_since: float | None = None
        self._breaker = Breaker(
            failures_to_open=policy.failures_to_open,
            first_pause_seconds=policy.first_pause_seconds,
            longest_pause_seconds=policy.longest_pause_seconds,
            clock=clock,
            random=random,
        )

    def step(self) -> DrainOutcome:
        """Deliver one batch, if this drainer holds the lease and the store is not being left alone; never sleeps.

        Raises:
            ServiceError: If the spool itself fails.
        """
        if not self._holds_lease():
            return self._outcome(pause=self._policy.lease_seconds / 4, reason="another drainer holds the lease")
        if (pause := self._breaker.pause_seconds) > 0:
            return self._outcome(pause=pause, reason="the store is left alone for a while")
        is_probe = self._breaker.state is BreakerState.HALF_OPEN
        limit = self._policy.probe_records if is_probe else self._policy.batch_records
        batch = self._spool.peek(limit, max_bytes=self._policy.batch_bytes)
        if not batch:
            return self._outcome(pause=self._policy.idle_seconds)
        return self._handle(batch)

    def run(self, stop: Event) -> None:
        """Drain until `stop` is set, and give the lease back; for a thread of its own."""
        failing = False
        try:
            while not stop.is_set():
                try:
                    pause = self.step().pause_seconds
                    failing = False
                except ServiceError as error:
                    if not failing:
                        _log.exception("the spool cannot be drained", extra={"reason": str(error)})
                    failing, pause = True, self._policy.first_pause_seconds
                self._wait(pause, stop)
        finally:
            self.close()

    def close(self) -> None:
        """Give the lease back."""
        self._lease_until = float("-inf")
        try:
            self._spool.release(self._owner)
        except ServiceError as error:  # it ends by itself
            _log.warning("the lease of the spool was not given back", extra={"reason": str(error)})

    def _handle(self, batch: Sequence[SpooledRecord]) -> DrainOutcome:
        delivery = Delivery(self._spool, self._deliver, self._policy.outages, self._holds_lease)
        attempt = delivery.of(batch)
        if attempt.has_answered:
            self._answered()
        if attempt.outage is not None:
            self._unanswered(attempt.outage)
        if attempt.aside and not self._was_poisoned:
            _log.warning("records are being set aside", extra={"owner": self._owner, "records": attempt.aside})
        self._was_poisoned = attempt.aside > 0
        return self._outcome(attempt, pause=self._breaker.pause_seconds)

    def _holds_lease(self) -> bool:
        """Take the lease, or prolong it when half of it is over."""
        now = self._clock()
        if now >= self._lease_until - self._policy.lease_seconds / 2:
            is_ours = self._spool.acquire(self._owner, self._policy.lease_seconds)
            self._lease_until = now + self._policy.lease_seconds if is_ours else float("-inf")
            if is_ours != self._was_leader:
                _log.info("the lease of the spool changed hands", extra={"owner": self._owner, "is_ours": is_ours})
            self._was_leader = is_ours
        return self._was_leader

    def _answered(self) -> None:
        self._silent_since = None
        if self._breaker.worked():
            _log.info("the store answers again", extra={"owner": self._owner})

    def _unanswered(self, error: Exception) -> None:
        if self._silent_since is None:
            self._silent_since = self._clock()
        asked = getattr(error, "retry_after_seconds", None) or 0.0
        if self._breaker.failed(at_least_seconds=float(asked)):
            _log.warning("the store does not answer", extra={"owner": self._owner, "reason": str(error)})

    def _outcome(
        self, attempt: Attempt | None = None, *, pause: float = 0.0, reason: str | None = None
    ) -> DrainOutcome:
        attempt = attempt or Attempt()
        return DrainOutcome(
            delivered=attempt.delivered,
            aside=attempt.aside,
            pending=self._spool.counters().pending,
            waited_seconds=0.0 if self._silent_since is None else self._clock() - self._silent_since,
            pause_seconds=pause,
            is_open=self._breaker.state is not BreakerState.CLOSED,
            is_leader=self._was_leader,
            reason=reason if attempt.outage is None else str(attempt.outage),
        )

    def _wait(self, seconds: float, stop: Event) -> None:
        """Wait in short naps, so that a stop is heeded soon."""
        end = self._clock() + seconds
        while not stop.is_set() and (left := end - self._clock()) > 0:
            self._sleep(min(left, self._policy.idle_seconds))
