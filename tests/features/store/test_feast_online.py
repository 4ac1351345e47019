"""The Feast SDK on our online store: everything that it does with others, and none of their surprises."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from feast.repo_config import RegistryConfig, RepoConfig
from feast.types import Array, Bool, FeastType, Float32, Int64, String, UnixTimestamp

from features.domain.identifiers import AssetId, TenantId
from features.domain.time import microseconds, time_of_life
from features.store.errors import FeatureStoreRefused
from features.store.feast_store import FeastFeatures, open_features
from tests.features.store.conftest import KINDS
from tests.features.transforms.fleet import COUNT, COUNTER

pytestmark = pytest.mark.slow  # importing Feast alone takes seconds

MINE, A = TenantId("mine"), AssetId("a")
SIDE = ["life", "regime", "life_number", "time_us"]
TTL = timedelta(seconds=COUNTER.rule.ttl * COUNTER.life.seconds_per_unit)


def now() -> datetime:
    return datetime.now(UTC)


def rows(at: datetime, *assets: str, value: float = 1.0) -> pd.DataFrame:
    """Return feature rows as a data scientist has them; the second feature is unknown."""
    features = {name: np.full(len(assets), value, np.float32) for name in COUNTER.names}
    features[COUNTER.names[1]][:] = np.nan
    side = {"life": 2.5 * value, "regime": 1, "life_number": 0, "time_us": microseconds(at)}
    return pd.DataFrame(
        {"tenant": MINE, "asset": list(assets), "event_time": at, "created_time": at, **features, **side}
    )


@dataclass
class Asked:
    """The SDK's answer."""

    response: Any  # Any: Feast's
    values: dict[str, list[Any]]  # Any: as above

    def statuses(self, name: str) -> list[str]:
        index = list(self.response.proto.metadata.feature_names.val).index(name)
        return [FieldStatus.Name(each) for each in self.response.proto.results[index].statuses]


@pytest.fixture(params=KINDS)
def features(request: pytest.FixtureRequest, tmp_path: Path) -> FeastFeatures:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    opened = open_features(tmp_path, COUNTER, url)
    opened.apply()
    return opened


def view_of(features: FeastFeatures) -> str:
    return features.online.view.split("/")[1]


def ask(features: FeastFeatures, *assets: str, tenants: tuple[str, ...] = (), names: list[str] | None = None) -> Asked:
    chosen = [*COUNTER.names, *SIDE] if names is None else names
    asked = [
        {"tenant": tenant, "asset": asset}
        for tenant, asset in zip(tenants or [MINE] * len(assets), assets, strict=True)
    ]
    response = features.feast.get_online_features(
        features=[f"{view_of(features)}:{name}" for name in chosen], entity_rows=asked
    )
    return Asked(response, response.to_dict())


def test_what_the_sdk_writes_it_reads_and_the_hot_path_too(features: FeastFeatures) -> None:
    at = now()
    features.feast.write_to_online_store(view_of(features), df=rows(at, "a", "b", value=2.0))
    found = ask(features, "b", "c", "a").values
    assert found["asset"] == ["b", "c", "a"]
    assert found[COUNTER.names[0]] == [2.0, None, 2.0]
    assert found[COUNTER.names[1]] == [None, None, None]
    assert (found["life"], found["regime"], found["time_us"][0]) == ([5.0, None, 5.0], [1, None, 1], microseconds(at))
    vector = features.read(MINE, [A])[A]
    assert (vector.time, vector.life, vector.regime) == (at, 5.0, 1)
    assert np.isnan(vector.values[1])
    assert vector.values[0] == 2.0


def test_what_the_hot_path_writes_the_sdk_reads(features: FeastFeatures) -> None:
    features.write_online(pl.from_pandas(rows(now(), "a", value=3.0)))
    assert ask(features, "a").values[COUNTER.names[0]] == [3.0]
    assert ask(features, "a", names=["life"]).values == {"tenant": [MINE], "asset": ["a"], "life": [7.5]}


def test_one_question_may_be_about_several_tenants_and_ask_twice(features: FeastFeatures) -> None:
    features.feast.write_to_online_store(view_of(features), df=rows(now(), "a", value=2.0))
    yours = rows(now(), "a", value=4.0).assign(tenant="yours")
    features.feast.write_to_online_store(view_of(features), df=yours)
    found = ask(features, "a", "a", "a", tenants=("yours", "mine", "yours"))
    assert found.values[COUNTER.names[0]] == [4.0, 2.0, 4.0]


def test_older_event_never_overwrites_through_the_sdk_either(features: FeastFeatures) -> None:
    at = now()
    features.feast.write_to_online_store(view_of(features), df=rows(at, "a", value=2.0))
    features.feast.write_to_online_store(view_of(features), df=rows(at - timedelta(hours=1), "a", value=9.0))
    several = pd.concat([rows(at + timedelta(seconds=second), "a", value=float(second)) for second in (5, 7, 6)])
    assert ask(features, "a").values[COUNTER.names[0]] == [2.0]
    features.feast.write_to_online_store(view_of(features), df=several)
    assert ask(features, "a").values[COUNTER.names[0]] == [7.0]


def test_expired_vector_is_served_as_null_and_its_time_is_told(features: FeastFeatures) -> None:
    at = now() - TTL
    features.feast.write_to_online_store(view_of(features), df=rows(at + timedelta(minutes=5), "fresh"))
    features.feast.write_to_online_store(view_of(features), df=rows(at - timedelta(seconds=1), "old"))
    found = ask(features, "fresh", "old", "none")
    for name in (COUNTER.names[0], "life"):
        assert found.statuses(name) == ["PRESENT", "NOT_FOUND", "NOT_FOUND"]
        assert found.values[name][1] is None
    times = found.response.to_dict(include_event_timestamps=True)[f"{COUNTER.names[0]}__ts"]
    assert times[1] == int((at - timedelta(seconds=1)).timestamp())
    vector = features.read(MINE, [AssetId("old")])[AssetId("old")]
    assert vector.is_expired


def test_bare_life_count_is_expired_by_no_clock(tmp_path: Path) -> None:
    opened = open_features(tmp_path, COUNT)
    opened.apply()
    opened.feast.write_to_online_store(view_of(opened), df=rows(time_of_life(100.0), "a", value=2.0))
    assert ask(opened, "a").values[COUNTER.names[0]] == [2.0]
    assert not opened.read(MINE, [A])[A].is_expired


def test_materialising_through_feast_fills_the_store(features: FeastFeatures) -> None:
    at = now().replace(microsecond=0) - timedelta(minutes=10)
    older = at - timedelta(minutes=10)
    both = pd.concat([rows(older, "a", "b", value=1.0), rows(at, "a", value=2.0)])
    cast = pl.col("event_time", "created_time").cast(pl.Datetime("us", "UTC"))
    features.write_offline(pl.from_pandas(both).with_columns(cast), "one")
    features.feast.materialize(older - timedelta(hours=1), now(), [view_of(features)])
    assert ask(features, "a", "b").values[COUNTER.names[0]] == [2.0, 1.0]
    assert features.materialise() == 0


def test_row_that_does_not_say_what_it_is_of_is_refused(features: FeastFeatures) -> None:
    for wrong in (rows(now(), "a").assign(regime=pd.array([None], dtype="Int64")), rows(now(), "a").assign(time_us=5)):
        with pytest.raises(FeatureStoreRefused, match="time_us"):
            features.feast.write_to_online_store(view_of(features), df=wrong)
    assert features.read(MINE, [A]) == {}


def test_view_that_is_deleted_takes_its_vectors_with_it(features: FeastFeatures) -> None:
    features.feast.write_to_online_store(view_of(features), df=rows(now(), "a"))
    view = features.feast.get_feature_view(view_of(features))
    services = features.feast.list_feature_services()
    features.feast.apply([], objects_to_delete=[*services, view], partial=False)
    features.apply()
    assert features.read(MINE, [A]) == {}
    features.feast.write_to_online_store(view_of(features), df=rows(now(), "a"))
    features.feast.teardown()  # type: ignore[no-untyped-call]  # Feast's
    features.apply()
    assert features.read(MINE, [A]) == {}


@pytest.fixture(params=KINDS)
def own(request: pytest.FixtureRequest, tmp_path: Path) -> FeatureStore:
    """A store with a view of somebody else: other entities, other types, no ttl."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    store = FeatureStore(
        config=RepoConfig(
            project="own",
            provider="local",
            registry=RegistryConfig(path=str(tmp_path / "registry.db")),
            online_store={
                "type": "features.store.feast_online.VectorOnlineStore", "path": str(tmp_path / "v.sqlite"), "url": url
            },
            entity_key_serialization_version=3,
        )
    )  # fmt: skip
    site = Entity(name="site", join_keys=["site"], value_type=ValueType.INT64)
    kinds: dict[str, FeastType] = {
        "load": Float32, "name": String, "count": Int64, "is_open": Bool, "past": Array(Float32), "at": UnixTimestamp
    }  # fmt: skip
    schema = [Field(name="site", dtype=Int64), *(Field(name=name, dtype=kind) for name, kind in kinds.items())]
    source = FileSource(name="rows", path=str(tmp_path), timestamp_field="event_time")
    view = FeatureView(name="sites", entities=[site], schema=schema, source=source, ttl=timedelta(0))
    store.apply([site, view])
    return store


def test_views_of_other_entities_and_types_work_as_in_any_store(own: FeatureStore) -> None:
    at = datetime(2020, 1, 1, tzinfo=UTC)
    row = {"site": 7, "load": 1.5, "name": "north", "count": 3, "is_open": True, "past": [1.0, 2.0], "at": at}
    frame = pd.DataFrame([{**row, "event_time": at}])
    own.write_to_online_store("sites", df=frame)
    names = [name for name in row if name != "site"]
    asked = own.get_online_features(
        features=[f"sites:{name}" for name in names], entity_rows=[{"site": 7}, {"site": 8}]
    )
    found = asked.to_dict()
    assert {name: found[name][0] for name in row} == row
    assert {found[name][1] for name in names if name != "past"} == {None}


def test_password_of_redis_is_not_told(tmp_path: Path) -> None:
    opened = open_features(tmp_path, COUNTER, "redis://:s3cret@localhost:1/0")
    assert "s3cret" not in repr(opened.feast.config.online_store)
    assert "s3cret" not in repr(opened)
