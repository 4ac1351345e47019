from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, TenantId
from features.records.database import Records, open_records
from features.records.lives import LifeRecords
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.batch import LifeRows, compute
from pipelines.building.build import fit_specification
from pipelines.worker.refresh import OnlineRefresh
from tests.pipelines.building.machines import MINE, at, fan, track
from tests.pipelines.worker.stores import OnlineRows, readings, record

PACK = fan()
LIFE = track(PACK, "a", 40, end=None)
SPECIFICATION = fit_specification(PACK, [track(PACK, "trained", 60)])
A = AssetId("a")


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    engine = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    yield engine
    engine.dispose()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteTelemetryStore]:
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as opened:
        yield opened


@pytest.fixture
def online() -> OnlineRows:
    return OnlineRows(SPECIFICATION)


@pytest.fixture
def refresh(store: SqliteTelemetryStore, records: Records, online: OnlineRows) -> OnlineRefresh:
    record(records, PACK, "a")
    return OnlineRefresh(store, LifeRecords(records), online)  # type: ignore[arg-type]  # what it needs of the store


def expected(rows: LifeRows) -> list[float]:
    """Return the vector of the newest running row."""
    (life,) = compute(SPECIFICATION, [rows])
    return [float(value) for value in life.vectors[np.flatnonzero(life.is_running)[-1]]]


@pytest.mark.parametrize("seed", range(4))
def test_vector_is_the_same_whatever_the_order_of_arrival(
    store: SqliteTelemetryStore, refresh: OnlineRefresh, online: OnlineRows, seed: int
) -> None:
    wrong = readings(PACK, LIFE).filter(pl.col("time") == at(5)).with_columns(value=pl.lit(49.0))
    right = readings(PACK, LIFE, revision=1)
    arriving = pl.concat([wrong, right]).sample(fraction=1.0, shuffle=True, seed=seed)
    for part in arriving.iter_slices(25):
        store.write(MINE, part)
        refresh.refresh(MINE, [A])
    store.write(MINE, right.sample(30, seed=seed))  # repetitions
    refresh.refresh(MINE, [A])
    assert online.vector("a") == pytest.approx(expected(LIFE.rows), nan_ok=True)


def test_late_reading_changes_the_newest_vector_without_making_it_newer(
    store: SqliteTelemetryStore, refresh: OnlineRefresh, online: OnlineRows
) -> None:
    all_of_it = readings(PACK, LIFE)
    store.write(MINE, all_of_it.filter(pl.col("time") != at(30)))
    assert refresh.refresh(MINE, [A]) == 1
    before, time = online.vector("a"), online.rows[MINE, "a"]["event_time"][0]
    store.write(MINE, all_of_it.filter(pl.col("time") == at(30)))
    assert refresh.refresh(MINE, [A]) == 1
    assert online.rows[MINE, "a"]["event_time"][0] == time
    assert online.vector("a") != before
    assert online.vector("a") == pytest.approx(expected(LIFE.rows), nan_ok=True)


def test_only_the_current_life_counts_and_its_first_moment_belongs_to_the_one_before(
    store: SqliteTelemetryStore, records: Records, refresh: OnlineRefresh, online: OnlineRows
) -> None:
    record(records, PACK, "a", [Event(MINE, A, at(20), EventKind.FAILURE)])
    store.write(MINE, readings(PACK, LIFE))
    refresh.refresh(MINE, [A])
    assert online.vector("a") == pytest.approx(expected(LifeRows(LIFE.rows.time[21:], LIFE.rows.values[21:])))
    assert online.rows[MINE, "a"]["life_number"][0] == 1


def test_asset_whose_current_life_has_no_running_row_gets_no_vector(
    store: SqliteTelemetryStore, records: Records, refresh: OnlineRefresh, online: OnlineRows
) -> None:
    record(records, PACK, "b", [Event(MINE, AssetId("b"), at(50), EventKind.FAILURE)])
    record(records, PACK, "c")
    store.write(MINE, readings(PACK, track(PACK, "b", 40)))
    store.write(MINE, readings(PACK, track(PACK, "c", 40)).filter(pl.col("time") == at(6)))  # it stood still
    assert refresh.refresh(MINE, [AssetId("b"), AssetId("c"), AssetId("unheard-of")]) == 0
    assert online.rows == {}


def test_many_assets_are_computed_together_and_each_gets_its_own_vector(
    store: SqliteTelemetryStore, records: Records, refresh: OnlineRefresh, online: OnlineRows
) -> None:
    names = [f"m-{index:03d}" for index in range(70)]
    tracks = {name: track(PACK, name, 8 + index % 9) for index, name in enumerate(names)}
    for name, each in tracks.items():
        record(records, PACK, name)
        store.write(MINE, readings(PACK, each))
    assert refresh.refresh(MINE, [AssetId(name) for name in names]) == 70
    assert online.batches == [64, 6]
    for name in ("m-000", "m-033", "m-069"):
        assert online.vector(name) == pytest.approx(expected(tracks[name].rows), nan_ok=True)


def test_another_tenant_s_readings_are_never_read(
    store: SqliteTelemetryStore, refresh: OnlineRefresh, online: OnlineRows
) -> None:
    store.write(TenantId("yours"), readings(PACK, LIFE))
    assert refresh.refresh(MINE, [A]) == 0
    assert refresh.refresh(TenantId("yours"), [A]) == 0  # its lives are not on record
    assert online.rows == {}
