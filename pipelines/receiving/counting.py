"""How late what was kept came, for each asset and channel."""

from collections.abc import Iterator, Sequence

import polars as pl

from features.domain.identifiers import AssetId, TenantId
from features.records.arrivals import LATE_BOUNDS, ArrivalCount
from features.records.quarantine import Quarantined
from pipelines.ingest.intake import Offered
from pipelines.ingest.origin import ARRIVED, CHANNEL, OFFSET
from pipelines.ingest.quarantine import sightings

ARRIVALS = pl.Schema({OFFSET: pl.Int64(), ARRIVED: pl.Datetime("us", "UTC"), CHANNEL: pl.String()})
"""One row for each delivery."""


def counts(tenant: TenantId, offered: Sequence[Offered], arrivals: pl.DataFrame) -> Iterator[ArrivalCount]:
    """Yield what came of each asset by each channel.

    Args:
        tenant: Whose.
        offered: What was kept.
        arrivals: The deliveries to be counted, in the form `ARRIVALS`; what came in others is not.
    """
    kept = [
        part.select("asset", "time", OFFSET).with_columns(is_dated=pl.lit(each.is_dated))
        for each in offered
        for part in (each.readings, each.quarantined)
        if part.height
    ]
    if not kept:
        return
    lateness = pl.col(ARRIVED) - pl.col("time")
    place = pl.sum_horizontal((lateness >= pl.lit(bound)).cast(pl.Int32) for bound in LATE_BOUNDS)
    classes = [
        ((place == each) & pl.col("is_dated")).sum().alias(f"late{each}") for each in range(len(LATE_BOUNDS) + 1)
    ]
    arrived = pl.col(ARRIVED)
    found = (
        pl.concat(kept)
        .join(arrivals, on=OFFSET, how="inner")
        .group_by("asset", CHANNEL)
        .agg(arrived.min().alias("first"), arrived.max().alias("last"), pl.col("time").max(), pl.len(), *classes)
    )
    for asset, channel, first, last, newest, readings, *late in found.sort("asset", CHANNEL).iter_rows():
        yield ArrivalCount(tenant, AssetId(asset), channel, first, last, newest, readings, tuple(late))


def quarantined(tenant: TenantId, offered: Sequence[Offered], arrivals: pl.DataFrame) -> Iterator[Quarantined]:
    """Yield what came that no pack claims; the arguments are those of `counts`."""
    for pack in sorted({each.pack for each in offered}):
        parts = [each.quarantined for each in offered if each.pack == pack and each.quarantined.height]
        if parts:
            yield from sightings(tenant, pack, pl.concat(parts).join(arrivals, on=OFFSET, how="semi"))
