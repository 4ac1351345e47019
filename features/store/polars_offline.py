"""A Feast offline store on polars over partitioned Parquet: every label row kept, ttl and corrections right.

Feast's stock file store drops label rows whose features are out of ttl, and its default lets corrections leak
into training (docs/adr/0004). This one is named by its class in the configuration, as Feast foresees.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import polars as pl
import pyarrow as pa
from feast.data_source import DataSource
from feast.feature_view import FeatureView
from feast.infra.offline_stores.offline_store import OfflineStore, RetrievalJob, RetrievalMetadata
from feast.infra.registry.base_registry import BaseRegistry
from feast.on_demand_feature_view import OnDemandFeatureView
from feast.repo_config import FeastConfigBaseModel, RepoConfig
from feast.saved_dataset import SavedDatasetStorage

from features.store.errors import FeatureStoreRefused
from features.store.rows import OfflineRows
from features.store.sources import reading, source_path
from features.store.versions import newest_of, of_standing_rows
from features.store.view_rows import ViewRows

LABEL_TIME = "event_timestamp"


class PolarsOfflineStoreConfig(FeastConfigBaseModel):
    """Configuration of the store: its class is all it needs.

    Attributes:
        only_known: Leave out versions that were written after a label's time. Feast does not pass its own default
            (False) on, so its absence cannot be told from a wish; whoever wants corrections to leak says so here.
    """

    type: Literal["features.store.polars_offline.PolarsOfflineStore"] = (
        "features.store.polars_offline.PolarsOfflineStore"
    )
    only_known: bool = True


class PolarsRetrievalJob(RetrievalJob):
    """A retrieval that runs when its result is asked for."""

    def __init__(
        self, run: Callable[[], pl.DataFrame], full_feature_names: bool = False, told: RetrievalMetadata | None = None
    ) -> None:
        self._run = run
        self._full_feature_names = full_feature_names
        self._told = told

    def to_polars(self) -> pl.DataFrame:
        """Return the result as a polars frame."""
        return self._run()

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        return self._run().to_pandas()

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:
        return self._run().to_arrow(compat_level=pl.CompatLevel.oldest())

    @property
    def full_feature_names(self) -> bool:
        """Whether feature columns carry the name of their view."""
        return self._full_feature_names

    @property
    def on_demand_feature_views(self) -> list[OnDemandFeatureView]:
        """Always none: data never becomes code, so there are no feature functions in the registry."""
        return []

    @property
    def metadata(self) -> RetrievalMetadata | None:
        """What was asked for, where labels were given."""
        return self._told

    def persist(self, storage: SavedDatasetStorage, allow_overwrite: bool = False, timeout: int | None = None) -> None:
        """Write the result as one Parquet file where the storage says.

        Raises:
            FeatureStoreRefused: If a file is there already and may not be overwritten.
        """
        path = Path(source_path(storage.to_data_source()))
        if path.exists() and not allow_overwrite:
            raise FeatureStoreRefused(
                f"A saved data set must not be overwritten unasked; found {path.name}. Choose another name."
            )
        self._run().write_parquet(path)


class PolarsOfflineStore(OfflineStore):
    """Historical features by polars' as-of join."""

    supports_filter_by_created_timestamp = True

    @staticmethod
    def get_historical_features(
        config: RepoConfig,
        feature_views: list[FeatureView],
        feature_refs: list[str],
        entity_df: pd.DataFrame | str | None,
        registry: BaseRegistry,
        project: str,
        full_feature_names: bool = False,
        filter_by_created_timestamp: bool = False,
        **_: Any,  # Feast passes start_date and end_date, which only matter without labels
    ) -> RetrievalJob:
        """Join features to label rows, each at its own time.

        Every label row is kept, in its order. Versions written after a label's time are left out whether or not
        `filter_by_created_timestamp` is given, unless the store's configuration says otherwise.

        Raises:
            FeatureStoreRefused: If there are no labels, or their time has no zone.
        """
        if not isinstance(entity_df, pd.DataFrame):
            raise FeatureStoreRefused(
                f"Labels must be a data frame with a column {LABEL_TIME}; found {type(entity_df).__name__}."
            )
        only_known = filter_by_created_timestamp or getattr(config.offline_store, "only_known", True)
        labels = in_utc(_from_pandas(entity_df))

        def run() -> pl.DataFrame:
            joined = labels
            for view in feature_views:
                rows = ViewRows.of(view, feature_refs, full_feature_names)
                joined = joined.hstack(rows.joined(labels, LABEL_TIME, only_known))
            return joined

        return PolarsRetrievalJob(run, full_feature_names, _told(labels, feature_refs))

    @staticmethod
    def pull_latest_from_table_or_query(
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None,
        start_date: datetime,
        end_date: datetime,
    ) -> RetrievalJob:
        """Return the newest row of each key between two times."""
        columns = _columns(join_key_columns, feature_name_columns, timestamp_field, created_timestamp_column)

        def run() -> pl.DataFrame:
            between = pl.col(timestamp_field).is_between(pl.lit(start_date), pl.lit(end_date))
            found = reading(data_source, lambda rows: rows.read(columns, between))
            return newest_of(found, join_key_columns, timestamp_field, created_timestamp_column)

        return PolarsRetrievalJob(run)

    @staticmethod
    def pull_all_from_table_or_query(
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> RetrievalJob:
        """Return every version of every row between two times; none of rows that are withdrawn."""
        columns = _columns(join_key_columns, feature_name_columns, timestamp_field, created_timestamp_column)

        def run() -> pl.DataFrame:
            time = pl.col(timestamp_field)
            since = [] if start_date is None else [time >= pl.lit(start_date)]
            until = [] if end_date is None else [time <= pl.lit(end_date)]
            where = pl.all_horizontal(*since, *until) if since or until else None
            found = reading(data_source, lambda rows: rows.read(columns, where))
            return of_standing_rows(found, join_key_columns, timestamp_field, created_timestamp_column)

        return PolarsRetrievalJob(run)

    @staticmethod
    def offline_write_batch(
        config: RepoConfig, feature_view: FeatureView, table: pa.Table, progress: Callable[[int], Any] | None
    ) -> None:
        """Append rows to a view's, in one commit; none of those that are there changes.

        Raises:
            FeatureStoreRefused: If the view lies in one file, which cannot be appended to.
        """
        path = source_path(feature_view.batch_source)
        if path.endswith(".parquet"):
            raise FeatureStoreRefused(f"A view that is written to must lie in a folder; found {path}. Name a folder.")
        OfflineRows.at(path).append(pl.DataFrame(pl.from_arrow(table)))
        if progress is not None:
            progress(table.num_rows)


def in_utc(labels: pl.DataFrame) -> pl.DataFrame:
    """Return labels with their time in UTC, to the microsecond.

    Raises:
        FeatureStoreRefused: If the time is missing or has no zone.
    """
    dtype = labels.schema.get(LABEL_TIME)
    if not isinstance(dtype, pl.Datetime) or dtype.time_zone is None:
        raise FeatureStoreRefused(f"Column {LABEL_TIME} must hold times with a zone; found {dtype}. Give UTC times.")
    return labels.with_columns(pl.col(LABEL_TIME).dt.convert_time_zone("UTC").dt.cast_time_unit("us"))


def _from_pandas(labels: pd.DataFrame) -> pl.DataFrame:
    try:
        return pl.DataFrame(pl.from_arrow(pa.Table.from_pandas(labels, preserve_index=False)))
    except pa.ArrowException as error:
        raise FeatureStoreRefused(
            f"Each column of the labels must hold values of one type; found: {error}. Convert it first."
        ) from error


def _told(labels: pl.DataFrame, features: list[str]) -> RetrievalMetadata:
    times = labels[LABEL_TIME].to_frame().select(first=pl.col(LABEL_TIME).min(), last=pl.col(LABEL_TIME).max())
    keys = [name for name in labels.columns if name != LABEL_TIME]
    return RetrievalMetadata(features, keys, times["first"][0], times["last"][0])


def _columns(keys: list[str], features: list[str], time: str, created: str | None) -> list[str]:
    return list(dict.fromkeys([*keys, *features, time, *([created] if created else [])]))
