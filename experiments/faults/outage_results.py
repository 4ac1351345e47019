"""What the outages left, part by part; a part that could not run says why and carries no figures."""

from dataclasses import asdict, dataclass

MEMORY_BOUND_MIB = 64.0
"""By how much receiving and draining may grow while the store hangs."""


@dataclass(frozen=True, slots=True)
class Planted:
    """Faults that were planted on purpose, in a small run each.

    Attributes:
        mutants: How many.
        mutants_caught: Those that the part noticed.
        escaped: The names of the others.
    """

    mutants: int | None = None
    mutants_caught: int | None = None
    escaped: tuple[str, ...] = ()

    @classmethod
    def of(cls, caught: dict[str, bool]) -> "Planted":
        """Count what was caught, by name."""
        escaped = tuple(name for name, is_caught in caught.items() if not is_caught)
        return cls(len(caught), sum(caught.values()), escaped)


@dataclass(frozen=True, slots=True)
class HungFigures:
    """What a store that hung left.

    Attributes:
        outage_seconds: Length of the outage that is represented.
        compression: By how much time was compressed: pauses, timeouts and the lease of the drainer are divided by it,
            and all data of the outage pass in the time that is left.
        wall_seconds: How long the store hung by the clock.
        readings: Readings that were acknowledged, those of the warm-up before included.
        failures: Deliveries that failed.
        backlog_records: Records that waited at the end of the outage.
        backlog_mib: Their contents.
        memory_growth_mib: Resident memory of the receiving and the draining process together, its peak during the
            outage less what it was when the outage began.
        memory_growth_recovery_mib: The same with the recovery, in which the backlog is stored in large batches.
        recovery_seconds: From the end of the outage until nothing waited, by the clock.
        lost: Acknowledged readings that are not in the store with their value.
        duplicated: Points of the store beyond one for each reading that was sent.
        set_aside: Records set aside; all were good.
    """

    outage_seconds: int
    compression: float
    wall_seconds: float
    readings: int
    failures: int
    backlog_records: int
    backlog_mib: float
    memory_growth_mib: float
    memory_growth_recovery_mib: float
    recovery_seconds: float
    lost: int
    duplicated: int
    set_aside: int

    @property
    def is_sound(self) -> bool:
        """Say whether nothing was lost or doubled and memory stayed within its bound."""
        return not (self.lost or self.duplicated or self.set_aside) and self.memory_growth_mib <= MEMORY_BOUND_MIB


@dataclass(frozen=True, slots=True)
class DiskFigures:
    """What a full disk left.

    Attributes:
        acknowledged: Deliveries that were answered with 204.
        found: Those that are in the spool.
        invented: Deliveries that were refused and are in the spool all the same.
        refused_507: Refusals for want of room, each with its problem document.
        odd: Answers that were neither, or had no problem document, or no Retry-After.
        recovered: Whether deliveries were taken again once there was room.
        refused_429: Refusals because too much waited, in a spool with a low bound.
        acknowledged_before_429: Deliveries that it took before.
    """

    acknowledged: int
    found: int
    invented: int
    refused_507: int
    odd: int
    recovered: bool
    refused_429: int
    acknowledged_before_429: int

    @property
    def is_sound(self) -> bool:
        """Say whether what was acknowledged is there, what was refused is not, and the way back was found."""
        refused = self.refused_507 > 0 and self.refused_429 > 0
        return self.found == self.acknowledged > 0 and not self.invented and not self.odd and refused and self.recovered


@dataclass(frozen=True, slots=True)
class PoisonFigures:
    """What poison among good readings left.

    Attributes:
        readings: Readings that were offered, the poisonous ones included.
        poisonous: Readings among them that lie in bad lines, rows, values or records.
        good: The others.
        arrived: Those in the store, with their value.
        strange: Readings in the store that nobody sent so.
        bad: Bad lines, rows, values and whole records.
        set_aside: Those that are set aside, each where it belongs.
        surplus: Anything else that is set aside.
        drain_seconds: How long delivering all of it took.
    """

    readings: int
    poisonous: int
    good: int
    arrived: int
    strange: int
    bad: int
    set_aside: int
    surplus: int
    drain_seconds: float

    @property
    def is_sound(self) -> bool:
        """Say whether all good ones arrived and all bad ones are set aside, and nothing else is anywhere."""
        return self.arrived == self.good and self.set_aside == self.bad and not self.strange and not self.surplus


@dataclass(frozen=True, slots=True)
class AnswersFigures:
    """What lost answers left.

    Attributes:
        answers_lost: Writes that the server took and whose answers never came back.
        readings: Readings that were acknowledged.
        failures: Deliveries that failed.
        lost: Acknowledged readings that are not in the store with their value.
        duplicated: Points of the store beyond one for each reading that was sent.
        set_aside: Records set aside; all were good.
    """

    answers_lost: int
    readings: int
    failures: int
    lost: int
    duplicated: int
    set_aside: int

    @property
    def is_sound(self) -> bool:
        """Say whether nothing was lost or doubled though answers were lost."""
        return self.answers_lost > 0 and not (self.lost or self.duplicated or self.set_aside)


Figures = HungFigures | DiskFigures | PoisonFigures | AnswersFigures


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the trial.

    Attributes:
        figures: What it found; None where it could not run.
        planted: The faults that it had to find first.
        seconds: How long it took.
        reason: Why there are no figures.
    """

    figures: Figures | None = None
    planted: Planted = Planted()
    seconds: float = 0.0
    reason: str | None = None

    @property
    def is_sound(self) -> bool:
        """Say whether nothing was broken and every planted fault caught; a part that could not run broke nothing."""
        return self.figures is None or (self.figures.is_sound and not self.planted.escaped)

    def to_dict(self) -> dict[str, object] | None:
        """Return everything by name; None where it could not run."""
        if self.figures is None:
            return None
        return {**asdict(self.figures), **asdict(self.planted), "seconds": self.seconds}


@dataclass(frozen=True, slots=True)
class OutageResult:
    """What `faults outage` found.

    Attributes:
        parts: By name.
    """

    parts: dict[str, Part]

    @property
    def is_sound(self) -> bool:
        """Say whether every part that could run is sound."""
        return all(part.is_sound for part in self.parts.values())

    def to_dict(self) -> dict[str, object]:
        """Return every part, and the reasons of those that could not run."""
        reasons = {name: part.reason for name, part in self.parts.items() if part.reason is not None}
        return {**{name: part.to_dict() for name, part in self.parts.items()}, "reasons": reasons}
