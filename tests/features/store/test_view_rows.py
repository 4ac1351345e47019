"""Our offline store through Feast: many views, renamed keys and columns, and what it refuses."""

import random
import time
from datetime import timedelta
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from feast import FeatureService, FeatureStore, FeatureView, Field, FileSource
from feast.data_format import ParquetFormat
from feast.types import Int64, String

from features.store.asof import match
from features.store.errors import FeatureStoreRefused
from tests.features.store.feast_views import OURS, entities, labels_of, moment, open_feast, rows_of, view

pytestmark = pytest.mark.slow  # importing Feast alone takes seconds

VIEWS = [f"v{number:02d}" for number in range(30)]
LABELS = labels_of([("mine", "ab"[n % 2], moment(n % 11 - 1)) for n in range(400)])


@pytest.fixture(scope="module")
def feast(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    folder = tmp_path_factory.mktemp("views")
    opened = open_feast(folder, {"type": OURS})
    views = []
    chance = random.Random(4)
    for name in VIEWS:
        keys = ("tenant", "asset") if chance.random() < 0.7 else ("tenant",)
        key = ("mine", "a")[: len(keys)]
        listed = [
            (*key, moment(tick), moment(tick + chance.choice([0, 0, 3, 8])), tick + version, chance.random())
            for tick in range(9)
            for version in range(4)
        ]
        rows_of(name, listed, keys).write_parquet(folder / f"{name}.parquet")
        views.append(view(name, folder / f"{name}.parquet", keys, ttl=timedelta(hours=chance.choice([1, 4, 400]))))
    opened.apply([*entities(), *views])
    return opened


def asked(feast: FeatureStore, features: list[str], full: bool = False, labels: pl.DataFrame = LABELS) -> pl.DataFrame:
    job = feast.get_historical_features(labels.to_pandas(), features, full_feature_names=full)
    return pl.DataFrame(pl.from_arrow(job.to_arrow()))


def test_thirty_views_give_each_label_once_with_what_each_view_gives_alone(feast: FeatureStore) -> None:
    every = [f"{name}:{name}_{part}" for name in VIEWS for part in ("x", "z")]
    together = asked(feast, every)
    assert together.select(LABELS.columns).equals(LABELS)
    assert together.columns == [*LABELS.columns, *(each.partition(":")[2] for each in every)]
    for name in VIEWS:
        alone = asked(feast, [f"{name}:{name}_x", f"{name}:{name}_z"])
        assert together.select(alone.columns).equals(alone)
        assert alone[f"{name}_x"].null_count() < LABELS.height


def test_full_names_begin_with_the_view(feast: FeatureStore) -> None:
    found = asked(feast, ["v00:v00_x", "v01:v01_z"], full=True)
    assert found.columns == [*LABELS.columns, "v00__v00_x", "v01__v01_z"]


def test_what_was_asked_is_told(feast: FeatureStore) -> None:
    told = feast.get_historical_features(LABELS.to_pandas(), ["v00:v00_x"]).metadata
    assert told is not None
    assert told.features == ["v00:v00_x"]
    assert told.keys == ["tenant", "asset", "number"]
    assert (told.min_event_timestamp, told.max_event_timestamp) == (moment(-1), moment(9))


def test_labels_without_a_key_or_with_a_feature_s_name_are_refused(feast: FeatureStore) -> None:
    with pytest.raises(FeatureStoreRefused, match="keys"):
        asked(feast, ["v00:v00_x"], labels=LABELS.drop("tenant"))
    with pytest.raises(FeatureStoreRefused, match="full feature names"):
        asked(feast, ["v00:v00_x"], labels=LABELS.rename({"number": "v00_x"}))
    with pytest.raises(FeatureStoreRefused, match="data frame"):
        feast.get_historical_features("SELECT 1", ["v00:v00_x"])


def test_labels_of_mixed_types_are_refused(feast: FeatureStore) -> None:
    mixed = LABELS.to_pandas().assign(note=[1, "two"] * (LABELS.height // 2))
    with pytest.raises(FeatureStoreRefused, match="one type"):
        feast.get_historical_features(mixed, ["v00:v00_x"])


def test_renamed_keys_and_columns_and_times_without_zone_are_followed(tmp_path: Path) -> None:
    opened = open_feast(tmp_path, {"type": OURS})
    stored = pd.DataFrame({"tenant": ["t", "t"], "asset": ["a", "b"], "raw": [1, 2]})
    stored["event"] = pd.to_datetime(["2026-01-01 00:00", "2026-01-01 00:00"])
    stored.to_parquet(tmp_path / "raw.parquet")
    source = FileSource(
        name="raw_rows",
        path=str(tmp_path / "raw.parquet"),
        timestamp_field="event",
        field_mapping={"raw": "level"},
        file_format=ParquetFormat(),
    )
    fields = [Field(name="tenant", dtype=String), Field(name="asset", dtype=String), Field(name="level", dtype=Int64)]
    raw = FeatureView(name="raw", entities=entities(), schema=fields, source=source, online=False)
    opened.apply([*entities(), raw])
    itself, driven = raw.with_name("itself"), raw.with_name("driven").with_join_key_map({"asset": "motor"})
    service = FeatureService(name="both", features=[itself, driven])
    opened.apply([service])
    labels = labels_of([("t", "a", moment(1))]).with_columns(motor=pl.lit("b"))
    job = opened.get_historical_features(
        labels.to_pandas(), opened.get_feature_service("both"), full_feature_names=True
    )
    found = pl.DataFrame(pl.from_arrow(job.to_arrow()))
    assert found.row(0)[-2:] == (1, 2)
    assert found.columns[-2:] == ["itself__level", "driven__level"]


def test_rows_written_late_do_not_multiply_with_labels() -> None:
    """A product of these labels and late rows would have 2.5 thousand million rows."""
    count = 50_000
    assets = pl.Series("asset", ["a"]).new_from_index(0, count)
    seconds = pl.int_range(count, eager=True) * 1_000_000
    event = seconds.cast(pl.Datetime("us", "UTC"))
    rows = pl.DataFrame([assets, event.alias("event"), (event + timedelta(hours=1)).alias("created")])
    labels = pl.DataFrame([assets, (event + timedelta(hours=2)).alias("at")])
    began = time.process_time()
    found = match(labels, rows, None, only_known=True)
    assert time.process_time() - began < 5
    assert found.to_list()[:3] == [3600, 3601, 3602]
