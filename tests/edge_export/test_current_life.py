from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from edge_export.current_life import CurrentLifeConditions, CurrentLifeFeatures, CurrentLifeLedger
from features.domain.conditions import AssetCondition, ConditionVerdict
from features.domain.errors import Unavailable
from features.domain.events import Event, EventKind, LifeEpoch, life_epochs
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.identifiers import AssetId, TenantId
from features.store.online import OnlineVector

MINE = TenantId("mine")
A, B, C = AssetId("a"), AssetId("b"), AssetId("c")
T0 = datetime(2026, 1, 1, tzinfo=UTC)


def at(hour: float) -> datetime:
    return T0 + timedelta(hours=hour)


def vector(asset: AssetId, hour: float) -> OnlineVector:
    return OnlineVector(MINE, asset, at(hour), np.zeros(2, np.float32), hour, 0, "ab" * 32)


@dataclass(frozen=True)
class Online:
    """An online store that holds what it was given."""

    vectors: tuple[OnlineVector, ...]

    def read(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, OnlineVector]:
        return {each.asset: each for each in self.vectors if each.tenant == tenant and each.asset in assets}


class Gone:
    """An online store that does not answer."""

    def read(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, OnlineVector]:
        raise Unavailable("online store", "it is gone")


@dataclass
class RecordedLives:
    """Lives of a few assets, and which of them were asked for."""

    lives: list[LifeEpoch]
    asked: list[AssetId | None] = field(default_factory=list)

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> list[LifeEpoch]:
        self.asked.append(asset)
        return [life for life in self.lives if life.tenant == tenant and asset in (None, life.asset)]


def lives(asset: AssetId, *failures: float) -> list[LifeEpoch]:
    events = [Event(MINE, asset, at(hour), EventKind.FAILURE) for hour in failures]
    return life_epochs(MINE, asset, T0, events, "pump")


def read(vectors: Sequence[OnlineVector], recorded: list[LifeEpoch], *assets: AssetId) -> set[AssetId]:
    return set(CurrentLifeFeatures(Online(tuple(vectors)), RecordedLives(recorded)).read(MINE, assets))


def test_vector_of_the_first_life_is_given() -> None:
    assert read([vector(A, 0)], lives(A), A) == {A}


def test_vector_from_before_an_overhaul_is_kept_back() -> None:
    assert read([vector(A, 9)], lives(A, 10), A) == set()


def test_row_at_the_moment_of_the_overhaul_belongs_to_the_life_before() -> None:
    assert read([vector(A, 10)], lives(A, 10), A) == set()
    assert read([vector(A, 10.001)], lives(A, 10), A) == {A}


def test_only_the_last_of_several_lives_counts() -> None:
    recorded = lives(A, 10, 20)
    assert read([vector(A, 15)], recorded, A) == set()
    assert read([vector(A, 25)], recorded, A) == {A}


def test_each_asset_is_judged_by_its_own_lives() -> None:
    vectors = [vector(A, 9), vector(B, 9), vector(C, 9)]
    assert read(vectors, [*lives(A, 10), *lives(B, 5), *lives(C)], A, B, C) == {B, C}


def test_asset_without_recorded_lives_is_given() -> None:
    assert read([vector(A, 9)], [], A) == {A}


def test_of_one_asset_only_its_own_lives_are_read() -> None:
    recorded = RecordedLives(lives(A))
    features = CurrentLifeFeatures(Online((vector(A, 1), vector(B, 1))), recorded)
    features.read(MINE, [A])
    features.read(MINE, [A, B])
    assert recorded.asked == [A, None]


def test_store_that_does_not_answer_is_said() -> None:
    with pytest.raises(Unavailable):
        CurrentLifeFeatures(Gone(), RecordedLives([])).read(MINE, [A])


@dataclass(frozen=True)
class Recorded:
    """A ledger whose forecasts all hold."""

    forecasts: tuple[Forecast, ...]

    def latest(self, tenant: TenantId, asset: AssetId, now: datetime) -> Forecast | None:
        return next((each for each in self.forecasts if each.asset == asset), None)

    def latest_all(self, tenant: TenantId, now: datetime) -> list[Forecast]:
        return list(self.forecasts)

    def history(self, tenant: TenantId, asset: AssetId, limit: int) -> list[Forecast]:
        return [each for each in self.forecasts if each.asset == asset][:limit]


def forecast(asset: AssetId, issued: float, age_hours: float | None) -> Forecast:
    age = None if age_hours is None else 3600.0 * age_hours
    status = ForecastStatus.INSUFFICIENT if age is None else ForecastStatus.OK
    return Forecast("f", MINE, asset, at(issued), at(issued + 24), status, "hours", age_of_data_seconds=age)


@pytest.mark.parametrize(
    ("issued", "age_hours", "holds"),
    [
        (9, 1, False),  # issued before the end of the life
        (12, 3, False),  # issued after it, from readings before it: the event came late
        (12, 2, False),  # the reading of the very moment belongs to the life that ended
        (12, 1, True),
        (12, None, True),  # it tells of no reading at all
    ],
)
def test_a_recorded_forecast_of_an_earlier_life_is_not_handed_out(
    issued: float, age_hours: float | None, holds: bool
) -> None:
    of_a, of_b = forecast(A, issued, age_hours), forecast(B, 9, 1)
    ledger = CurrentLifeLedger(Recorded((of_a, of_b)), RecordedLives([*lives(A, 10), *lives(B)]))
    assert ledger.latest(MINE, A, at(13)) == (of_a if holds else None)
    assert ledger.latest_all(MINE, at(13)) == ([of_a, of_b] if holds else [of_b])
    assert ledger.history(MINE, A, 9) == [of_a]
    assert ledger.latest(MINE, C, at(13)) is None


def condition(asset: AssetId, hour: float) -> AssetCondition:
    verdict = ConditionVerdict.MACHINE
    return AssetCondition(MINE, asset, verdict, at(hour), at(hour), 2.0, 1.0, (), (), seen=9, model="m")


@dataclass(frozen=True)
class JudgedMachines:
    """Conditions on record."""

    conditions: tuple[AssetCondition, ...]

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> dict[AssetId, AssetCondition]:
        return {each.asset: each for each in self.conditions if asset in (None, each.asset)}


def test_a_condition_of_before_the_overhaul_says_nothing_now() -> None:
    recorded = RecordedLives([*lives(A, 10), *lives(B, 10), *lives(C)])
    judged = JudgedMachines((condition(A, 10), condition(B, 11), condition(C, 1)))
    assert set(CurrentLifeConditions(judged, recorded).list_all(MINE)) == {B, C}
    assert CurrentLifeConditions(judged, recorded).list_all(MINE, A) == {}
