from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from features.transforms.batch import compute
from features.transforms.specification import FeatureSpecification
from pipelines.building.build import feature_rows, fit_specification, label_rows
from pipelines.building.vectors import labelled_vectors
from pipelines.errors import LeakFound
from tests.pipelines.building.machines import MINE, fan, track


@pytest.fixture(scope="module")
def specification() -> FeatureSpecification:
    return fit_specification(fan(), [track(fan(), "a", 60)])


@pytest.fixture
def frame(specification: FeatureSpecification) -> pl.DataFrame:
    """A training frame as the feature store joins it: two lives of one machine, one of another."""
    tracks = [track(fan(), "b", 48), track(fan(), "b", 30, end=None, number=1, start=100), track(fan(), "a", 20)]
    parts = []
    for each, life in zip(tracks, compute(specification, [each.rows for each in tracks]), strict=True):
        labels = label_rows(specification, MINE, each, life)
        rows = feature_rows(specification, MINE, each, life).drop("created_time")
        keys = ["tenant", "asset", "event_timestamp"]
        parts.append(labels.join(rows.rename({"event_time": "event_timestamp"}), on=keys, how="left"))
    return pl.concat(parts)


def test_label_with_known_features_becomes_a_row(frame: pl.DataFrame, specification: FeatureSpecification) -> None:
    rows = labelled_vectors(frame, specification)
    assert len(rows) == frame.height == 5 + 3 + 2
    assert rows.vectors.dtype == np.float32
    np.testing.assert_array_equal(rows.vectors, frame.select(specification.names).to_numpy())
    assert rows.machine.tolist() == [1] * 8 + [0] * 2
    assert rows.life_id.tolist() == [1] * 5 + [2] * 3 + [0] * 2
    assert rows.is_failure.tolist() == [True] * 5 + [False] * 3 + [True] * 2
    np.testing.assert_array_equal(rows.age, frame["life"].to_numpy())
    np.testing.assert_array_equal(rows.remaining, frame["remaining"].to_numpy())


def test_feature_row_from_the_future_is_a_leak(frame: pl.DataFrame, specification: FeatureSpecification) -> None:
    planted = frame.with_columns(
        time_us=pl.when(pl.int_range(pl.len()) == 4).then(pl.col("time_us") + 1).otherwise("time_us")
    )
    with pytest.raises(LeakFound, match="found 1 rows"):
        labelled_vectors(planted, specification)


def test_older_feature_row_is_none(frame: pl.DataFrame, specification: FeatureSpecification) -> None:
    hour = timedelta(hours=1) // timedelta(microseconds=1)
    older = frame.with_columns(pl.col("time_us") - hour)
    assert len(labelled_vectors(older, specification)) == frame.height


@pytest.mark.parametrize(
    "change", [{"time_us": None}, {"regime": -1}, {"life_number": 7}], ids=["nothing known", "no regime", "other life"]
)
def test_label_whose_features_say_nothing_of_it_is_left_out(
    frame: pl.DataFrame, specification: FeatureSpecification, change: dict[str, int | None]
) -> None:
    ((name, value),) = change.items()
    first = pl.int_range(pl.len()) == 0
    changed = frame.with_columns(pl.when(first).then(pl.lit(value, pl.Int64)).otherwise(name).alias(name))
    assert len(labelled_vectors(changed, specification)) == frame.height - 1


def test_unknown_features_stay_unknown(frame: pl.DataFrame, specification: FeatureSpecification) -> None:
    name = specification.names[2]
    holes = frame.with_columns(pl.lit(None, pl.Float32).alias(name))
    rows = labelled_vectors(holes, specification)
    assert np.isnan(rows.vectors[:, 2]).all()
    assert np.isfinite(rows.vectors[:, 0]).all()
