"""Our offline store against Feast's DuckDB store, on random rows and labels, both asked through Feast.

Where two versions tie in event and created time DuckDB may give either, and where a created time is missing it goes by
the order that the database gives to null; neither is in the data here. DuckDB does not keep the order of labels.
"""

import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from feast import FeatureStore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.features.store.feast_views import OURS, entities, labels_of, moment, open_feast, rows_of, view

pytestmark = pytest.mark.slow  # importing Feast alone takes seconds

TTL = timedelta(hours=3)
VIEWS = ("fresh", "plant", "plain")
FEATURES = [f"{name}:{name}_{part}" for name in VIEWS for part in ("x", "z")]


@dataclass(frozen=True)
class Stores:
    """The same definitions, opened with each store."""

    folder: Path
    ours: FeatureStore
    ours_leaking: FeatureStore
    duckdb: FeatureStore

    def write(self, name: str, rows: pl.DataFrame) -> None:
        rows.write_parquet(self.folder / f"{name}.parquet")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    folder = tmp_path_factory.mktemp("duckdb")
    opened = Stores(
        folder,
        open_feast(folder, {"type": OURS}),
        open_feast(folder, {"type": OURS, "only_known": False}),
        open_feast(folder, {"type": "duckdb"}),
    )
    for name, keys in (("fresh", ("tenant", "asset")), ("plant", ("tenant",)), ("plain", ("tenant", "asset"))):
        opened.write(name, rows_of(name, [], keys))
    paths = {name: folder / f"{name}.parquet" for name in VIEWS}
    fresh = view("fresh", paths["fresh"], ttl=TTL)
    plant = view("plant", paths["plant"], keys=("tenant",))
    plain = view("plain", paths["plain"], ttl=2 * TTL, is_versioned=False)
    opened.ours.apply([*entities(), fresh, plant, plain])
    return opened


def asked(feast: FeatureStore, labels: pl.DataFrame, only_known: bool) -> pl.DataFrame:
    """Return a store's answer in the order of the labels' numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ibis and duckdb
        job = feast.get_historical_features(labels.to_pandas(), FEATURES, filter_by_created_timestamp=only_known)
        answer = pl.DataFrame(pl.from_arrow(job.to_arrow()))
    columns = [pl.col(f"{name}_{part}").cast(pl.Float64).fill_nan(None) for name in VIEWS for part in ("x", "z")]
    return answer.sort("number").select("number", *columns)


TENANTS, ASSETS = st.sampled_from(["mine", "yours"]), st.sampled_from(["a", "b"])
TICKS = st.integers(0, 10)
NUDGE = st.sampled_from([0, 0, 0, -1, 1])
LATE = st.sampled_from([0, 0, 1, 2, 5, 11])
VALUES = st.tuples(st.one_of(st.none(), st.integers(-5, 5)), st.one_of(st.none(), st.floats(-9, 9)))


def versions(keys: int) -> st.SearchStrategy[list[tuple[object, ...]]]:
    """Draw rows of which no two share key, event and created time."""
    drawn = st.tuples(st.tuples(*(TENANTS, ASSETS)[:keys]), TICKS, LATE, VALUES)
    lists = st.lists(drawn, max_size=16, unique_by=lambda one: one[:3])
    return lists.map(lambda all_: [(*key, moment(tick), moment(tick + late), *both) for key, tick, late, both in all_])


def label_time(tick: int, nudge: int) -> datetime:
    return moment(tick) + nudge * timedelta(microseconds=1)


LABELS = st.lists(
    st.builds(
        lambda tenant, asset, tick, nudge: (tenant, asset, label_time(tick, nudge)),
        st.one_of(TENANTS, st.none()),
        st.one_of(ASSETS, st.just("unknown")),
        st.integers(-2, 16),
        NUDGE,
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fresh=versions(2), plant=versions(1), plain=versions(2), listed=LABELS, only_known=st.booleans())
def test_both_stores_give_the_same(
    stores: Stores,
    fresh: list[tuple[object, ...]],
    plant: list[tuple[object, ...]],
    plain: list[tuple[object, ...]],
    listed: list[tuple[str | None, str | None, datetime]],
    only_known: bool,
) -> None:
    stores.write("fresh", rows_of("fresh", fresh))
    stores.write("plant", rows_of("plant", plant, ("tenant",)))
    stores.write("plain", rows_of("plain", plain).unique(["tenant", "asset", "event"]))
    labels = labels_of(listed + listed[:2])
    ours = stores.ours if only_known else stores.ours_leaking
    found, expected = asked(ours, labels, only_known), asked(stores.duckdb, labels, only_known)
    assert found.equals(expected), (found, expected)


def test_labels_keep_their_order_and_columns(stores: Stores) -> None:
    stores.write("fresh", rows_of("fresh", [("mine", "a", moment(0), moment(0), 1, 1.0)]))
    labels = labels_of([("mine", "a", moment(2)), ("mine", "a", moment(-1)), ("yours", "a", moment(1))] * 2)
    job = stores.ours.get_historical_features(labels.to_pandas(), ["fresh:fresh_x"])
    assert pl.DataFrame(pl.from_arrow(job.to_arrow())).drop("fresh_x").equals(labels)
    assert job.to_df()["fresh_x"].fillna(0).tolist() == [1, 0, 0, 1, 0, 0]


def test_a_later_correction_leaks_from_duckdb_by_default_and_never_from_ours(stores: Stores) -> None:
    versions_ = [("mine", "a", moment(0), moment(0), 1, 1.0), ("mine", "a", moment(0), moment(5), 2, 2.0)]
    stores.write("fresh", rows_of("fresh", versions_))
    labels = labels_of([("mine", "a", moment(1))])
    assert asked(stores.duckdb, labels, only_known=False)["fresh_x"].to_list() == [2.0]
    assert asked(stores.ours, labels, only_known=False)["fresh_x"].to_list() == [1.0]
    assert asked(stores.ours_leaking, labels, only_known=False)["fresh_x"].to_list() == [2.0]
    assert asked(stores.ours_leaking, labels, only_known=True)["fresh_x"].to_list() == [1.0]
