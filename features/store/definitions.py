"""What Feast is told: two entities, and per feature specification one view and one service. Applied from code."""

from datetime import timedelta
from pathlib import Path

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.data_format import ParquetFormat
from feast.types import Float32, Float64, Int64, String

from features.transforms.specification import FeatureSpecification

TENANT, ASSET = "tenant", "asset"
EVENT_TIME, CREATED_TIME = "event_time", "created_time"
LIFE, REGIME, LIFE_NUMBER, TIME_US = "life", "regime", "life_number", "time_us"
SIDE_FIELDS = (LIFE, REGIME, LIFE_NUMBER, TIME_US)


def view_name(specification: FeatureSpecification) -> str:
    """Return the Feast name: the view and its version, so that two specifications never share a row."""
    return f"{specification.view}_{specification.sha256[:12]}"


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
        ttl=timedelta(seconds=specification.rule.ttl * life.seconds_per_unit),
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
        tags={"specification_sha256": specification.sha256, "pack": specification.pack_id, "life_unit": life.unit},
    )


def feature_service(specification: FeatureSpecification, view: FeatureView) -> FeatureService:
    """Return the service that training and serving both ask."""
    return FeatureService(
        name=service_name(specification),
        features=[view],
        tags={"specification_sha256": specification.sha256},
    )
