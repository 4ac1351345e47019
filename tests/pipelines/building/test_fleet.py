"""The join of a whole fleet as Ray tasks, against the local one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.domain.identifiers import AssetId
from features.domain.time import microseconds
from features.store.compaction import compact
from features.store.errors import FeatureRowsMissing
from features.store.feast_store import FeastFeatures, open_features
from pipelines.building.build import build_features, fit_specification
from pipelines.building.fleet import build_fleet, by_asset, divided, fleet_training_frame
from pipelines.train.cluster import ray_cluster
from tests.features.transforms.fleet import COUNTER
from tests.pipelines.building.machines import MINE, fan, track

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


def test_lives_are_divided_between_assets_by_their_rows() -> None:
    lives = [(AssetId("b"), 10), (AssetId("a"), 30), (AssetId("c"), 5), (AssetId("b"), 20), (AssetId("c"), 5)]
    assert divided(lives, 3) == [[1], [0, 3], [2, 4]]
    assert divided(lives, 1) == [[1, 0, 3, 2, 4]]
    assert sorted(place for part in divided(lives, 99) for place in part) == [0, 1, 2, 3, 4]
    assert divided([], 3) == []


@pytest.mark.slow
@pytest.mark.usefixtures("_ray")
def test_features_built_as_tasks_are_those_built_here_bit_for_bit(tmp_path: Path) -> None:
    lives = [(f"m{place % 5}", 40 + 7 * place, place // 5) for place in range(9)]
    tracks = [track(fan(), name, hours, number=number, start=200.0 * number) for name, hours, number in lives]
    specification = fit_specification(fan(), tracks)
    here, there = (open_features(tmp_path / name, specification) for name in ("here", "there"))
    local = build_features(here, MINE, tracks)
    told: list[tuple[int, int]] = []
    built = build_fleet(there, MINE, tracks, 3, lambda done, total: told.append((done, total)))
    assert built.labels.equals(local.labels)
    assert (built.rows, built.versions) == (local.rows, local.rows)
    assert told[-1] == (9, 9)
    assert len(told) in (2, 3)

    def stored(features: FeastFeatures) -> pl.DataFrame:
        return features.offline.snapshot().read().sort("asset", "event_time")

    assert stored(there).equals(stored(here))
    assert there.offline.commit().number == 1
    again = [*tracks[:8], track(fan(), "m3", 200, number=1, start=200.0)]
    assert build_fleet(there, MINE, again, 3).versions == build_features(here, MINE, again).versions > 0
