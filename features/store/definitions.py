"""What Feast is told: two entities, and per feature specification one view and one service. Applied from code."""

from pathlib import Path

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.data_format import ParquetFormat
from feast.types import Float32, Float64, Int64, String

from features.store.names import (
    ASSET,
    CREATED_TIME,
    EVENT_TIME,
    LIFE,
    LIFE_NUMBER,
    REGIME,
    TENANT,
    TIME_US,
    ttl_of,
    view_name,
)
from features.transforms.specification import FeatureSpecification


def service_name(specification: FeatureSpecification) -> str:
    """Return the name of the feature service that prognosis asks."""
    return f"{specification.pack_id}_prognosis_{specification.sha256[:12]}"


def entities() -> list[Entity]:
    """Return the two entities of contract 1."""
    return [
        Entity(name=TENANT, join_keys=[TENANT], value_type=ValueType.STRING, description="Whose machine"),
        Entity(name=ASSET, join_keys=[ASSET], value_type=ValueType.STRING, description="Which machine"),
    ]


def feature_view(specification: FeatureSpecification, folder: Path) -> FeatureView:
    """Return the view of a specification over its folder of Parquet files."""
    source = FileSource(
        name=f"{view_name(specification)}_rows",
        path=str(folder),
        timestamp_field=EVENT_TIME,
        created_timestamp_column=CREATED_TIME,
        file_format=ParquetFormat(),
    )
    life = specification.life
    return FeatureView(
        name=view_name(specification),
        entities=entities(),
        ttl=ttl_of(specification),
        schema=[
            Field(name=TENANT, dtype=String),
            Field(name=ASSET, dtype=String),
            *(Field(name=name, dtype=Float32) for name in specification.names),
            Field(name=LIFE, dtype=Float64),
            Field(name=REGIME, dtype=Int64),
            Field(name=LIFE_NUMBER, dtype=Int64),
            Field(name=TIME_US, dtype=Int64),
        ],
        source=source,
        online=True,
        tags={
            "specification_sha256": specification.sha256,
            "pack": specification.pack_id,
            "life_unit": life.unit,
            "life_source": life.source.value,
        },
    )


def feature_service(specification: FeatureSpecification, view: FeatureView) -> FeatureService:
    """Return the service that training and serving both ask."""
    return FeatureService(
        name=service_name(specification),
        features=[view],
        tags={"specification_sha256": specification.sha256},
    )
