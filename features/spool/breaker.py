"""When to try again after a store did not answer: exponential backoff with full jitter, behind a circuit breaker."""

from collections.abc import Callable
from enum import StrEnum


class BreakerState(StrEnum):
    """Closed: deliveries are made. Open: none is tried. Half-open: the next one is a probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Counts failures in a row and says how long to leave the store alone.

    The n-th failure in a row is followed by a pause drawn evenly from 0 to min(longest, first × 2^(n-1)): "full
    jitter" (M. Brooker, Exponential Backoff and Jitter, AWS Architecture Blog, 2015). From `failures_to_open` on the
    breaker is open: the pause is then drawn from the upper half, and what follows it is a single probe.

    Args:
        failures_to_open: Failures in a row that open it.
        first_pause_seconds: Upper bound of the first pause.
        longest_pause_seconds: Upper bound of every pause.
        clock: Seconds, from any beginning; never goes back.
        random: Draws evenly from 0 to 1.
    """

    def __init__(
        self,
        *,
        failures_to_open: int,
        first_pause_seconds: float,
        longest_pause_seconds: float,
        clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._failures_to_open = failures_to_open
        self._first_pause_seconds = first_pause_seconds
        self._longest_pause_seconds = longest_pause_seconds
        self._clock = clock
        self._random = random
        self._failures = 0
        self._until = 0.0

    @property
    def state(self) -> BreakerState:
        """What holds now."""
        if self._failures < self._failures_to_open:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self.pause_seconds > 0 else BreakerState.HALF_OPEN

    @property
    def pause_seconds(self) -> float:
        """How long to leave the store alone from now on."""
        return max(0.0, self._until - self._clock()) if self._failures else 0.0

    def failed(self, *, at_least_seconds: float = 0.0) -> bool:
        """Note a failure, after which the store may have asked for a pause; say whether it opened the breaker."""
        self._failures += 1
        bound = min(self._longest_pause_seconds, self._first_pause_seconds * 2.0 ** min(self._failures - 1, 60))
        share = self._random()
        if self._failures >= self._failures_to_open:
            share = 0.5 + share / 2
        self._until = self._clock() + max(bound * share, at_least_seconds)
        return self._failures == self._failures_to_open

    def worked(self) -> bool:
        """Note that the store answered; say whether this closed the breaker."""
        was_open = self._failures >= self._failures_to_open
        self._failures = 0
        return was_open
