"""What every telemetry store does, whatever holds the readings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

import polars as pl

from features.domain.identifiers import AssetId, TenantId


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What became of the readings that were handed to `write`; the four counts add up to their number.

    Attributes:
        written: New keys.
        duplicates: The key was there with the same value; at most its revision rose.
        replaced: Conflicts that the newcomer won: the stored value gave way.
        kept: Conflicts that the newcomer lost, against a stored value or against one of the same batch.
    """

    written: int = 0
    duplicates: int = 0
    replaced: int = 0
    kept: int = 0

    @property
    def conflicts(self) -> int:
        """Readings that contradicted another one with the same key."""
        return self.replaced + self.kept

    @property
    def total(self) -> int:
        """All readings of the batch."""
        return self.written + self.duplicates + self.conflicts

    def __add__(self, other: "WriteReport") -> "WriteReport":
        """Return the sum of two reports."""
        return WriteReport(
            self.written + other.written,
            self.duplicates + other.duplicates,
            self.replaced + other.replaced,
            self.kept + other.kept,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """Readings of one asset that are new or were replaced by one write.

    Attributes:
        cursor: Place in the order of changes; a later change has a larger one.
        first: The earliest time among them.
        last: The latest time among them (inside).
    """

    cursor: int
    tenant: TenantId
    asset: AssetId
    first: datetime
    last: datetime


Span = tuple[datetime, datetime]
"""From a moment (inside) to another (outside)."""


class TelemetryStore(Protocol):
    """Readings by (tenant, asset, signal, time), each kept once by the key rule of contract 1.

    Writing is idempotent and its order does not matter: late, duplicate and shuffled readings end in the same
    state (the rule stands in `features.telemetry.readings`). The same value again with a higher revision
    counts as a duplicate and leaves the higher revision. Times given to a store carry their zone.
    """

    def write(self, tenant: TenantId, readings: pl.DataFrame) -> WriteReport:
        """Keep readings; when it returns they are on disk.

        Args:
            tenant: Whose readings.
            readings: The long form `features.telemetry.readings.READINGS`; any order, keys may repeat.

        Raises:
            RefusedReadings: If the frame does not have that form; then nothing is written.
            StoreUnavailable: If the store does not answer; writing again is safe.
            StoreFull: If there is no room.
        """
        ...

    def read(
        self,
        tenant: TenantId,
        *,
        assets: Sequence[str] | None = None,
        signals: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> pl.DataFrame:
        """Return readings in the long form, sorted by asset, signal, time.

        Args:
            tenant: Whose readings.
            assets: Only these; None means all.
            signals: Only these; None means all.
            start: From this time on (inside).
            end: Up to this time (outside).
        """
        ...

    def read_wide(
        self,
        tenant: TenantId,
        *,
        signals: Sequence[str],
        assets: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        with_suspect: bool = False,
    ) -> pl.DataFrame:
        """Return `asset`, `time` and one column for each signal in the order asked for, sorted by asset, time.

        A row stands wherever at least one of the signals was measured; null means not measured. A signal that
        nobody ever wrote is a column of nulls. A reading whose verdict is not good counts as not measured,
        unless `with_suspect` asks for it.

        Raises:
            RefusedReadings: If a signal is named twice, or is called like a column of the key.
        """
        ...

    def mark(
        self,
        tenant: TenantId,
        verdicts: pl.DataFrame,
        *,
        assets: Sequence[str],
        signals: Sequence[str],
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> int:
        """Store what readings are worth: within the stretch, those listed get their verdict and all others `good`.

        It changes no value, makes no change entry, and does the same when done twice. A reading that is replaced
        by a correction is `good` again until it is judged anew.

        Args:
            tenant: Whose readings.
            verdicts: The form `features.telemetry.readings.VERDICTS`: each key once, within the stretch. A key
                without a reading is ignored.
            assets: The assets that were judged.
            signals: Their signals that were judged.
            start: Judged from this time on (inside).
            end: Judged up to this time (outside).

        Returns:
            Number of readings whose verdict changed.

        Raises:
            RefusedReadings: If the frame does not have that form, or lies outside of the stretch.
        """
        ...

    def mark_all(
        self,
        tenant: TenantId,
        verdicts: pl.DataFrame,
        spans: Mapping[str, Span],
        signals: Sequence[str],
        check: Callable[[], None] | None = None,
    ) -> int:
        """Do what `mark` does for many assets, each judged in a stretch of its own.

        Args:
            tenant: Whose readings.
            verdicts: The form `features.telemetry.readings.VERDICTS`: each key once, within its asset's stretch.
            spans: From when (inside) to when (outside) each asset was judged.
            signals: Their signals that were judged.
            check: Called before anything counts; if it raises, nothing of it does. A store with transactions calls
                it while nobody else can write, so what it found holds until the verdicts are on the disk; one without
                calls it before it sends those of each asset.

        Returns:
            Number of readings whose verdict changed.

        Raises:
            RefusedReadings: If the frame does not have that form, or lies outside of a stretch.
        """
        ...

    def read_verdicts(
        self,
        tenant: TenantId,
        *,
        assets: Sequence[str] | None = None,
        signals: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> pl.DataFrame:
        """Return the readings that are not good, in the form `VERDICTS`, sorted by asset, signal, time."""
        ...

    def first_times(self, tenant: TenantId, assets: Sequence[str]) -> dict[str, datetime]:
        """Return the time of the earliest reading of each of these assets that has one."""
        ...

    def forget(self, tenant: TenantId, signals: Sequence[str], before: datetime) -> int:
        """Delete the readings of some signals before a time, because their retention has ended; return how many.

        It makes no change entry.
        """
        ...

    def span(self, tenant: TenantId) -> pl.DataFrame:
        """Return the assets with readings: `asset`, `first`, `last` (times) and `count`, sorted by asset."""
        ...

    def changes_since(self, cursor: int, limit: int) -> list[Change]:
        """Return at most `limit` changes of all tenants after a cursor, in order; 0 means from the beginning.

        Only what is new or was replaced makes a change; a pure duplicate makes none. One write makes one
        change for each asset that it touched (a very large one may make several, with adjoining ranges).
        """
        ...

    def close(self) -> None:
        """Let go of the store; closing twice is allowed."""
        ...

    def __enter__(self) -> Self:
        """Return the store itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        ...
