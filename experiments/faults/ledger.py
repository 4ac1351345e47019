"""What producers tried and were promised, against what is found after a kill."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

POISON_EVERY = 17
"""Each record whose number this divides cannot be delivered, ever."""


def is_poison(number: int) -> bool:
    """Say whether the sink refuses a record for good."""
    return number % POISON_EVERY == 0


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in the spool and in the sink, with no process at work.

    Attributes:
        pending: Offset and number of each pending record; None for a record that nobody ever made.
        aside: The same of those set aside.
        effects: How often each delivered record had an effect in the sink.
        wrong: Readings in the sink that follow from no record.
        unbalanced: Whether the spool's own counters contradict each other or what was found.
    """

    pending: Sequence[tuple[int, int | None]]
    aside: Sequence[tuple[int, int | None]]
    effects: Mapping[int, int]
    wrong: int = 0
    unbalanced: bool = False


@dataclass(slots=True)
class Breaches:
    """Records for which a promise was broken.

    Attributes:
        lost: They were acknowledged, and are nowhere.
        invented: They are there, and nobody put them so.
        duplicated: They are there, or had their effect, more often than they should.
        miscounted: Times that the counters did not fit.
        failed: Processes that ended in an error of their own or hung, among them those that could not open the files.
    """

    lost: int = 0
    invented: int = 0
    duplicated: int = 0
    miscounted: int = 0
    failed: int = 0

    def add(self, other: "Breaches") -> None:
        """Add another count to this one."""
        self.lost += other.lost
        self.invented += other.invented
        self.duplicated += other.duplicated
        self.miscounted += other.miscounted
        self.failed += other.failed

    def any(self) -> bool:
        """Say whether anything was broken."""
        return self.of_records() or bool(self.miscounted or self.failed)

    def of_records(self) -> bool:
        """Say whether a promise about a record was broken; only that shows that a planted fault was noticed."""
        return bool(self.lost or self.invented or self.duplicated)

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


@dataclass(slots=True)
class Ledger:
    """The truth about one chain of lives over the same files.

    Attributes:
        offered: How often each record was offered to the spool.
        acknowledged: Records that `put` returned for at least once.
        removed: Records that are set aside and that a person removes, or is about to.
        effects: What was last seen in the sink.
    """

    offered: Counter[int] = field(default_factory=Counter)
    acknowledged: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)
    effects: Mapping[int, int] = field(default_factory=dict)
    _counted: set[tuple[str, int]] = field(default_factory=set)
    _number_by_offset: dict[int, int] = field(default_factory=dict)

    def unanswered(self) -> list[int]:
        """Return the records that were offered and never acknowledged: a sender would send them again."""
        return sorted(self.offered.keys() - self.acknowledged)

    def judge(self, found: Found) -> Breaches:
        """Return what is broken and was not counted before."""
        places = [*found.pending, *found.aside]
        held = Counter(number for _, number in places if number is not None)
        known = held.keys() | found.effects.keys()
        strange = sum(number is None for _, number in places) + found.wrong
        return Breaches(
            lost=self._fresh("lost", self.acknowledged - self.removed - known),
            invented=strange + self._fresh("invented", known - self.offered.keys()),
            duplicated=self._fresh("duplicated", self._doubled(held, found)),
            miscounted=int(found.unbalanced),
        )

    def judge_drained(self, found: Found) -> Breaches:
        """Judge the end of a chain, when nothing waits any more: every record had its one effect, or is aside."""
        breaches = self.judge(found)
        aside = {number for _, number in found.aside if number is not None}
        good = {number for number in self.acknowledged if not is_poison(number)}
        breaches.lost += self._fresh("lost", good - found.effects.keys())
        breaches.invented += self._fresh("invented", {number for number in found.effects if is_poison(number)})
        breaches.duplicated += self._fresh("duplicated", aside & found.effects.keys())
        return breaches

    def _doubled(self, held: Counter[int], found: Found) -> set[int]:
        """Return records with more copies than were offered, more than one effect, or another's offset."""
        doubled = {number for number, copies in held.items() if copies > self.offered[number] > 0}
        doubled |= {number for number, times in found.effects.items() if times > 1}
        for offset, number in (*found.pending, *found.aside):
            if number is not None and self._number_by_offset.setdefault(offset, number) != number:
                doubled.add(number)
        offsets = [offset for offset, _ in (*found.pending, *found.aside)]
        if len(offsets) != len(set(offsets)):
            doubled |= {number for offset, number in found.pending if number is not None and offsets.count(offset) > 1}
        return doubled

    def _fresh(self, kind: str, numbers: set[int]) -> int:
        """Count each broken promise once, however many kills it outlives."""
        fresh = {number for number in numbers if (kind, number) not in self._counted}
        self._counted |= {(kind, number) for number in fresh}
        return len(fresh)
