"""Rows and labels for measuring point-in-time joins: a fleet as it reports, corrections and gaps included."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

NUMBER = "label_number"
LABEL_TIME = "event_timestamp"
TTL_HOURS = 24
_START_US = 1_772_352_000_000_000  # 2026-03-01T08:00:00Z
_HOUR_US = 3_600_000_000
_US = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is joined.

    Attributes:
        labels: Labels, anywhere in the record and some before and after it.
        rows: Feature rows, one an hour and asset.
        features: Features of each row, float32.
        assets: Machines.
        fresh_labels: Labels of the comparison with the file store, each shortly after a row of its machine.
    """

    labels: int = 1_000_000
    rows: int = 1_000_000
    features: int = 20
    assets: int = 1_000
    fresh_labels: int = 10_000

    @property
    def names(self) -> list[str]:
        """Return the names of the features."""
        return [f"feature_{number:02d}" for number in range(self.features)]


def write_data(sizes: Sizes, folder: Path, seed: int = 0, corrected: float = 0.01) -> None:
    """Write `rows.parquet`, `labels.parquet` and `fresh.parquet` into a folder.

    A row is written up to a quarter of an hour after its time. One hour in ten is missing, and from every machine once
    three days. One value in a hundred is null.

    Args:
        sizes: How much.
        folder: Where to; it must be there.
        seed: Of the random numbers.
        corrected: Share of the rows that are corrected, each up to two days later.
    """
    generator = np.random.default_rng(seed)
    rows = _rows(sizes, corrected, generator)
    rows.write_parquet(folder / "rows.parquet", compression="zstd", compression_level=1)
    _labels(sizes, generator).write_parquet(folder / "labels.parquet")
    _fresh(sizes, rows, generator).write_parquet(folder / "fresh.parquet")


def _rows(sizes: Sizes, share: float, generator: np.random.Generator) -> pl.DataFrame:
    corrected = int(sizes.rows * share)
    asset, hour = _present_hours(sizes, sizes.rows - corrected, generator)
    event = _START_US + hour * _HOUR_US
    created = event + generator.integers(0, _HOUR_US // 4, len(event))
    again = generator.choice(len(event), corrected, replace=False)
    later = created[again] + generator.integers(1, 48 * _HOUR_US, corrected)
    asset, event = np.append(asset, asset[again]), np.append(event, event[again])
    keys = _keys(asset, _microseconds("event_time", event), _microseconds("created_time", np.append(created, later)))
    values = {name: _values(len(asset), generator) for name in sizes.names}
    return keys.hstack(pl.DataFrame(values)).sort("asset", "event_time", "created_time")


def _present_hours(
    sizes: Sizes, count: int, generator: np.random.Generator
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    each = -(-count // sizes.assets)
    spacing = np.where(generator.random((sizes.assets, each)) < 0.1, 2, 1)
    spacing[np.arange(sizes.assets), generator.integers(0, each, sizes.assets)] += 72
    hour = np.cumsum(spacing, axis=1).ravel()[:count]
    return np.repeat(np.arange(sizes.assets), each)[:count], hour


def _values(count: int, generator: np.random.Generator) -> pl.Series:
    values = pl.Series(generator.normal(100.0, 30.0, count).astype(np.float32))
    return values.set(pl.Series(generator.random(count) < 0.01), None)


def _labels(sizes: Sizes, generator: np.random.Generator) -> pl.DataFrame:
    span = (1.1 * sizes.rows / sizes.assets + 96) * _HOUR_US
    asset = generator.integers(0, sizes.assets, sizes.labels)
    time = _START_US - 12 * _HOUR_US + generator.integers(0, int(span), sizes.labels)
    return _keys(asset, _microseconds(LABEL_TIME, time)).with_row_index(NUMBER).cast({NUMBER: pl.Int64})


def _fresh(sizes: Sizes, rows: pl.DataFrame, generator: np.random.Generator) -> pl.DataFrame:
    """Return labels of which each has a row within ttl that was known by then; the file store drops all others."""
    chosen = rows[generator.integers(0, rows.height, sizes.fresh_labels)]
    time = chosen["event_time"].to_physical().to_numpy() + generator.integers(
        _HOUR_US // 4, (TTL_HOURS - 1) * _HOUR_US, sizes.fresh_labels
    )
    known = chosen.select("tenant", "asset").with_columns(_microseconds(LABEL_TIME, time))
    return known.with_row_index(NUMBER).cast({NUMBER: pl.Int64})


def _keys(asset: np.ndarray[tuple[int], np.dtype[np.int64]], *times: pl.Series) -> pl.DataFrame:
    names = pl.Series([f"pump-{number:05d}" for number in range(int(asset.max(initial=0)) + 1)])
    tenant = pl.Series("tenant", ["local"], dtype=pl.String).new_from_index(0, len(asset))
    return pl.DataFrame([tenant, names.gather(asset).alias("asset"), *times])


def _microseconds(name: str, values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pl.Series:
    return pl.Series(name, values).cast(_US)
