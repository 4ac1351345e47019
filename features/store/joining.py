"""The join of one set of rows to labels, without Feast: keys and times first, then the features by position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import polars as pl

from features.store.asof import match
from features.store.gathering import Positions
from features.store.names import ASSET, CREATED_TIME, EVENT_TIME, SIDE_FIELDS, TENANT, ttl_of
from features.store.rows import Snapshot
from features.transforms.specification import FeatureSpecification

_COLUMNS_AT_ONCE = 4
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_UTC = pl.Datetime("us", "UTC")


class Rows(Protocol):
    """Rows that do not change while they are read."""

    def read(self, columns: Sequence[str | pl.Expr] | None = None, where: pl.Expr | None = None) -> pl.DataFrame:
        """Return columns of the rows that a condition holds for, always in the same order."""


@dataclass(frozen=True, slots=True)
class Join:
    """How rows are joined to labels.

    Attributes:
        keys: Column of the rows by column of the labels.
        event_time: When a row was true.
        created_time: When it was written, or None.
        ttl: Oldest age that still counts, or None.
        features: Column of the rows by name in the result.
    """

    keys: Mapping[str, str]
    event_time: str
    created_time: str | None
    ttl: timedelta | None
    features: Mapping[str, str]

    def features_of(
        self, labels: pl.DataFrame, label_time: str, rows: Rows, only_known: bool = True
    ) -> list[pl.Series]:
        """Return the features of each label, null where nothing was known. Each of shape (label,).

        Args:
            labels: Keys and time (UTC); other columns are not looked at.
            label_time: Their time.
            rows: What is joined.
            only_known: Leave out versions written after the label's time.
        """
        asked = labels.select(*self.keys, label_time)
        return self._read(self._needed(rows, asked), asked, only_known)

    def _read(self, rows: Rows, asked: pl.DataFrame, only_known: bool) -> list[pl.Series]:
        times = [self.event_time, *([self.created_time] if self.created_time else [])]
        sides = _times_in_utc(rows.read([*self.keys.values(), *times]), times)
        found = Positions.of(match(asked, sides, self.ttl, only_known))
        del sides  # memory: the features come next
        columns: list[pl.Series] = []
        names = list(self.features)
        for start in range(0, len(names), _COLUMNS_AT_ONCE):
            part = names[start : start + _COLUMNS_AT_ONCE]
            read = rows.read([pl.col(self.features[name]).alias(name) for name in part])
            columns += [found.take(column) for column in read.iter_columns()]
        return columns

    def _needed(self, rows: Rows, asked: pl.DataFrame) -> Rows:
        """Return the rows without the parts that hold none for these labels; one part always stays, for its types."""
        if not isinstance(rows, Snapshot) or asked.is_empty():
            return rows
        label = {row: asked[key].drop_nulls().cast(pl.String).unique().sort() for key, row in self.keys.items()}
        times = asked[asked.columns[-1]].drop_nulls().sort()
        needed = rows.of(tenants=set(label[TENANT])) if TENANT in label else rows
        if ASSET in label and not label[ASSET].is_empty():
            needed = needed.of(assets=(label[ASSET][0], label[ASSET][-1]))
        if not times.is_empty():
            needed = needed.of(times=(times[0] - self.ttl if self.ttl else _BEGINNING, times[-1]))
        return needed if needed.parts else Snapshot(rows.files, rows.parts[:1])


def specified_join(specification: FeatureSpecification) -> Join:
    """Return the join of a specification's rows: its features, then life, regime, life number and time."""
    names = [*specification.names, *SIDE_FIELDS]
    keys = {TENANT: TENANT, ASSET: ASSET}
    return Join(keys, EVENT_TIME, CREATED_TIME, ttl_of(specification), dict(zip(names, names, strict=True)))


def _times_in_utc(rows: pl.DataFrame, times: Sequence[str]) -> pl.DataFrame:
    """Return rows with their times in UTC, to the microsecond; like Feast, take times without a zone for UTC."""
    naive = [name for name in times if getattr(rows.schema[name], "time_zone", None) is None]
    return rows.with_columns(pl.col(naive).dt.replace_time_zone("UTC")).with_columns(pl.col(times).cast(_UTC))
