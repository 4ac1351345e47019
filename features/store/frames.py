"""Between frames of feature rows and packed vectors."""

import numpy as np
import polars as pl

from features.domain.identifiers import AssetId, TenantId
from features.store.names import ASSET, CREATED_TIME, EVENT_TIME, LIFE, LIFE_NUMBER, REGIME, TENANT
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
