"""The rows of one Feast view: where they lie and how they are joined to labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import polars as pl
from feast.data_source import DataSource
from feast.feature_view import FeatureView

from features.store.errors import FeatureStoreRefused
from features.store.joining import Join
from features.store.sources import reading


@dataclass(frozen=True, slots=True)
class ViewRows:
    """Where the rows of a view lie and how its columns are named.

    Attributes:
        name: The view, for messages.
        source: Its batch source.
        join: How they are joined.
    """

    name: str
    source: DataSource
    join: Join

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
        return cls(view.name, source, Join(keys, source.timestamp_field, created, view.ttl or None, shown))

    def joined(self, labels: pl.DataFrame, label_time: str, only_known: bool) -> list[pl.Series]:
        """Return the features of each label, null where nothing was known. Each of shape (label,).

        Raises:
            FeatureStoreRefused: If the labels lack a key, or have a column of a feature's name.
        """
        self._require_columns(labels)
        return reading(self.source, lambda rows: self.join.features_of(labels, label_time, rows, only_known))

    def _require_columns(self, labels: pl.DataFrame) -> None:
        missing = [key for key in self.join.keys if key not in labels.columns]
        if missing:
            raise FeatureStoreRefused(
                f"Labels must have the keys {', '.join(self.join.keys)} of view {self.name}; "
                f"found no {', '.join(missing)}. Add them."
            )
        taken = [name for name in self.join.features if name in labels.columns]
        if taken:
            raise FeatureStoreRefused(
                f"Labels must not have columns named as features of view {self.name}; found {', '.join(taken)}. "
                "Rename them, or ask for full feature names."
            )
