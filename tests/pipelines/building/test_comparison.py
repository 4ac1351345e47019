"""Three computations give one answer, and a planted difference between them is found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import EventRule
from features.domain.time import from_microseconds
from features.store.online import OnlineVector
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.batch import LifeFeatures, LifeRows, compute
from features.transforms.events import LifeEvents
from features.transforms.specification import FeatureSpecification
from pipelines.building.build import feature_rows, fit_specification
from pipelines.building.comparison import Compared, Comparison
from pipelines.building.event_rows import event_moments, with_event_rows
from pipelines.building.tracks import LifeTrack
from tests.pipelines.building.machines import MINE, at, fan, track
from tests.pipelines.worker.stores import readings

PACK = fan()
LIFE = track(PACK, "a", 90, end=None)
SPECIFICATION = fit_specification(PACK, [track(PACK, "trained", 60)])


@dataclass
class StoredFeatures:
    """A feature store that holds what one computation gave, perhaps a wrong one."""

    life: LifeFeatures
    time_us: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    specification: FeatureSpecification = SPECIFICATION
    rows: LifeRows | None = None

    def offline_snapshot(self) -> "StoredFeatures":
        return self

    def read(self, what: object, where: object) -> object:
        given = self.rows or LifeRows(self.time_us / 1e6, LIFE.rows.values)
        rows = LifeTrack(LIFE.epoch, self.time_us, given)
        if isinstance(what, list):
            return feature_rows(self.specification, MINE, rows, self.life).select(what)
        at = int(np.flatnonzero(self.life.is_running)[-1])
        moment, vector = from_microseconds(int(self.time_us[at])), self.life.vectors[at]
        found = OnlineVector(
            TenantId(MINE),
            AssetId("a"),
            moment,
            vector,
            0.0,
            0,
            self.specification.sha256,
            timedelta(0),
            timedelta(days=1),
        )
        return {AssetId("a"): found}


@dataclass(frozen=True)
class Record:
    """Events on record."""

    events: tuple[Event, ...] = ()

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> list[Event]:
        return [each for each in self.events if each.tenant == tenant and asset in (None, each.asset)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteTelemetryStore]:
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as opened:
        opened.write(MINE, readings(PACK, LIFE))
        yield opened


def compared(store: SqliteTelemetryStore, change: Callable[[LifeFeatures], LifeFeatures]) -> Compared:
    (life,) = compute(SPECIFICATION, [LIFE.rows])
    stored = StoredFeatures(change(life), LIFE.time_us)
    return Comparison(store, stored, Record()).run(MINE, [LIFE.epoch])  # type: ignore[arg-type]  # what it needs of it


def test_rows_vectors_and_the_stream_of_a_gateway_are_equal(store: SqliteTelemetryStore) -> None:
    found = compared(store, lambda life: life)
    assert found.is_equal
    assert found.largest == 0.0
    assert (found.lives, found.vectors) == (1, 1)
    assert found.rows > 50
    assert found.readings > 100


@pytest.mark.parametrize(
    "change",
    [
        lambda life: _with(life, np.roll(life.vectors, 1, axis=0)),
        lambda life: _with(life, life.vectors * np.float32(1.00001)),
        lambda life: _with(life, np.where(np.arange(life.vectors.shape[1]) == 3, np.float32(np.nan), life.vectors)),
    ],
    ids=["shifted by one sample", "a little off", "one feature unknown"],
)
def test_planted_difference_is_found(
    store: SqliteTelemetryStore, change: Callable[[LifeFeatures], LifeFeatures]
) -> None:
    found = compared(store, change)
    assert not found.is_equal
    assert found.differing > 10


def test_row_that_is_missing_on_one_side_is_counted(store: SqliteTelemetryStore) -> None:
    def without_one(life: LifeFeatures) -> LifeFeatures:
        is_running = life.is_running.copy()
        is_running[int(np.flatnonzero(is_running)[5])] = False
        return LifeFeatures(life.vectors, life.life, life.regime, is_running, life.state)

    assert compared(store, without_one).missing == 1


ERRORS = (EventRule(EventKind.ERROR), EventRule(EventKind.ERROR, "e1"), EventRule(EventKind.PART_REPLACED, "seal"))
TOLD = replace(SPECIFICATION, rule=replace(SPECIFICATION.rule, events=ERRORS))
HAPPENED = (
    Event(MINE, AssetId("a"), at(-30), EventKind.PART_REPLACED, component="seal"),
    Event(MINE, AssetId("a"), at(-2), EventKind.PREVENTIVE_REPLACEMENT),
    *(Event(MINE, AssetId("a"), at(0.3 + 0.5 * place), EventKind.ERROR, code=f"e{place % 3}") for place in range(150)),
    Event(MINE, AssetId("a"), at(40), EventKind.PART_REPLACED, component="seal"),
)


@pytest.mark.parametrize(("told", "is_equal"), [(HAPPENED, True), (HAPPENED[:-1], False), (HAPPENED[1:], False)])
def test_events_of_all_lives_are_in_all_three_and_one_that_is_missing_is_found(
    store: SqliteTelemetryStore, told: tuple[Event, ...], is_equal: bool
) -> None:
    (life,) = compute(TOLD, [replace(LIFE.rows, events=LifeEvents.of(HAPPENED))])
    stored = StoredFeatures(life, LIFE.time_us, TOLD)
    found = Comparison(store, stored, Record(told)).run(MINE, [LIFE.epoch])  # type: ignore[arg-type]  # what it needs
    assert found.is_equal is is_equal
    assert found.rows > 50
    assert (found.largest == 0.0) is is_equal


@pytest.mark.parametrize(("rules", "added"), [(ERRORS, 100), (ERRORS[1:], 30)], ids=["any error", "one of its codes"])
def test_rows_of_events_are_in_all_three(store: SqliteTelemetryStore, rules: tuple[EventRule, ...], added: int) -> None:
    asked = replace(TOLD, rule=replace(TOLD.rule, events=rules, at_events=(EventKind.ERROR,)))
    moments = event_moments(LifeEvents.of(HAPPENED), asked.rule)
    times, values = with_event_rows(LIFE.time_us, LIFE.rows.values, moments)
    rows = LifeRows(times / 1e6, values, LifeEvents.of(HAPPENED))
    (life,) = compute(asked, [rows])
    stored = StoredFeatures(life, times, asked, rows)
    found = Comparison(store, stored, Record(HAPPENED)).run(MINE, [LIFE.epoch])  # type: ignore[arg-type]  # what it needs
    assert found.is_equal
    assert found.rows > 50 + added


def _with(life: LifeFeatures, vectors: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> LifeFeatures:
    return LifeFeatures(vectors, life.life, life.regime, life.is_running, life.state)


def test_asset_without_readings_is_equal(store: SqliteTelemetryStore) -> None:
    (life,) = compute(SPECIFICATION, [LIFE.rows])
    other = track(PACK, "b", 5, end=None).epoch
    stored = StoredFeatures(life, LIFE.time_us)
    found = Comparison(store, stored, Record()).run(MINE, [other])  # type: ignore[arg-type]  # what it needs of it
    assert found == Compared(lives=1)
