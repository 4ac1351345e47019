"""Between frames of feature rows and packed vectors."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from features.domain.identifiers import AssetId, TenantId
from features.store.names import ASSET, CREATED_TIME, EVENT_TIME, LIFE, LIFE_NUMBER, REGIME, TENANT, TIME_US
from features.store.online_vectors import AssetVector
from features.store.packed import Vector
from features.transforms.specification import FeatureSpecification


def asset_vectors(rows: pl.DataFrame, specification: FeatureSpecification) -> list[AssetVector]:
    """Return the vectors of feature rows.

    Args:
        rows: Columns tenant, asset, event_time, created_time, the features, life, regime, life_number.
        specification: Whose features.
    """
    values = rows.select(specification.names).cast(pl.Float32).fill_null(float("nan")).to_numpy()
    times = rows.select(pl.col(EVENT_TIME, CREATED_TIME).dt.timestamp("us"))
    side = rows.select(TENANT, ASSET, LIFE, REGIME, LIFE_NUMBER)
    return [
        AssetVector(
            TenantId(tenant),
            AssetId(asset),
            Vector(event, created, np.asarray(vector, np.float32), life, regime, number),
        )
        for vector, (event, created), (tenant, asset, life, regime, number) in zip(
            values, times.iter_rows(), side.iter_rows(), strict=True
        )
    ]


def vector_rows(
    tenant: TenantId, vectors: Mapping[AssetId, Vector], specification: FeatureSpecification
) -> pl.DataFrame:
    """Return vectors of a tenant as feature rows, in the form of `asset_vectors`.

    Args:
        tenant: Whose.
        vectors: By asset; at least one.
        specification: Whose features.
    """
    moment = pl.Datetime("us", "UTC")
    side = {
        TENANT: pl.Series([tenant] * len(vectors), dtype=pl.String()),
        ASSET: pl.Series(list(vectors), dtype=pl.String()),
        LIFE_NUMBER: pl.Series([each.life_number for each in vectors.values()], dtype=pl.Int64()),
        LIFE: pl.Series([each.life for each in vectors.values()], dtype=pl.Float64()),
        REGIME: pl.Series([each.regime for each in vectors.values()], dtype=pl.Int64()),
        TIME_US: pl.Series([each.time_us for each in vectors.values()], dtype=pl.Int64()),
        EVENT_TIME: pl.Series([each.time_us for each in vectors.values()]).cast(moment),
        CREATED_TIME: pl.Series([each.created_us for each in vectors.values()]).cast(moment),
    }
    values = np.stack([each.values for each in vectors.values()])
    return pl.DataFrame(side).hstack(pl.DataFrame(values, schema=list(specification.names)))
