from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from features.domain.epochs import Baselines, Relearn
from features.domain.events import Event, EventKind, life_epochs
from features.domain.identifiers import AssetId, SignalId, TenantId
from features.records.epochs import EpochRecords
from features.records.events import EventRecords
from features.records.lives import LifeRecords

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
PUMP, VIBRATION = AssetId("p-01"), SignalId("vibration")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
BASELINES = Baselines((VIBRATION,))
REPAIR = Event(MINE, PUMP, T0 + timedelta(days=3), EventKind.REPAIR)
SENSOR = Event(MINE, PUMP, T0 + timedelta(days=1), EventKind.SENSOR_REPLACED, component="vibration")


def test_an_event_that_comes_late_and_twice_is_in_its_place_when_epochs_are_asked_for_again(records: Engine) -> None:
    LifeRecords(records).replace(MINE, PUMP, life_epochs(MINE, PUMP, T0, [], "pump"))
    events, epochs = EventRecords(records), EpochRecords(records)
    events.put(REPAIR)
    assert [epoch.started_at for epoch in epochs.list_all(MINE, PUMP, BASELINES)] == [T0, REPAIR.at]
    for _ in range(2):
        events.put(SENSOR)
    found = epochs.list_all(MINE, PUMP, BASELINES)
    assert [epoch.started_at for epoch in found] == [T0, SENSOR.at, REPAIR.at]
    assert [dict(epoch.relearnt) for epoch in found[1:]] == [{VIBRATION: Relearn.OFFSET}, {VIBRATION: Relearn.BASELINE}]


def test_a_machine_without_a_life_and_another_tenant_have_none(records: Engine) -> None:
    EventRecords(records).put(REPAIR)
    assert EpochRecords(records).list_all(MINE, PUMP, BASELINES) == []
    LifeRecords(records).replace(MINE, PUMP, life_epochs(MINE, PUMP, T0, [], "pump"))
    assert EpochRecords(records).list_all(THEIRS, PUMP, BASELINES) == []
