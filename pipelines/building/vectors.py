"""From the training frame that the feature store joins to the arrays that models take."""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from features.domain.identifiers import TenantId
from features.store.feast_store import FeastFeatures
from features.transforms.specification import FeatureSpecification
from models.prognosis.targets import LabelledVectors
from pipelines.building.build import BuiltFeatures, Progress, build_features
from pipelines.building.tracks import LifeTrack
from pipelines.errors import LeakFound

Build = Callable[[FeastFeatures, TenantId, Sequence[LifeTrack], Progress | None], BuiltFeatures]


def labelled_vectors(frame: pl.DataFrame, specification: FeatureSpecification) -> LabelledVectors:
    """Return the rows of a training frame whose features were known and whose regime was.

    Args:
        frame: From `FeastFeatures.training_frame`, labels of `pipelines.building.build` joined.
        specification: Whose features.

    Returns:
        One row per usable label.

    Raises:
        LeakFound: If a row's features come from a time after its label.
    """
    late = frame.filter(pl.col("time_us") > pl.col("event_timestamp").dt.timestamp("us"))
    if not late.is_empty():
        raise LeakFound(f"Features must be no younger than their label; found {late.height} rows that are.")
    usable = _usable(frame)
    machine = usable["asset"].rank("dense").to_numpy().astype(np.int64) - 1
    life_id = usable.select(pl.struct("asset", "life_number").rank("dense")).to_series().to_numpy().astype(np.int64)
    return LabelledVectors(
        vectors=usable.select(specification.names).to_numpy().astype(np.float32),
        remaining=usable["remaining"].to_numpy().astype(np.float64),
        is_failure=usable["is_failure"].to_numpy(),
        machine=machine,
        life_id=life_id - 1,
        age=usable["life"].to_numpy().astype(np.float64),
        regime=usable["regime"].to_numpy().astype(np.int64),
        mode=usable["failure_mode"].fill_null("").to_numpy().astype(np.str_),
    )


def machines_of(frame: pl.DataFrame) -> tuple[str, ...]:
    """Return the names of the machines whose rows `labelled_vectors` takes, in the order of their index there."""
    return tuple(_usable(frame)["asset"].unique().sort().to_list())


def training_rows(
    features: FeastFeatures,
    tenant: TenantId,
    tracks: Sequence[LifeTrack],
    progress: Progress | None = None,
    build: Build = build_features,
) -> tuple[BuiltFeatures, pl.DataFrame]:
    """Build the features of tracks and join them to their labels, point in time, through the feature store.

    Args:
        features: The store, opened for a specification.
        tenant: Whose machines.
        tracks: Lives with channels in the order of the specification's signals.
        progress: Told of lives done.
        build: Computes and writes the rows.

    Returns:
        What was built, and the training frame.
    """
    features.apply()
    built = build(features, tenant, tracks, progress)
    return built, features.training_frame(built.labels)


def _usable(frame: pl.DataFrame) -> pl.DataFrame:
    same_life = pl.col("life_number") == pl.col("label_life")  # what an earlier life showed says nothing of this one
    return frame.filter(pl.col("time_us").is_not_null() & same_life & (pl.col("regime") >= 0))
