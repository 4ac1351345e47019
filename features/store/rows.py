"""Offline rows as a set of Parquet parts that is safe to write, to read and to tidy at the same time.

Nothing that was acknowledged is lost and nothing is seen twice, whenever a writer stops: a part counts once a commit
names it (`commits`), and what no commit names is swept away later. Rows are versions, (tenant, asset, event time,
created time); new ones are appended and none is changed.
"""

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import polars as pl

from features.domain.time import microseconds
from features.store.commits import Commit, Part, commit, latest
from features.store.errors import FeatureStoreUnavailable
from features.store.files import Files, open_files, parquet
from features.store.names import ASSET, CREATED_TIME, EVENT_TIME, TENANT

T = TypeVar("T")
PARTS = "parts"
ORDER = [ASSET, EVENT_TIME, CREATED_TIME]
_READ_TRIES = 5


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows as they were at one commit; later changes are not seen.

    Attributes:
        files: Where they lie.
        parts: Which they are.
    """

    files: Files
    parts: Sequence[Part]

    def of(
        self,
        tenants: Collection[str] | None = None,
        assets: tuple[str, str] | None = None,
        times: tuple[datetime, datetime] | None = None,
    ) -> "Snapshot":
        """Return only the parts that may hold rows of some tenants, and of assets and event times between two."""
        kept = [part for part in self.parts if tenants is None or part.tenant in tenants]
        if assets is not None:
            kept = [part for part in kept if part.first_asset <= assets[1] and part.last_asset >= assets[0]]
        if times is not None:
            first, last = (microseconds(time) for time in times)
            kept = [part for part in kept if part.first_us <= last and part.last_us >= first]
        return Snapshot(self.files, kept)

    def read(self, columns: Sequence[str | pl.Expr] | None = None, where: pl.Expr | None = None) -> pl.DataFrame:
        """Return columns of the rows, by default all.

        Raises:
            FileNotFoundError: If a part was swept away since the snapshot; take another.
        """
        asked = [pl.all()] if columns is None else [pl.col(each) if isinstance(each, str) else each for each in columns]
        return self.files.rows([part.name for part in self.parts], asked, where)


@dataclass(frozen=True, slots=True)
class OfflineRows:
    """The rows under one folder or URL.

    Attributes:
        files: Where they lie.
        now: The clock.
    """

    files: Files
    now: Callable[[], datetime] = field(default=_now)

    @classmethod
    def at(cls, place: str | Path) -> "OfflineRows":
        """Return the rows under a local folder or a URL that fsspec knows."""
        return cls(open_files(place))

    def snapshot(self) -> Snapshot:
        """Return the rows as they are now."""
        return Snapshot(self.files, self.commit().parts)

    def commit(self) -> Commit:
        """Return the newest commit."""
        return latest(self.files, self.now())

    def reading(self, read: Callable[[Snapshot], T]) -> T:
        """Read from one snapshot; should its parts be swept away meanwhile, all again from a new one.

        Raises:
            FeatureStoreUnavailable: If parts are missing again and again: somebody deletes what still counts.
        """
        for _ in range(_READ_TRIES):
            try:
                return read(self.snapshot())
            except FileNotFoundError as error:
                missing = error
        raise FeatureStoreUnavailable("offline store", f"a part is missing: {missing}") from missing

    def append(self, rows: pl.DataFrame, slot: str = "") -> Commit:
        """Add rows in one commit.

        Args:
            rows: Columns tenant, asset, event_time, created_time (UTC) and the features.
            slot: Takes the place of all parts that were written under this name before; "" adds.

        Returns:
            The commit; the rows last once there is one.
        """
        parts = self.stage(rows, slot)
        return self.publish(parts, lambda part: not slot or part.slot != slot)

    def stage(self, rows: pl.DataFrame, slot: str) -> list[Part]:
        """Write rows as parts that do not count before a commit names them; one for each tenant."""
        by_tenant = rows.partition_by(TENANT, maintain_order=True)
        return [self._write(part.sort(ORDER, maintain_order=True), slot) for part in by_tenant]

    def publish(self, parts: Sequence[Part], stays: Callable[[Part], bool]) -> Commit:
        """Make staged parts count, in the place of those that do not stay, in one commit.

        Raises:
            FeatureStoreUnavailable: If a part was swept away since it was staged; nothing has changed then.
        """
        there = set(self.files.names(PARTS))
        swept = [part.name for part in parts if part.name not in there]
        if swept:
            raise FeatureStoreUnavailable("offline store", f"{swept[0]} was swept away before its commit. Write again")
        return commit(self.files, self.now(), lambda before: [*filter(stays, before.parts), *parts])

    def _write(self, rows: pl.DataFrame, slot: str) -> Part:
        name = f"{PARTS}/{uuid.uuid4().hex}.parquet"
        self.files.write(name, parquet(rows))
        time = rows[EVENT_TIME].dt.cast_time_unit("us").to_physical().sort()
        first, last = str(rows[ASSET][0]), str(rows[ASSET][-1])
        return Part(name, str(rows[TENANT][0]), slot, rows.height, first, last, int(time[0]), int(time[-1]))
