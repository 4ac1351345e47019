"""Who may work: one worker for each share of the assets, and all of them with the same number of shares."""

from dataclasses import dataclass
from datetime import UTC, datetime

from features.records.leases import Leases
from pipelines.errors import WorkerRunning
from pipelines.shards import Shard, shard_of

LEASE = "worker"


@dataclass(frozen=True, slots=True)
class Tenure:
    """The lease of one worker's share.

    Attributes:
        owner: The name of the worker.
        seconds: Length of the lease.
    """

    leases: Leases
    shard: Shard
    owner: str
    seconds: float

    def take(self) -> None:
        """Take the lease, or prolong it; it may have run out meanwhile if nobody else took it.

        Raises:
            WorkerRunning: If another worker has the share, or one works with another number of shares.
        """
        self._refuse_rivals()
        if not self.leases.acquire(self.shard.name(LEASE), self.owner, self.seconds, _now()):
            raise WorkerRunning(
                "An installation must have one worker, or one for each share; another one holds the lease of "
                f"{self.shard}, or has taken it. Stop it, or wait {self.seconds:g} s after it ended."
            )
        try:
            self._refuse_rivals()  # of two that came at once, at least one sees the other
        except WorkerRunning:
            self.release()
            raise

    def release(self) -> None:
        """Give the lease back; without effect for who does not hold it."""
        self.leases.release(self.shard.name(LEASE), self.owner)

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
