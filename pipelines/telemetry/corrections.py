"""Readings that were corrected: those whose source gave them a revision."""

from datetime import datetime, timedelta

import polars as pl

from features.domain.identifiers import TenantId
from features.domain.time import format_time
from features.telemetry.store import TelemetryStore


def corrections(
    store: TelemetryStore, tenant: TenantId, asset: str | None, start: datetime | None, limit: int
) -> list[dict[str, object]]:
    """Return the newest corrected readings, newest first.

    Args:
        store: The readings.
        tenant: Whose.
        asset: Only this asset's; None means all.
        start: Only readings from this time on.
        limit: At most so many.
    """
    frame = store.read(tenant, assets=None if asset is None else [asset], start=start)
    newest = frame.filter(pl.col("revision") > 0).sort("time", "asset", "signal", descending=True).head(limit)
    return [
        {**row, "time": format_time(row["time"])}
        for row in newest.select("asset", "signal", "time", "value", "revision").iter_rows(named=True)
    ]


def days_before(now: datetime, days: float | None) -> datetime | None:
    """Return the time so many days before; None means from the beginning."""
    return None if days is None else now - timedelta(days=days)
