from dataclasses import replace
from datetime import timedelta

import pytest

from features.domain.alarms import MOVED, Alarm, KeptThreshold, NoticeKind, Stage, Told, alarm_id
from features.domain.assets import Asset
from features.domain.conditions import ConditionVerdict
from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, TenantId
from features.records.alarm_thresholds import ThresholdRecords
from features.records.alarms import AlarmQuery, AlarmRecords
from features.records.assets import AssetRecords
from features.records.conditions import ConditionRecords
from features.records.database import Records
from features.records.events import EventRecords
from pipelines.alarms.watch import AlarmWatch, Taken
from tests.pipelines.alarms.plant import MINE, MODEL, T0, at, condition, kept, pumps

M1, M3 = AssetId("m1"), AssetId("m3")


@pytest.fixture
def watch(records: Records) -> AlarmWatch:
    return AlarmWatch(records, pumps(), MINE)


def the_alarm(records: Records) -> Alarm:
    (alarm,), total = AlarmRecords(records).list_all(MINE, AlarmQuery())
    assert total == 1
    return alarm


def told(records: Records, alarm: Alarm) -> list[Told]:
    return [entry.told for entry in AlarmRecords(records).history(MINE, alarm.id)]


def raised(watch: AlarmWatch, score: float = 3.0) -> None:
    """Let the first machine have an alarm at 2 h."""
    for hours in (0, 2):
        watch.take([condition("m1", hours, score)], at(hours))


def test_a_deviation_that_lasts_is_an_alarm_with_everything_that_somebody_must_know(
    records: Records, watch: AlarmWatch
) -> None:
    raised(watch)
    alarm = the_alarm(records)
    assert alarm == Alarm(
        MINE, alarm_id(MINE, M1, at(2)), M1, "pump", "g1", Stage.UNACKNOWLEDGED, ConditionVerdict.MACHINE,
        "vibration_drive_end", 3.0, 1.0, MODEL, at(2), at(2), at(2),
    )  # fmt: skip
    assert alarm.over == 3.0
    assert told(records, alarm) == [Told.RAISED]


def test_what_was_taken_before_changes_nothing(records: Records, watch: AlarmWatch) -> None:
    raised(watch)
    before = kept(records)
    again = [condition("m1", hours, 9.0) for hours in (0, 1, 2)]
    assert watch.take(again, at(2)) == Taken()
    assert AlarmWatch(records, pumps(), MINE).take(again, at(2)) == Taken()
    assert kept(records) == before


def test_all_rows_count_whatever_their_order(records: Records, watch: AlarmWatch) -> None:
    rows = [condition("m1", hours, 3.0 if hours < 8 else 0.5) for hours in (0, 2, 4, 6, 8, 10)]
    watch.take(list(reversed(rows)), at(10))
    assert told(records, the_alarm(records)) == [Told.RAISED, Told.RETURNED]


def test_an_alarm_that_returned_waits_until_somebody_has_seen_it(records: Records, watch: AlarmWatch) -> None:
    raised(watch)
    watch.take([condition("m1", 4, 0.5), condition("m1", 6, 0.5)], at(6))
    alarm = the_alarm(records)
    assert (alarm.stage, alarm.returned_at) == (Stage.RETURNED, at(6))
    AlarmRecords(records).acknowledge(MINE, alarm.id, at(7), "Li Wei", "bearing greased")
    watch.take([condition("m1", hours, 3.0) for hours in (8, 10)], at(10))
    alarms, total = AlarmRecords(records).list_all(MINE, AlarmQuery())
    assert total == 2  # the first is over, so this is another one
    assert [(each.stage, each.raised_at) for each in alarms] == [
        (Stage.UNACKNOWLEDGED, at(10)),
        (Stage.NORMAL, at(2)),
    ]


def test_unacknowledged_it_stands_again_as_the_same_alarm(records: Records, watch: AlarmWatch) -> None:
    raised(watch)
    watch.take([condition("m1", hours, score) for hours, score in ((4, 0.5), (6, 0.5), (8, 4.0), (10, 4.0))], at(10))
    alarm = the_alarm(records)
    assert (alarm.times, alarm.stage, alarm.raised_at, alarm.stood_since) == (2, Stage.UNACKNOWLEDGED, at(2), at(10))
    assert told(records, alarm) == [Told.RAISED, Told.RETURNED, Told.AGAIN]


def test_an_acknowledged_alarm_goes_on_and_is_over_when_it_returns(records: Records, watch: AlarmWatch) -> None:
    raised(watch)
    AlarmRecords(records).acknowledge(MINE, the_alarm(records).id, at(3), "Li Wei")
    watch.take([condition("m1", 4, 3.0)], at(4))
    assert the_alarm(records).stage is Stage.ACKNOWLEDGED
    watch.take([condition("m1", 6, 0.2), condition("m1", 8, 0.2)], at(8))
    alarm = the_alarm(records)
    assert alarm.stage is Stage.NORMAL
    assert told(records, alarm) == [Told.RAISED, Told.ACKNOWLEDGED, Told.RETURNED]


def test_a_fault_of_the_machine_behind_another_cause_is_told_once_more(records: Records, watch: AlarmWatch) -> None:
    blamed = ConditionVerdict.INSTRUMENT
    watch.take([condition("m1", hours, 3.0, blamed) for hours in (0, 2)], at(2))
    AlarmRecords(records).acknowledge(MINE, the_alarm(records).id, at(3), "Li Wei")
    watch.take([condition("m1", hours, 5.0) for hours in (4, 6)], at(6))
    alarm = the_alarm(records)
    assert (alarm.cause, alarm.stage, alarm.acknowledged) == (ConditionVerdict.MACHINE, Stage.UNACKNOWLEDGED, None)
    assert told(records, alarm) == [Told.RAISED, Told.ACKNOWLEDGED, Told.WORSENED]


def test_planned_work_holds_an_alarm_back_and_that_is_on_record(records: Records, watch: AlarmWatch) -> None:
    EventRecords(records).put(Event(MINE, M1, at(0), EventKind.PLANNED_STOP))
    raised(watch)
    alarms, _, _, held = kept(records)
    assert alarms == []
    assert [(entry.asset, entry.told, entry.reason) for entry in held] == [(M1, Told.SUPPRESSED, "planned_stop")]


def test_work_that_is_planned_for_later_holds_nothing_back(records: Records, watch: AlarmWatch) -> None:
    EventRecords(records).put(Event(MINE, M1, at(30), EventKind.PLANNED_STOP))
    raised(watch)
    assert the_alarm(records).stage is Stage.UNACKNOWLEDGED


def test_the_end_of_a_life_ends_its_alarm_but_none_that_was_raised_after_it(
    records: Records, watch: AlarmWatch
) -> None:
    raised(watch)
    EventRecords(records).put(Event(MINE, M1, at(1), EventKind.FAILURE))  # heard of late
    watch.take([], at(3))
    assert the_alarm(records).stage is Stage.UNACKNOWLEDGED
    EventRecords(records).put(Event(MINE, M1, at(4), EventKind.FAILURE))
    watch.take([condition("m1", 3.5, 3.0)], at(5))
    alarm = the_alarm(records)
    assert (alarm.stage, alarm.returned_at) == (Stage.NORMAL, at(4))
    assert AlarmRecords(records).history(MINE, alarm.id)[-1].reason == "failure"


def test_a_silent_gateway_is_one_notice_however_many_machines_it_has(records: Records, watch: AlarmWatch) -> None:
    watch.take([condition("m1", 0, 0.2), condition("m2", 0, 3.0), condition("m3", 0, 0.2)], at(0))
    for hours in range(2, 32, 2):
        watch.take([condition("m3", hours, 0.2)], at(hours))
    alarms, _, (notice,), _ = kept(records)
    assert (notice.kind, notice.gateway, notice.asset, notice.raised_at) == (
        NoticeKind.GATEWAY_SILENT, "g1", None, at(12),
    )  # fmt: skip
    assert [alarm.asset for alarm in alarms] == ["m2"]  # nobody would see how it goes on
    watch.take([condition("m1", 32, 0.2)], at(32))
    assert [each.returned_at for each in AlarmRecords(records).notices(MINE, since=T0) if each.asset is None] == [
        at(32)
    ]


def test_who_begins_to_watch_tells_no_silence_that_nobody_watched(records: Records, watch: AlarmWatch) -> None:
    watch.take([condition("m1", 0, 0.2)], at(0))
    late = AlarmWatch(records, pumps(), MINE)
    late.take([], at(50))
    assert AlarmRecords(records).notices(MINE) == []
    late.take([], at(63))
    assert [notice.raised_at for notice in AlarmRecords(records).notices(MINE)] == [at(12)]


def test_a_machine_that_moves_to_another_gateway_is_followed_there(records: Records, watch: AlarmWatch) -> None:
    raised(watch)
    AssetRecords(records).put(Asset(MINE, M1, "pump", attributes={"gateway": "g2"}))
    watch.take([condition("m1", 4, 3.0)], at(4))
    watch.take([condition("m1", 6, 3.0)], at(6))
    alarms, histories, notices, _ = kept(records)
    assert [(each.gateway, each.stage.stands) for each in alarms] == [("g2", True), ("g1", False)]
    assert histories[alarms[1].id][-1].reason == MOVED
    watch.take([condition("m1", 16, 3.0)], at(16))
    assert notices == AlarmRecords(records).notices(MINE) == []


def test_the_threshold_is_the_one_that_was_fitted_for_the_model(records: Records, watch: AlarmWatch) -> None:
    fitted = KeptThreshold(MINE, "pump", MODEL, 3.5, 5.0, 0.95, 4.8, 900.0, T0)
    ThresholdRecords(records).put(fitted)
    assert watch.kept(MODEL) == fitted
    raised(watch)
    assert kept(records)[0] == []
    watch.take([condition("m1", hours, 7.0) for hours in (4, 6)], at(6))
    assert (the_alarm(records).threshold, the_alarm(records).over) == (3.5, 2.0)
    other = replace(condition("m3", 6, 2.0), model="cd" * 32)
    watch.take([other, replace(other, at=at(8))], at(8))
    assert [each.threshold for each in kept(records)[0]] == [1.0, 3.5]


def test_conditions_of_strangers_are_none_of_ours(records: Records, watch: AlarmWatch) -> None:
    strangers = [replace(condition("m1", hours, 9.0), tenant=TenantId("theirs")) for hours in (0, 2)]
    nobodys = [condition("m9", hours, 9.0) for hours in (0, 2)]
    assert watch.take([*strangers, *nobodys], at(2)) == Taken()


def test_what_was_judged_but_not_taken_before_a_stop_is_taken_from_the_records(records: Records) -> None:
    first = AlarmWatch(records, pumps(), MINE)
    first.take([condition("m3", 0, 5.0)], at(0))
    ConditionRecords(records).put_all([condition("m3", 2, 5.0)], at(2))  # and then somebody pulls the plug
    AlarmWatch(records, pumps(), MINE).take([], at(2) + timedelta(minutes=1))
    assert (the_alarm(records).asset, the_alarm(records).raised_at) == (M3, at(2))
