"""A Feast offline store on polars over partitioned Parquet: every label row kept, ttl and corrections right.

Feast's stock file store drops label rows whose features are out of ttl, and its default lets corrections leak
into training (docs/adr/0004). This one is named by its class in the configuration, as Feast foresees.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import polars as pl
import pyarrow as pa
from feast.data_source import DataSource
from feast.feature_view import FeatureView
from feast.infra.offline_stores.file_source import FileSource
from feast.infra.offline_stores.offline_store import OfflineStore, RetrievalJob, RetrievalMetadata
from feast.infra.registry.base_registry import BaseRegistry
from feast.on_demand_feature_view import OnDemandFeatureView
from feast.repo_config import FeastConfigBaseModel, RepoConfig
from feast.saved_dataset import SavedDatasetStorage

from features.store.asof import newest, point_in_time
from features.store.errors import FeatureStoreRefused

LABEL_TIME = "event_timestamp"


class PolarsOfflineStoreConfig(FeastConfigBaseModel):
    """Configuration of the store: its class is all it needs."""

    type: Literal["features.store.polars_offline.PolarsOfflineStore"] = (
        "features.store.polars_offline.PolarsOfflineStore"
    )


class PolarsRetrievalJob(RetrievalJob):
    """A retrieval that runs when its result is asked for."""

    def __init__(self, run: Callable[[], pl.DataFrame], full_feature_names: bool = False) -> None:
        self._run = run
        self._full_feature_names = full_feature_names

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
        """Nothing beyond the result itself."""
        return None

    def persist(self, storage: SavedDatasetStorage, allow_overwrite: bool = False, timeout: int | None = None) -> None:
        """Write the result as one Parquet file where the storage says.

        Raises:
            FeatureStoreRefused: If a file is there already and may not be overwritten.
        """
        path = _path(storage.to_data_source())
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
        filter_by_created_timestamp: bool = True,
        **_: Any,  # Feast passes start_date and end_date, which only matter without labels
    ) -> RetrievalJob:
        """Join features to label rows, each at its own time."""
        if not isinstance(entity_df, pd.DataFrame):
            raise FeatureStoreRefused(
                f"Labels must be a data frame with a column {LABEL_TIME}; found {type(entity_df).__name__}."
            )
        labels = in_utc(pl.from_pandas(entity_df))

        def run() -> pl.DataFrame:
            joined = labels
            for view in feature_views:
                wanted = [ref.split(":", 1)[1] for ref in feature_refs if ref.split(":", 1)[0] == view.name]
                joined = _join_view(joined, view, wanted, full_feature_names, filter_by_created_timestamp)
            return joined

        return PolarsRetrievalJob(run, full_feature_names)

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
            rows = _scan(data_source).select(columns)
            between = pl.col(timestamp_field).is_between(pl.lit(start_date), pl.lit(end_date))
            return newest(rows.filter(between).collect(), join_key_columns, timestamp_field, created_timestamp_column)

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
        """Return every row between two times."""
        columns = _columns(join_key_columns, feature_name_columns, timestamp_field, created_timestamp_column)

        def run() -> pl.DataFrame:
            rows = _scan(data_source).select(columns)
            if start_date is not None:
                rows = rows.filter(pl.col(timestamp_field) >= pl.lit(start_date))
            if end_date is not None:
                rows = rows.filter(pl.col(timestamp_field) <= pl.lit(end_date))
            return rows.collect()

        return PolarsRetrievalJob(run)


def in_utc(labels: pl.DataFrame) -> pl.DataFrame:
    """Return labels with their time in UTC, to the microsecond.

    Raises:
        FeatureStoreRefused: If the time is missing or has no zone.
    """
    dtype = labels.schema.get(LABEL_TIME)
    if not isinstance(dtype, pl.Datetime) or dtype.time_zone is None:
        raise FeatureStoreRefused(f"Column {LABEL_TIME} must hold times with a zone; found {dtype}. Give UTC times.")
    return labels.with_columns(pl.col(LABEL_TIME).dt.convert_time_zone("UTC").dt.cast_time_unit("us"))


def _columns(keys: list[str], features: list[str], time: str, created: str | None) -> list[str]:
    return list(dict.fromkeys([*keys, *features, time, *([created] if created else [])]))


def _path(source: DataSource | None) -> Path:
    if not isinstance(source, FileSource):
        raise FeatureStoreRefused(f"A feature view must lie in Parquet files; found {type(source).__name__}.")
    return Path(source.path)


def _scan(source: DataSource | None) -> pl.LazyFrame:
    path = _path(source)
    return pl.scan_parquet(path / "**/*.parquet" if path.is_dir() else path)


def _join_view(
    labels: pl.DataFrame, view: FeatureView, wanted: list[str], full_feature_names: bool, only_known: bool
) -> pl.DataFrame:
    source = view.batch_source
    if source is None:
        raise FeatureStoreRefused(f"Feature view {view.name} must have a batch source; found none.")
    keys = [column.name for column in view.entity_columns]
    event, created = source.timestamp_field, source.created_timestamp_column or None
    rows = _scan(source).select(_columns(keys, wanted, event, created)).collect()
    if full_feature_names:
        rows = rows.rename({name: f"{view.name}__{name}" for name in wanted})
    ttl: timedelta | None = view.ttl or None
    return point_in_time(labels, rows, keys, LABEL_TIME, event, created, ttl, only_known)
