"""The rows of one Feast view, and their join to labels: keys and times first, then the features by position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import polars as pl
from feast.data_source import DataSource
from feast.feature_view import FeatureView

from features.store.asof import match
from features.store.errors import FeatureStoreRefused
from features.store.gathering import Positions
from features.store.names import ASSET, TENANT
from features.store.rows import Snapshot
from features.store.sources import Rows, reading

_COLUMNS_AT_ONCE = 4
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_UTC = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True)
class ViewRows:
    """Where the rows of a view lie and how its columns are named.

    Attributes:
        name: The view, for messages.
        source: Its batch source.
        keys: Column of the rows by column of the labels.
        event_time: When a row was true.
        created_time: When it was written, or None.
        ttl: Oldest age that still counts, or None.
        features: Name in the result by column of the rows.
    """

    name: str
    source: DataSource
    keys: Mapping[str, str]
    event_time: str
    created_time: str | None
    ttl: timedelta | None
    features: Mapping[str, str]

    @classmethod
    def of(cls, view: FeatureView, references: Sequence[str], full_names: bool) -> Self:
        """Return the rows of a view, with the features that are asked for.

        Args:
            view: As Feast projects it: another name, or label columns of other names, are followed.
            references: `view:feature`, those of other views among them.
            full_names: Whether a feature's name in the result begins with that of its view.

        Raises:
            FeatureStoreRefused: If the view has no batch source.
        """
        source = view.batch_source
        called = view.projection.name_to_use()  # type: ignore[no-untyped-call]  # Feast's
        if source is None:
            raise FeatureStoreRefused(f"Feature view {view.name} must have a batch source; found none.")
        stored = {new: old for old, new in source.field_mapping.items()}
        wanted = [name for of, _, name in (each.partition(":") for each in references) if of == called]
        mapped = view.projection.join_key_map
        keys = {mapped.get(each.name, each.name): stored.get(each.name, each.name) for each in view.entity_columns}
        prefix = view.projection.name_alias or view.name
        shown = {f"{prefix}__{name}" if full_names else name: stored.get(name, name) for name in wanted}
        created = source.created_timestamp_column or None
        return cls(view.name, source, keys, source.timestamp_field, created, view.ttl or None, shown)

    def joined(self, labels: pl.DataFrame, label_time: str, only_known: bool) -> list[pl.Series]:
        """Return the features of each label, null where nothing was known. Each of shape (label,).

        Raises:
            FeatureStoreRefused: If the labels lack a key, or have a column of a feature's name.
        """
        self._require_columns(labels)
        asked = labels.select(*self.keys, label_time)
        return reading(self.source, lambda rows: self._read(self._needed(rows, asked), asked, only_known))

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

    def _require_columns(self, labels: pl.DataFrame) -> None:
        missing = [key for key in self.keys if key not in labels.columns]
        if missing:
            raise FeatureStoreRefused(
                f"Labels must have the keys {', '.join(self.keys)} of view {self.name}; found no {', '.join(missing)}."
            )
        taken = [name for name in self.features if name in labels.columns]
        if taken:
            raise FeatureStoreRefused(
                f"Labels must not have columns named as features of view {self.name}; found {', '.join(taken)}. "
                "Rename them, or ask for full feature names."
            )


def _times_in_utc(rows: pl.DataFrame, times: Sequence[str]) -> pl.DataFrame:
    """Return rows with their times in UTC, to the microsecond; like Feast, take times without a zone for UTC."""
    naive = [name for name in times if getattr(rows.schema[name], "time_zone", None) is None]
    return rows.with_columns(pl.col(naive).dt.replace_time_zone("UTC")).with_columns(pl.col(times).cast(_UTC))
