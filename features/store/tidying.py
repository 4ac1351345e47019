"""Tidying the offline rows of a whole installation, whatever specifications they are of."""

from dataclasses import dataclass
from datetime import timedelta

from features.store.compaction import compact, sweep
from features.store.files import open_files
from features.store.rows import OfflineRows


@dataclass(frozen=True, slots=True)
class Tidied:
    """What tidying one view did.

    Attributes:
        view: The view with its version.
        parts_before: Parquet files that counted before.
        parts: Those that count now.
        rows_before: Versions of rows before.
        rows: Versions now: fewer by what is older than retention, and by what was written twice.
        deleted: Files deleted.
    """

    view: str
    parts_before: int
    parts: int
    rows_before: int
    rows: int
    deleted: int


def stored_views(place: str) -> list[str]:
    """Return the views that have rows in a place.

    Args:
        place: From `features.store.feast_store.offline_place`.
    """
    return open_files(place).folders()


def tidy(place: str, view: str, retention: timedelta | None = None) -> Tidied:
    """Merge the parts of a view and delete files that do not count any more; every version within retention stays.

    Args:
        place: Where the rows of all views lie.
        view: Which.
        retention: Rows whose event is older are left out; None keeps all.

    Raises:
        FeatureStoreUnavailable: If others are always first.
    """
    rows = OfflineRows.at(f"{place}/{view}")
    before = rows.commit().parts
    after = compact(rows, retention).parts
    count = sum(part.rows for part in before), sum(part.rows for part in after)
    return Tidied(view, len(before), len(after), *count, sweep(rows))
