"""Who may work: one worker for each share of the assets, and all of them with the same number of shares."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from features.records.leases import Leases
from pipelines.errors import WorkerRunning
from pipelines.shards import Shard, shard_of

LEASE = "worker"


@dataclass(slots=True)
class Tenure:
    """The lease of one worker's share.

    Attributes:
        owner: The name of the worker; no other has it.
        seconds: Length of the lease.
    """

    leases: Leases
    shard: Shard
    owner: str
    seconds: float
    _is_taken: bool = field(default=False, init=False)

    def take(self) -> None:
        """Take the lease, or prolong it; it may have run out meanwhile if nobody else took it.

        Who lost it does not take it again, not even when it is free once more: what this worker remembers of readings
        is older than what another has judged since.

        Raises:
            WorkerRunning: If another worker has the share, or has had it since, or one works with another number of
                shares.
        """
        self._refuse_rivals()
        take = self.leases.keep if self._is_taken else self.leases.acquire
        if not take(self.shard.name(LEASE), self.owner, self.seconds, _now()):
            raise self._lost()
        try:
            self._refuse_rivals()  # of two that came at once, at least one sees the other
        except WorkerRunning:
            self.release()
            raise
        if not self._is_taken:
            # Whoever slept with another number of shares has lost its share, even once this worker has ended.
            self.leases.forget(LEASE, [each.name(LEASE) for each in self.shard.beside()], _now())
        self._is_taken = True

    def confirm(self) -> None:
        """Make sure that no other worker has begun meanwhile; asked while what is to be written is locked for others.

        Raises:
            WorkerRunning: If one has.
        """
        self._refuse_rivals()
        if self.leases.owner(self.shard.name(LEASE)) != self.owner:
            raise self._lost()

    def release(self) -> None:
        """Give the lease back; without effect for who does not hold it."""
        self.leases.release(self.shard.name(LEASE), self.owner)

    def _lost(self) -> WorkerRunning:
        return WorkerRunning(
            "An installation must have one worker, or one for each share; another one holds the lease of "
            f"{self.shard}, or has taken it. Stop it, or wait {self.seconds:g} s after it ended."
        )

    def _refuse_rivals(self) -> None:
        for name in self.leases.held(LEASE, _now()):
            other = shard_of(name, LEASE)
            if other.of != self.shard.of:
                raise WorkerRunning(
                    "All workers of an installation must share its assets by the same number; this one is "
                    f"{self.shard}, and {other} is at work. Stop all of those, then start this one."
                )


def _now() -> datetime:
    return datetime.now(UTC)
