"""What an ingest did, in numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from features.quality.verdicts import SetAsideReason
from features.records.set_aside import SetAsideItem
from features.telemetry.store import WriteReport


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did.

    Attributes:
        rows: Rows of telemetry that held anything.
        readings: Readings handed to the store: written, duplicates and conflicts together.
        written: Readings that are new.
        duplicates: Readings that were there already with the same value.
        conflicts: Readings that contradicted another one with the same key.
        replaced: Those conflicts in which a stored value gave way.
        revised: Readings that bear a revision above 0: corrections, as their source says.
        quarantined: Readings kept under a name that no pack claims; no feature reads them until one does.
        set_aside: Rows and single values set aside, by reason.
        assets: Assets that the data speaks of.
        events: Events accepted, whether new or known.
        labels: Labels accepted, whether new or known.
        lives: Lives of these assets as they stand now.
        notes: What was not read, and what people should know.
    """

    rows: int = 0
    readings: int = 0
    written: int = 0
    duplicates: int = 0
    conflicts: int = 0
    replaced: int = 0
    revised: int = 0
    quarantined: int = 0
    set_aside: Mapping[SetAsideReason, int] = field(default_factory=lambda: MappingProxyType({}))
    assets: int = 0
    events: int = 0
    labels: int = 0
    lives: int = 0
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain JSON types."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        by_reason = {reason.value: count for reason, count in sorted(self.set_aside.items())}
        return plain | {"set_aside": by_reason, "notes": list(self.notes)}


@dataclass(slots=True)
class Tally:
    """The counts of an ingest while it goes on."""

    rows: int = 0
    events: int = 0
    labels: int = 0
    revised: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    written: WriteReport = field(default_factory=WriteReport)
    set_aside: Counter[SetAsideReason] = field(default_factory=Counter)
    assets: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def count_aside(self, items: Iterable[SetAsideItem]) -> None:
        """Count items by their reason."""
        self.set_aside.update(item.reason for item in items)

    def report(self, lives: int) -> IngestReport:
        """Return the counts as they stand."""
        return IngestReport(
            rows=self.rows,
            readings=self.written.total,
            written=self.written.written,
            duplicates=self.written.duplicates,
            conflicts=self.written.conflicts,
            replaced=self.written.replaced,
            revised=self.revised,
            quarantined=self.quarantined.total(),
            set_aside=MappingProxyType(dict(sorted(self.set_aside.items()))),
            assets=len(self.assets),
            events=self.events,
            labels=self.labels,
            lives=lives,
            notes=(*self.notes, *map(_quarantine_note, sorted(self.quarantined.items()))),
        )


def _quarantine_note(found: tuple[str, int]) -> str:
    signal, count = found
    return (
        f"signal {signal} is claimed by no pack (it may be a typo): its readings, {count:,} of them, are kept in "
        "quarantine, where no feature reads them"
    )
