"""What the trials report."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class KillResult:
    """What `faults spool` found.

    Attributes:
        kills: Processes that were killed over the spool.
        acknowledged: Records that were acknowledged to their senders.
        lost: Acknowledged records that are nowhere.
        invented: Records, or readings, that nobody put so.
        duplicated: Records that are there, or had their effect, more often than they should.
        miscounted: Times that the spool's counters did not fit.
        failed: Processes that ended in an error of their own, or hung.
        mutants: Faults that were planted on purpose.
        mutants_caught: Those that the trial noticed.
        escaped: The names of the others.
        points: Kills at each named point.
        points_missed: Named points at which no process could be killed.
        seconds: How long it took.
    """

    kills: int
    acknowledged: int
    lost: int
    invented: int
    duplicated: int
    miscounted: int
    failed: int
    mutants: int
    mutants_caught: int
    escaped: tuple[str, ...]
    points: dict[str, int]
    points_missed: tuple[str, ...]
    seconds: float

    @property
    def is_sound(self) -> bool:
        """Say whether nothing was broken, every point visited and every planted fault caught."""
        broken = self.lost or self.invented or self.duplicated or self.miscounted or self.failed
        return not broken and not self.escaped and not self.points_missed

    def to_dict(self) -> dict[str, object]:
        """Return everything by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PowerResult:
    """What `faults power` found; figures are None where SQLite's files cannot be recorded, and `reason` says why.

    Attributes:
        states: Crash states that were opened.
        traces: Recordings that they were made from.
        events: Writes, syncs, cuts, creations, deletions and promises that were recorded.
        acknowledged: Acknowledged records that had to be there, over all states.
        lost: Those that were not.
        invented: Records that nobody put so.
        duplicated: Records that were there twice, and offsets that were used again.
        unopened: States in which the spool did not open, or could not be read or written.
        mutants: Faults that were planted on purpose.
        mutants_caught: Those that the trial noticed.
        escaped: The names of the others.
        seconds: How long it took.
        reason: Why there are no figures.
    """

    states: int | None = None
    traces: int | None = None
    events: int | None = None
    acknowledged: int | None = None
    lost: int | None = None
    invented: int | None = None
    duplicated: int | None = None
    unopened: int | None = None
    mutants: int | None = None
    mutants_caught: int | None = None
    escaped: tuple[str, ...] = ()
    seconds: float = 0.0
    reason: str | None = None

    @property
    def is_sound(self) -> bool:
        """Say whether nothing was broken and every planted fault caught."""
        return not (self.lost or self.invented or self.duplicated or self.unopened or self.escaped)

    def to_dict(self) -> dict[str, object]:
        """Return everything by name."""
        return asdict(self)
