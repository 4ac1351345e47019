"""What Feast is told: two entities, and per feature specification one view and one service. Applied from code."""

from collections.abc import Mapping

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
from features.transforms.families.family import FeatureDescription
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


def feature_view(
    specification: FeatureSpecification, place: str, grade_by_signal: Mapping[str, int] | None = None
) -> FeatureView:
    """Return the view of a specification over its folder of Parquet files.

    Args:
        specification: Whose features.
        place: Where their rows lie: a folder or a URL.
        grade_by_signal: Data grade of every signal; with it each feature, and the view, carries the highest of its own.
    """
    source = FileSource(
        name=f"{view_name(specification)}_rows",
        path=place,
        timestamp_field=EVENT_TIME,
        created_timestamp_column=CREATED_TIME,
        file_format=ParquetFormat(),
    )
    life = specification.life
    grades = {} if grade_by_signal is None else specification.grades(grade_by_signal)
    return FeatureView(
        name=view_name(specification),
        entities=entities(),
        ttl=ttl_of(specification),
        schema=[
            Field(name=TENANT, dtype=String),
            Field(name=ASSET, dtype=String),
            *(_field(each, grades.get(each.name)) for each in specification.descriptions),
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
            **({"data_grade": str(max(grades.values()))} if grades else {}),
        },
    )


def _field(feature: FeatureDescription, grade: int | None) -> Field:
    """Return a feature as Feast has it, with its unit and lineage."""
    tags = {"unit": feature.unit, "signals": ",".join(feature.signals)}
    if grade is not None:
        tags["data_grade"] = str(grade)
    return Field(name=feature.name, dtype=Float32, description=feature.meaning, tags=tags)


def feature_service(specification: FeatureSpecification, view: FeatureView) -> FeatureService:
    """Return the service that training and serving both ask."""
    return FeatureService(
        name=service_name(specification),
        features=[view],
        tags={"specification_sha256": specification.sha256},
    )
