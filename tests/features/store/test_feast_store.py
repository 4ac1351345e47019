"""The feature store through Feast itself, end to end in a folder of its own."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.domain.errors import NotFound, ServiceError, Unavailable
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import microseconds
from features.store.compaction import compact
from features.store.errors import FeatureRowsMissing, FeatureStoreRefused, FeatureStoreUnavailable
from features.store.feast_store import FeastFeatures, _translated, open_features
from features.store.names import view_name
from features.store.online_vectors import OnlineVectors
from features.store.revision import Span
from features.store.tidying import stored_views
from tests.features.transforms.fleet import COUNTER

pytestmark = pytest.mark.slow  # importing Feast alone takes seconds

MINE, YOURS = TenantId("mine"), TenantId("yours")
A, B = AssetId("a"), AssetId("b")
T0 = datetime(2026, 1, 1, tzinfo=UTC)
WIDTH = len(COUNTER.names)
TTL_HOURS = COUNTER.rule.ttl


def hour(count: float) -> datetime:
    return T0 + timedelta(hours=count)


def row(tenant: str, asset: str, at: float, value: float, late: float = 0.0) -> pl.DataFrame:
    """Return one feature row whose features are `value`, `value` + 1, …, the second unknown."""
    vector = value + np.arange(WIDTH, dtype=np.float32)
    vector[1] = np.nan
    side = {"tenant": tenant, "asset": asset, "event_time": hour(at), "created_time": hour(at + late)}
    number = {"life": 10.0 * value, "regime": 1, "life_number": 2, "time_us": microseconds(hour(at))}
    frame = pl.DataFrame([{**side, **number}]).with_columns(
        pl.col("event_time", "created_time").cast(pl.Datetime("us", "UTC"))
    )
    return frame.hstack(pl.DataFrame(vector[None, :], schema=list(COUNTER.names)))


def labels(*asked: tuple[str, str, float]) -> pl.DataFrame:
    listed = [(tenant, asset, hour(at), index) for index, (tenant, asset, at) in enumerate(asked)]
    schema = pl.Schema(
        {"tenant": pl.String(), "asset": pl.String(), "event_timestamp": pl.Datetime("us", "UTC"), "number": pl.Int64()}
    )
    return pl.DataFrame(listed, schema=schema, orient="row")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def opened(home: Path) -> FeastFeatures:
    features = open_features(home, COUNTER)
    features.apply()
    return features


@pytest.fixture
def store(opened: FeastFeatures, request: pytest.FixtureRequest) -> Iterator[FeastFeatures]:
    """A specification of its own for each test, in the store that all share."""
    own = replace(COUNTER, pack_version=f"1.0.0+{request.node.name}")
    specification_folder = Path(opened.place).parent / own.sha256[:12]
    features = FeastFeatures(opened.feast, own, str(specification_folder), OnlineVectors.of(opened.online.store, own))
    features.apply()
    yield features
    shutil.rmtree(specification_folder, ignore_errors=True)


def test_applying_again_changes_nothing(opened: FeastFeatures) -> None:
    def view_names() -> list[str]:
        return [view.name for view in opened.feast.list_feature_views()]

    before = view_names()
    opened.apply()
    assert view_names() == before
    assert [entity.name for entity in opened.feast.list_entities()].count("tenant") == 1


def test_feast_is_told_unit_lineage_and_grade_of_every_feature(store: FeastFeatures) -> None:
    grades = {signal: 1 + index % 3 for index, signal in enumerate(store.specification.signals)}
    graded = replace(store, grade_by_signal=grades)
    graded.apply()
    view = graded.feast.get_feature_view(view_name(graded.specification))
    tags = {field.name: field.tags for field in view.features}
    for each in graded.specification.descriptions:
        assert tags[each.name]["unit"] == each.unit
        assert tags[each.name]["signals"] == ",".join(each.signals)
        assert tags[each.name]["data_grade"] == str(max((grades[name] for name in each.signals), default=1))
    assert view.tags["data_grade"] == str(max(int(tags[name]["data_grade"]) for name in graded.specification.names))


def test_feast_opens_the_store_by_its_folder(store: FeastFeatures, home: Path) -> None:
    from feast import FeatureStore

    store.write_online(row("mine", "a", 0, 4))
    by_folder = FeatureStore(repo_path=str(home / "features"))
    view = view_name(store.specification)
    name = store.specification.names[0]
    assert view in [each.name for each in by_folder.list_feature_views()]
    asked = [{"tenant": "mine", "asset": "a"}]
    assert set(by_folder.get_online_features([f"{view}:{name}"], asked).to_dict()) == {"tenant", "asset", name}


def test_training_frame_gives_the_rows_back_and_keeps_every_label_in_order(store: FeastFeatures) -> None:
    store.write_offline(pl.concat([row("mine", "a", 0, 1), row("mine", "b", 0, 5), row("yours", "a", 0, 9)]), "one")
    store.write_offline(pl.concat([row("mine", "a", 4, 2), row("mine", "a", 4, 3, late=2)]), "two")
    asked = labels(
        ("mine", "b", 1), ("mine", "a", -1), ("mine", "a", 5), ("mine", "a", 6), ("mine", "a", 0), ("mine", "c", 1)
    )
    frame = store.training_frame(asked)
    assert frame.select(asked.columns).equals(asked)
    assert frame["age"].to_list() == [5.0, None, 2.0, 3.0, 1.0, None]
    assert frame["life"].to_list() == [50.0, None, 20.0, 30.0, 10.0, None]
    assert frame["time_us"][2] == microseconds(hour(4))
    assert frame.columns[4 : 4 + WIDTH] == list(COUNTER.names)
    expected = row("mine", "a", 4, 2).select(COUNTER.names).to_numpy()
    np.testing.assert_array_equal(frame[2].select(COUNTER.names).to_numpy(), expected)


def test_label_whose_features_are_too_old_stays_with_nothing(store: FeastFeatures) -> None:
    store.write_offline(row("mine", "a", 0, 1), "one")
    frame = store.training_frame(labels(("mine", "a", TTL_HOURS), ("mine", "a", TTL_HOURS + 0.1)))
    assert frame["age"].to_list() == [1.0, None]


def test_writing_a_part_again_replaces_it(store: FeastFeatures) -> None:
    store.write_offline(row("mine", "a", 0, 1), "one")
    store.write_offline(row("mine", "a", 0, 2), "one")
    assert store.training_frame(labels(("mine", "a", 1)))["age"].to_list() == [2.0]
    assert store.offline.snapshot().read()["age"].to_list() == [2.0]


def test_rebuilding_adds_what_differs_and_answers_of_before_stay_as_they_were(store: FeastFeatures) -> None:
    with store.rebuild_offline(MINE, hour(50)) as take:
        assert take(pl.concat([row("mine", "a", 0, 1), row("mine", "a", 1, 2)]), [span("a", 0, 1)]) == 2
    assert sorted(store.offline.snapshot().read()["created_time"]) == [hour(0), hour(1)]  # as if observed live
    before = [known(store, at, event) for at, event in ASKED]
    with store.rebuild_offline(MINE, hour(60)) as take:  # a reading of hour 1 was corrected, and hour 2 is new
        rows = pl.concat([row("mine", "a", 0, 1), row("mine", "a", 1, 7), row("mine", "a", 2, 8)])
        assert take(rows, [span("a", 0, 2)]) == 2
        assert store.offline.snapshot().read().height == 2
    assert store.materialise() == 1
    with store.rebuild_offline(MINE, hour(70)) as take:  # hour 2 turns out to have been a standstill
        assert take(rows[:2], [span("a", 0, 2)]) == 1
    with pytest.raises(ServiceError), store.rebuild_offline(MINE, hour(75)) as take:
        _take_and_fail(take)
    compact(store.offline)
    assert before == [known(store, at, event) for at, event in ASKED] == [1.0, None, 2.0, 2.0, 2.0]
    assert known(store, 60, 1) == known(store, 90, 1) == 7.0
    assert (known(store, 69, 2), known(store, 70, 2), known(store, 70, None)) == (8.0, None, 7.0)
    assert known(store, 90, 0) == 1.0
    assert store.vector_as_of(YOURS, A, hour(90)) is None
    found = store.vector_as_of(MINE, A, hour(90))
    assert found is not None
    assert (found.age, found.life, found.time) == (timedelta(hours=89), 70.0, hour(1))
    assert store.training_frame(labels(("mine", "a", 1)))["age"].to_list() == [2.0]
    assert len(store.offline.snapshot().parts) == 1


ASKED: list[tuple[float, float | None]] = [(0, 0), (0, 1), (1, 1), (59, 1), (1.5, None)]


def known(store: FeastFeatures, at: float, event: float | None) -> float | None:
    """Return the first feature of machine a's row of an hour, as it was known at another."""
    found = store.vector_as_of(MINE, A, hour(at), None if event is None else hour(event))
    return None if found is None else float(found.values[0])


def span(asset: str, first: float, last: float) -> Span:
    return Span(AssetId(asset), hour(first), hour(last))


def test_withdrawn_row_is_not_brought_online_and_gives_a_label_nothing(store: FeastFeatures) -> None:
    store.append_offline(pl.concat([row("mine", "a", 0, 1), row("mine", "a", 1, 2), row("mine", "b", 0, 3)]))
    with store.rebuild_offline(MINE, hour(1)) as take:
        take(row("mine", "a", 0, 1), [span("a", 0, 1)])
        take(row("mine", "b", 0, 3)[:0], [span("b", 0, 0)])
    assert store.materialise() == 1
    assert store.read(MINE, [A, B])[A].time == hour(0)
    assert store.training_frame(labels(("mine", "a", 1)))["age"].to_list() == [None]
    store.feast.materialize(hour(-1), hour(9), feature_views=[view_name(store.specification)])
    assert sorted(store.read(MINE, [A, B])) == [A]


def test_rebuilding_deletes_what_no_commit_names_any_more(store: FeastFeatures) -> None:
    with store.rebuild_offline(MINE, hour(9)) as take:
        take(row("mine", "a", 0, 1), [span("a", 0, 0)])
    left_over = Path(store.place) / "parts" / "left-over.parquet"
    shutil.copy(next((Path(store.place) / "parts").iterdir()), left_over)
    os.utime(left_over, (0, 0))
    with store.rebuild_offline(MINE, hour(9)) as take:
        assert take(row("mine", "a", 0, 1), [span("a", 0, 0)]) == 0
    assert not left_over.exists()


def _take_and_fail(take: Callable[[pl.DataFrame, Sequence[Span]], int]) -> None:
    take(row("mine", "a", 0, 9), [span("a", 0, 0)])
    raise ServiceError("The build must end; found that it did not. Build again.")


def test_materialised_rows_are_read_back_and_no_other_tenant_sees_them(store: FeastFeatures) -> None:
    store.write_offline(pl.concat([row("mine", "a", 4, 2), row("mine", "a", 0, 1), row("mine", "b", 1, 5)]), "one")
    assert store.materialise() == 2
    found = store.read(MINE, [B, AssetId("c"), A])
    assert sorted(found) == [A, B]
    vector = found[A]
    assert (vector.tenant, vector.asset, vector.time) == (MINE, A, hour(4))
    assert (vector.life, vector.regime, vector.specification_sha256) == (20.0, 1, store.specification.sha256)
    assert vector.values.dtype == np.float32
    np.testing.assert_array_equal(vector.values, row("mine", "a", 4, 2).select(COUNTER.names).to_numpy()[0])
    assert store.read(YOURS, [A, B]) == {}
    assert store.read(MINE, []) == {}


def test_older_row_never_takes_the_place_of_a_newer_one_online(store: FeastFeatures) -> None:
    assert store.write_online(row("mine", "a", 4, 2)) == 1
    assert store.write_online(pl.concat([row("mine", "a", 3, 9), row("mine", "b", 0, 5)])) == 1
    assert store.read(MINE, [A])[A].time == hour(4)
    assert store.read(MINE, [A])[A].values[0] == 2.0
    assert store.write_online(row("mine", "a", 5, 3)) == 1
    assert store.read(MINE, [A])[A].values[0] == 3.0


def test_corrected_row_of_the_same_time_takes_the_place_of_the_one_online(store: FeastFeatures) -> None:
    store.write_online(row("mine", "a", 4, 2))
    assert store.write_online(row("mine", "a", 4, 3)) == 1
    assert store.read(MINE, [A])[A].values[0] == 3.0


def test_materialising_does_not_undo_a_correction_of_the_same_time(store: FeastFeatures) -> None:
    store.write_offline(row("mine", "a", 4, 2), "one")
    store.write_online(row("mine", "a", 4, 3))
    assert store.materialise() == 0
    assert store.read(MINE, [A])[A].values[0] == 3.0


def test_tenants_do_not_hold_each_other_back(store: FeastFeatures) -> None:
    store.write_online(row("mine", "a", 9, 2))
    assert store.write_online(pl.concat([row("yours", "a", 1, 7), row("mine", "a", 1, 8)])) == 1
    assert store.read(YOURS, [A])[A].values[0] == 7.0
    assert store.read(MINE, [A])[A].values[0] == 2.0


def test_specifications_never_share_a_row(store: FeastFeatures, opened: FeastFeatures) -> None:
    store.write_online(row("mine", "only", 4, 2))
    assert opened.read(MINE, [AssetId("only")]) == {}


def test_nothing_built_is_said_with_what_to_do(store: FeastFeatures) -> None:
    for ask in (lambda: store.training_frame(labels(("mine", "a", 0))), store.materialise):
        with pytest.raises(FeatureRowsMissing, match="features build"):
            ask()
    assert issubclass(FeatureRowsMissing, NotFound)


def test_labels_without_a_zone_are_refused(store: FeastFeatures) -> None:
    store.write_offline(row("mine", "a", 0, 1), "one")
    naive = labels(("mine", "a", 1)).with_columns(pl.col("event_timestamp").dt.replace_time_zone(None))
    with pytest.raises(ServiceError, match="zone"):
        store.training_frame(naive)


def test_broken_offline_file_is_unavailability(store: FeastFeatures) -> None:
    store.write_offline(row("mine", "a", 0, 1), "one")
    (Path(store.place) / store.offline.snapshot().parts[0].name).write_bytes(b"no parquet")
    with pytest.raises(FeatureStoreUnavailable, match="offline store"):
        store.training_frame(labels(("mine", "a", 1)))
    with pytest.raises(FeatureStoreUnavailable, match="offline store"):
        store.materialise()


@pytest.mark.parametrize("damage", ["folder", "gone", "garbage"])
def test_online_store_that_is_taken_away_is_unavailability(tmp_path: Path, damage: str) -> None:
    features = open_features(tmp_path, COUNTER)
    features.apply()
    features.write_online(row("mine", "a", 4, 2))
    online = tmp_path / "features" / "vectors.sqlite"
    for file in online.parent.glob("vectors.sqlite*"):
        file.unlink()
    if damage == "folder":
        online.mkdir()
    elif damage == "garbage":
        online.write_bytes(b"no database, but long enough to be looked at" * 50)
    later = open_features(tmp_path, COUNTER)
    with pytest.raises(FeatureStoreUnavailable) as failed:
        later.read(MINE, [A])
    assert failed.value.part == "online store"
    assert isinstance(failed.value, Unavailable)
    with pytest.raises(FeatureStoreUnavailable):
        later.write_online(row("mine", "a", 5, 2))


def test_a_store_that_is_open_notices_that_its_file_was_taken_away_or_replaced(tmp_path: Path) -> None:
    features = open_features(tmp_path, COUNTER)
    features.apply()
    features.write_online(row("mine", "a", 4, 2))
    online, aside = tmp_path / "features" / "vectors.sqlite", tmp_path / "aside.sqlite"
    assert set(features.read(MINE, [A])) == {A}

    online.rename(aside)
    with pytest.raises(FeatureStoreUnavailable, match="gone"):
        features.read(MINE, [A])
    with pytest.raises(FeatureStoreUnavailable, match="gone"):
        features.write_online(row("mine", "a", 5, 3))
    assert not online.exists()

    shutil.copy(aside, online)
    open_features(tmp_path, COUNTER).write_online(row("mine", "a", 6, 4))  # another process, with the new file
    assert features.read(MINE, [A])[A].time == hour(6)


def _classes_of_feast() -> list[type[Exception]]:
    from feast import errors

    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    return [each for each in found if each.__module__ == errors.__name__]


def test_every_error_of_feast_becomes_one_of_ours() -> None:
    classes = _classes_of_feast()
    assert len(classes) > 30
    for kind in classes:
        error = kind.__new__(kind)
        with pytest.raises(FeatureStoreRefused) as refused, _translated("feature registry"):
            raise error
        assert refused.value.__cause__ is error


@pytest.mark.parametrize(
    "error", [sqlite3.OperationalError("locked"), PermissionError("no"), pl.exceptions.ComputeError("broken")]
)
def test_what_stores_behind_feast_raise_becomes_unavailability(error: Exception) -> None:
    with pytest.raises(FeatureStoreUnavailable) as failed, _translated("online store"):
        raise error
    assert failed.value.__cause__ is error


def test_our_own_errors_pass_unchanged() -> None:
    with pytest.raises(FeatureRowsMissing), _translated("offline store"):
        raise FeatureRowsMissing("fan")


def test_applying_again_over_rows_and_writing_through_feast_append_a_version(store: FeastFeatures) -> None:
    store.write_offline(row("mine", "a", 0, 1), "one")
    store.apply()
    store.feast.write_to_offline_store(
        store.feast.list_feature_views(tags={"specification_sha256": store.specification.sha256})[0].name,
        df=row("mine", "a", 1, 2).to_pandas(),
        reorder_columns=False,
    )
    assert sorted(store.offline.snapshot().read()["age"]) == [1.0, 2.0]
    assert store.training_frame(labels(("mine", "a", 2)))["age"].to_list() == [2.0]


@pytest.mark.parametrize("is_object", [False, True])
def test_offline_rows_may_lie_elsewhere(is_object: bool, tmp_path: Path) -> None:
    url = "memory://offline-elsewhere" if is_object else (tmp_path / "elsewhere").as_uri()
    features = open_features(tmp_path / "home", COUNTER, offline_url=url)
    features.apply()
    with pytest.raises(FeatureRowsMissing):
        features.training_frame(labels(("mine", "a", 1)))
    with features.rebuild_offline(MINE, hour(9)) as take:
        take(pl.concat([row("mine", "a", 0, 1), row("mine", "a", 1, 2)]), [span("a", 0, 1)])
    assert features.training_frame(labels(("mine", "a", 0.5), ("mine", "a", 3)))["age"].to_list() == [1.0, 2.0]
    assert known(features, 9, 0) == 1.0
    view = view_name(features.specification)
    features.feast.materialize(hour(-1), hour(9), feature_views=[view])
    assert features.read(MINE, [A])[A].values[0] == 2.0
    assert stored_views(url) == [view]
    assert not list((tmp_path / "home").rglob("*.parquet"))
