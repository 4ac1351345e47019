"""The machines behind one gateway over time: from where on they must be judged, and the points to go on from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from features.domain.conditions import AssetCondition
from features.domain.identifiers import AssetId
from pipelines.checkpoints import Memory
from pipelines.condition.judging.gateways import Gateway
from pipelines.condition.judging.memory import GatewayPoint, MachineMemory
from pipelines.worker.condition.kept import KeptPoint

_POINTS = 20


@dataclass(slots=True)
class Pending:
    """A stretch that must be judged, microseconds since 1970.

    Attributes:
        first_us: Its earliest row.
        last_us: Its latest row.
        resume_us: Where judging it goes on, if it has begun already.
    """

    first_us: int
    last_us: int
    resume_us: int | None = None


@dataclass(slots=True)
class GatewayStream:
    """One gateway.

    Attributes:
        gateway: Its name.
        assets: The machines behind it.
        position: Place in the changes of the telemetry up to which all are pending, or in the points.
        pending: What must be judged; None if nothing.
        found: What was said of the newest row of machines and is not on record yet.
        rows: What was said of every row since those that were heard of, by machine and time.
        heard_us: Time of the newest row of each machine that others have heard of; what came before a machine was
            first judged is history, and told by its newest row alone.
        silent: Machines of which nothing came since, and whether nothing came from the whole gateway.
        failed: Machines that cannot be judged, and the time of the row at which that began.
        kept_behind: Rows of each machine that the point that is kept lies behind the newest.
    """

    gateway: Gateway
    assets: tuple[AssetId, ...]
    position: int
    pending: Pending | None = None
    found: dict[AssetId, AssetCondition] = field(default_factory=dict)
    rows: dict[tuple[AssetId, datetime], AssetCondition] = field(default_factory=dict)
    heard_us: dict[AssetId, int] = field(default_factory=dict)
    silent: dict[AssetId, bool] = field(default_factory=dict)
    failed: dict[AssetId, int] = field(default_factory=dict)
    kept_behind: int = 72
    _memory: Memory[GatewayPoint] = field(default_factory=lambda: Memory[GatewayPoint](_POINTS, 1))
    _kept_rows: int = 0

    @property
    def machines(self) -> Mapping[AssetId, MachineMemory]:
        """What is remembered of each machine after its newest row."""
        return self._memory.points[-1].machines if self._memory.points else {}

    @property
    def newest_us(self) -> int | None:
        """Time of the newest row that was judged; None before any."""
        return self._memory.points[-1].last_us if self._memory.points else None

    def begin_with(self, kept: KeptPoint) -> None:
        """Go on from a point that was kept."""
        self._memory.points = [kept.point]
        self._kept_rows = kept.point.rows
        self.position = kept.position

    def forget(self) -> None:
        """Begin anew."""
        self._memory.points.clear()

    def wait_for(self, first_us: int, last_us: int) -> None:
        """Note that rows between two moments must be judged."""
        if self.pending is None:
            newest = last_us if self.newest_us is None else max(last_us, self.newest_us)
            self.pending = Pending(first_us, newest)
            return
        self.pending.last_us = max(self.pending.last_us, last_us)
        if self.pending.resume_us is None:
            self.pending.first_us = min(self.pending.first_us, first_us)
        elif first_us < self.pending.resume_us:
            self.pending.first_us, self.pending.resume_us = first_us, None

    def go_back(self, look_back_us: int) -> tuple[GatewayPoint | None, int]:
        """Return the newest point before what is pending, and from when on rows must be read.

        Rows older than the look-back are passed over; without a point, judging begins with it.

        Args:
            look_back_us: How far before the newest row rows matter, microseconds.
        """
        pending = self.pending
        if pending is None:
            raise LookupError("nothing is pending")
        earliest = pending.last_us - look_back_us
        point = self._memory.before(pending.resume_us or max(pending.first_us, earliest))
        if point is None or point.rows < self._kept_rows:
            self._kept_rows = 0  # what is kept does not know of what came
        if pending.resume_us is not None:
            return point, pending.resume_us
        start = earliest if point is None else point.last_us + 1
        self.failed = {asset: at_us for asset, at_us in self.failed.items() if at_us < start}
        return point, start

    def is_done(self, until_us: int | None) -> None:
        """Note that what was pending is judged; from a moment on it must wait, for nobody has judged its readings."""
        if until_us is None or self.pending is None:
            self.pending = None
        else:
            self.pending = Pending(until_us, max(until_us, self.pending.last_us))

    @property
    def is_catching_up(self) -> bool:
        """Whether what was said last is of rows long before the newest ones."""
        return self.pending is not None and self.pending.resume_us is not None

    def add(self, point: GatewayPoint) -> None:
        """Remember a point newer than all others."""
        self._memory.add(point)

    def to_keep(self) -> GatewayPoint | None:
        """Return the point that is to be kept from now on; None while the one before is good enough."""
        behind = self.kept_behind * max(len(self.assets), 1)
        if self.pending is not None or not self._memory.points:
            return None
        newest = self._memory.points[-1].rows
        if self._kept_rows > 0 and newest - self._kept_rows < 2 * behind:
            return None
        older = [each for each in self._memory.points if newest - each.rows >= behind]
        return older[-1] if older and older[-1].rows > self._kept_rows else None

    def has_kept(self, point: GatewayPoint) -> None:
        """Note that a point was kept."""
        self._kept_rows = point.rows
