from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from features.domain.events import Event, EventKind, life_epochs
from features.domain.identifiers import AssetId, TenantId
from features.records.errors import ConflictingRecord
from features.records.lives import LifeRecords

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
PUMP = AssetId("p-01")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
FAILURE = Event(MINE, PUMP, T0 + timedelta(days=3), EventKind.FAILURE, failure_mode="seal_leak")
LIVES = life_epochs(MINE, PUMP, T0, [FAILURE], modelled_component="pump")


def test_lives_come_back_as_they_were_cut(records: Engine) -> None:
    lives = LifeRecords(records)
    lives.replace(MINE, PUMP, LIVES)
    assert lives.list_all(MINE, PUMP) == LIVES
    assert [life.is_failure for life in lives.list_all(MINE)] == [True, False]


def test_replacing_leaves_only_the_new_ones_and_other_assets_alone(records: Engine) -> None:
    lives = LifeRecords(records)
    other = life_epochs(MINE, AssetId("p-02"), T0, [], modelled_component="pump")
    lives.replace_all(MINE, {PUMP: LIVES, AssetId("p-02"): other})
    lives.replace(MINE, PUMP, life_epochs(MINE, PUMP, T0, [], modelled_component="pump"))
    assert [(life.asset, life.number) for life in lives.list_all(MINE)] == [("p-01", 0), ("p-02", 0)]
    lives.replace(MINE, PUMP, [])
    assert lives.list_all(MINE, PUMP) == []


def test_lives_of_another_asset_are_refused_and_nothing_changes(records: Engine) -> None:
    lives = LifeRecords(records)
    lives.replace(MINE, PUMP, LIVES)
    with pytest.raises(ConflictingRecord):
        lives.replace(MINE, AssetId("p-02"), LIVES)
    with pytest.raises(ConflictingRecord):
        lives.replace(THEIRS, PUMP, LIVES)
    assert lives.list_all(MINE) == LIVES


def test_another_tenant_finds_nothing(records: Engine) -> None:
    lives = LifeRecords(records)
    lives.replace(MINE, PUMP, LIVES)
    assert lives.list_all(THEIRS) == []
    assert lives.list_all(THEIRS, PUMP) == []
