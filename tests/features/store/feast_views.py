"""Feast with views of several entities over files of its own, opened with one offline store or another."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.data_format import ParquetFormat
from feast.repo_config import RegistryConfig, RepoConfig
from feast.types import Float64, Int64, String

OURS = "features.store.polars_offline.PolarsOfflineStore"
T0 = datetime(2026, 1, 1, tzinfo=UTC)
TIME = pl.Datetime("us", "UTC")
KEYS = ("tenant", "asset")


def moment(count: int, unit: timedelta = timedelta(hours=1)) -> datetime:
    return T0 + count * unit


def open_feast(folder: Path, offline: Mapping[str, Any]) -> FeatureStore:
    """Open Feast in a folder with an offline store."""
    return FeatureStore(
        config=RepoConfig(
            project="test",
            provider="local",
            registry=RegistryConfig(path=str(folder / "registry.db")),
            online_store=None,
            offline_store=dict(offline),
            entity_key_serialization_version=3,
        )
    )


def entities(names: Sequence[str] = KEYS) -> list[Entity]:
    return [Entity(name=name, join_keys=[name], value_type=ValueType.STRING) for name in names]


def view(
    name: str, path: Path, keys: Sequence[str] = KEYS, ttl: timedelta | None = None, is_versioned: bool = True
) -> FeatureView:
    """Return a view of two features, `<name>_x` and `<name>_z` (DuckDB's store loses columns that end in `_y`)."""
    return FeatureView(
        name=name,
        entities=entities(keys),
        ttl=ttl,
        schema=[
            *(Field(name=key, dtype=String) for key in keys),
            Field(name=f"{name}_x", dtype=Int64),
            Field(name=f"{name}_z", dtype=Float64),
        ],
        source=FileSource(
            name=f"{name}_rows",
            path=str(path),
            timestamp_field="event",
            created_timestamp_column="created" if is_versioned else "",
            file_format=ParquetFormat(),
        ),
        online=False,
    )


def rows_of(name: str, listed: Sequence[tuple[Any, ...]], keys: Sequence[str] = KEYS) -> pl.DataFrame:
    """Return rows of a view: its keys, event, created, x and y."""
    schema = {**dict.fromkeys(keys, pl.String()), "event": TIME, "created": TIME}
    return pl.DataFrame(
        listed, schema=pl.Schema({**schema, f"{name}_x": pl.Int64(), f"{name}_z": pl.Float64()}), orient="row"
    )


def labels_of(listed: Sequence[tuple[str | None, str | None, datetime]]) -> pl.DataFrame:
    """Return labels with a number each, in the order given."""
    numbered = [(*each, number) for number, each in enumerate(listed)]
    schema = {"tenant": pl.String(), "asset": pl.String(), "event_timestamp": TIME, "number": pl.Int64()}
    return pl.DataFrame(numbered, schema=pl.Schema(schema), orient="row")
