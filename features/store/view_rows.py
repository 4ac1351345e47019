"""The rows of one Feast view, and their join to labels: keys and times first, then the features by position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

import polars as pl
from feast.data_source import DataSource
from feast.feature_view import FeatureView
from feast.infra.offline_stores.file_source import FileSource

from features.store.asof import match
from features.store.errors import FeatureStoreRefused

_COLUMNS_AT_ONCE = 4
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
        rows = scan(self.source)
        times = [self.event_time, *([self.created_time] if self.created_time else [])]
        schema = rows.collect_schema()
        sides = rows.select(*self.keys.values(), *(_in_utc(name, schema[name]) for name in times)).collect()
        found = match(labels.select(*self.keys, label_time), sides, self.ttl, only_known)
        del sides
        columns: list[pl.Series] = []
        names = list(self.features)
        for start in range(0, len(names), _COLUMNS_AT_ONCE):
            part = names[start : start + _COLUMNS_AT_ONCE]
            read = rows.select(pl.col(self.features[name]).alias(name) for name in part).collect()
            columns += [column.gather(found) for column in read.iter_columns()]
        return columns

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


def source_path(source: DataSource | None) -> Path:
    """Return where a source lies.

    Raises:
        FeatureStoreRefused: If it is no file or folder.
    """
    if not isinstance(source, FileSource):
        raise FeatureStoreRefused(f"A feature view must lie in Parquet files; found {type(source).__name__}.")
    return Path(source.path)


def scan(source: DataSource | None) -> pl.LazyFrame:
    """Return the rows of a source, unread."""
    path = source_path(source)
    return pl.scan_parquet(path / "**/*.parquet" if path.is_dir() else path)


def _in_utc(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is None:
        column = column.dt.replace_time_zone("UTC")  # Feast takes times without a zone for UTC
    return column.cast(_UTC)
