"""One offline store of Feast in a process of its own, so that its peak of memory can be told.

`python -m experiments.bench.asof_process STORE FOLDER FEATURES`. Each line on standard input is a JSON object
`{"labels": FILE, "result": FILE or null}`; the labels are joined through Feast's own `get_historical_features`, to an
Arrow table, and answered with a line of JSON. Whatever Feast and its stores print goes to standard error.
"""

import importlib
import json
import os
import resource
import sys
import time
import warnings
from datetime import timedelta
from pathlib import Path
from typing import TextIO

import pandas as pd
import polars as pl
import psutil
import pyarrow as pa
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.data_format import ParquetFormat
from feast.repo_config import RegistryConfig, RepoConfig
from feast.types import Float32, String

from experiments.bench.asof_data import TTL_HOURS, Sizes

VIEW = "hourly"
STORES = {
    "ours": ("features.store.polars_offline.PolarsOfflineStore", "features.store.polars_offline"),
    "duckdb": ("duckdb", "feast.infra.offline_stores.duckdb"),
    "file": ("dask", "feast.infra.offline_stores.dask"),
}
"""Type in Feast's configuration, and the module that must be imported before memory is counted."""


def main(store: str, folder: Path, features: int) -> None:
    """Answer until standard input ends."""
    answers = _quiet()
    warnings.simplefilter("ignore")  # of Feast and its stores; nothing that the comparison would not notice
    feast = _open(store, folder, Sizes(features=features))
    at_start = psutil.Process().memory_info().rss
    for line in sys.stdin:
        asked = json.loads(line)
        told, table = _join(feast, pd.read_parquet(folder / asked["labels"]), Sizes(features=features))
        told["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - at_start
        if asked["result"]:
            pl.DataFrame(pl.from_arrow(table)).write_parquet(folder / asked["result"])
        del table
        answers.write(json.dumps(told) + "\n")
        answers.flush()
    os._exit(0)  # duckdb tells of leaks at an orderly end, page after page


def _quiet() -> TextIO:
    """Return standard output for the answers alone; whoever prints to it writes to standard error from now on."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def _open(store: str, folder: Path, sizes: Sizes) -> FeatureStore:
    kind, module = STORES[store]
    importlib.import_module(module)
    feast = FeatureStore(
        config=RepoConfig(
            project="bench",
            provider="local",
            registry=RegistryConfig(path=str(folder / "registry.db")),
            online_store=None,
            offline_store={"type": kind},
            entity_key_serialization_version=3,
        )
    )
    keys = [Entity(name=name, join_keys=[name], value_type=ValueType.STRING) for name in ("tenant", "asset")]
    fields = [Field(name=name, dtype=String) for name in ("tenant", "asset")]
    view = FeatureView(
        name=VIEW,
        entities=keys,
        ttl=timedelta(hours=TTL_HOURS),
        schema=[*fields, *(Field(name=name, dtype=Float32) for name in sizes.names)],
        source=FileSource(
            name="rows",
            path=str(folder / "rows.parquet"),
            timestamp_field="event_time",
            created_timestamp_column="created_time",
            file_format=ParquetFormat(),
        ),
        online=False,
    )
    feast.apply([*keys, view])
    return feast


def _join(feast: FeatureStore, labels: pd.DataFrame, sizes: Sizes) -> tuple[dict[str, float], pa.Table]:
    wall, cpu = time.perf_counter(), time.process_time()
    references = [f"{VIEW}:{name}" for name in sizes.names]
    job = feast.get_historical_features(labels, references, filter_by_created_timestamp=True)
    table = job.to_arrow()
    taken = {"wall_seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
    return taken, table


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
