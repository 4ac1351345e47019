"""Counting what no pack claims."""

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from features.domain.identifiers import AssetId, TenantId
from features.records.quarantine import Quarantined
from features.telemetry.store import TelemetryStore

_KEY = ("asset", "signal", "time")


def sightings(tenant: TenantId, pack: str, readings: pl.DataFrame) -> Iterator[Quarantined]:
    """Yield one entry for each asset and signal of some readings.

    Args:
        tenant: Whose readings.
        pack: The pack, or the measurement, under which they came.
        readings: Columns `asset`, `signal` and `time`.
    """
    time = pl.col("time")
    found = readings.group_by("asset", "signal").agg(time.min().alias("first"), time.max().alias("last"), pl.len())
    for asset, signal, first, last, count in found.sort("asset", "signal").iter_rows():
        yield Quarantined(tenant, AssetId(asset), signal, pack, first, last, count)


def unseen(store: TelemetryStore, tenant: TenantId, readings: pl.DataFrame) -> pl.DataFrame:
    """Return those readings, each key once, that are not in the store yet."""
    if readings.is_empty():
        return readings
    there = store.read(
        tenant,
        assets=readings["asset"].unique().to_list(),
        signals=readings["signal"].unique().to_list(),
        start=readings["time"].min(),  # type: ignore[arg-type]  # of a column of times that is not empty
        end=readings["time"].max() + timedelta(microseconds=1),  # type: ignore[operator, arg-type]  # as above
    )
    return readings.unique(_KEY).join(there, on=_KEY, how="anti")
