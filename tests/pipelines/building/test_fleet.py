"""The join of a whole fleet as Ray tasks, against the local one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from features.domain.time import microseconds
from features.store.compaction import compact
from features.store.errors import FeatureRowsMissing
from features.store.feast_store import FeastFeatures, open_features
from pipelines.building.fleet import by_asset, fleet_training_frame
from pipelines.train.cluster import ray_cluster
from tests.features.transforms.fleet import COUNTER

T0 = datetime(2026, 1, 1, tzinfo=UTC)
ASSETS = [f"m{number}" for number in range(7)]


@pytest.fixture(scope="module")
def _ray() -> Iterator[None]:
    with ray_cluster(1):
        yield


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> FeastFeatures:
    opened = open_features(tmp_path_factory.mktemp("fleet"), COUNTER)
    opened.apply()
    return opened


def rows(seed: int) -> pl.DataFrame:
    """Return rows of every asset of two tenants at some hours, some of them written late."""
    chance = np.random.default_rng(seed)
    count = 60
    event = [T0 + timedelta(hours=int(hour)) for hour in chance.integers(0, 200, count)]
    created = [at + timedelta(hours=int(late)) for at, late in zip(event, chance.integers(0, 9, count), strict=True)]
    side = pl.DataFrame(
        {
            "tenant": chance.choice(["mine", "yours"], count),
            "asset": chance.choice(ASSETS, count),
            "event_time": event,
            "created_time": created,
            "life": chance.random(count),
            "regime": chance.integers(0, 3, count),
            "life_number": np.full(count, seed),
            "time_us": [microseconds(at) for at in event],
        }
    )
    vectors = chance.random((count, len(COUNTER.names))).astype(np.float32)
    return side.hstack(pl.DataFrame(vectors, schema=list(COUNTER.names)))


def labels(count: int) -> pl.DataFrame:
    chance = np.random.default_rng(9)
    time = [T0 + timedelta(hours=int(hour)) for hour in chance.integers(-5, 230, count)]
    asset = chance.choice([*ASSETS, "unknown"], count)
    keys = {"tenant": chance.choice(["mine", "yours"], count), "asset": asset, "event_timestamp": time}
    return pl.DataFrame(
        {**keys, "number": range(count)}, schema_overrides={"event_timestamp": pl.Datetime("us", "UTC")}
    )


def test_labels_are_divided_between_assets() -> None:
    parts = by_asset(labels(100), 4)
    assert 2 <= len(parts) <= 4
    seen = [set(part["asset"]) for part in parts]
    assert sum(len(each) for each in seen) == len(set().union(*seen)) == 8
    assert sum(part.height for part in parts) == 100
    assert len(by_asset(labels(100), 1)) == 1
    assert by_asset(labels(0), 4)[0].is_empty()


@pytest.mark.slow
@pytest.mark.usefixtures("_ray")
def test_tasks_by_asset_give_what_the_local_join_gives(features: FeastFeatures) -> None:
    with pytest.raises(FeatureRowsMissing):
        fleet_training_frame(features, labels(10), 2)
    for seed in range(4):
        features.append_offline(rows(seed))
    compact(features.offline)
    features.append_offline(rows(4))
    asked = labels(300)
    told: list[tuple[int, int]] = []
    found = fleet_training_frame(features, asked, 3, lambda done, total: told.append((done, total)))
    assert found.equals(features.training_frame(asked))
    assert found["life"].null_count() not in (0, 300)
    assert told[-1][0] == told[-1][1] == len(by_asset(asked, 3)) > 1
    assert fleet_training_frame(features, labels(0), 3).columns == found.columns
