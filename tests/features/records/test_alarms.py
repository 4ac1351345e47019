from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from features.domain.alarms import Acknowledged, Alarm, AlarmEntry, DataPathNotice, NoticeKind, Stage, Told, alarm_id
from features.domain.conditions import ConditionVerdict
from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId, TenantId
from features.records.alarm_turns import After, AlarmTurns
from features.records.alarms import AlarmQuery, AlarmRecords
from features.records.errors import RecordNotFound

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
T0 = datetime(2026, 1, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def alarm(asset: str, hours: float, stage: Stage = Stage.UNACKNOWLEDGED, tenant: TenantId = MINE) -> Alarm:
    name, moment, cause = AssetId(asset), at(hours), ConditionVerdict.MACHINE
    identity = alarm_id(tenant, name, moment)
    return Alarm(tenant, identity, name, "pump", "g1", stage, cause, "flow", 3.0, 2.0, "m", moment, moment, moment)


def raised(each: Alarm) -> tuple[str, AlarmEntry]:
    return each.id, AlarmEntry(each.asset, each.raised_at, Told.RAISED, each.cause, each.lead, each.score)


def put(records: Engine, *alarms: Alarm, notices: tuple[DataPathNotice, ...] = ()) -> None:
    for each in alarms or ():
        AlarmTurns(records).take(
            each.tenant,
            "pump",
            "g1",
            T0,
            lambda _, each=each: After({}, (each,), (raised(each),)),  # type: ignore[misc]  # bound at once
        )
    if notices:
        AlarmTurns(records).take(MINE, "pump", "g1", T0, lambda _: After({}, notices=notices))


@pytest.fixture
def alarms(records: Engine) -> AlarmRecords:
    return AlarmRecords(records)


def test_what_was_put_on_record_comes_back_as_it_was(records: Engine, alarms: AlarmRecords) -> None:
    seen = replace(
        alarm("p-1", 1, Stage.ACKNOWLEDGED),
        score=None,
        lead=None,
        times=3,
        acknowledged=Acknowledged(at(2), "Li", "ok"),
    )
    put(records, seen)
    assert alarms.get(MINE, seen.id) == seen
    assert alarms.history(MINE, seen.id) == [raised(seen)[1]]


def test_standing_ones_come_first_and_pages_hold_together(records: Engine, alarms: AlarmRecords) -> None:
    stages = (Stage.NORMAL, Stage.RETURNED, Stage.ACKNOWLEDGED, Stage.UNACKNOWLEDGED, Stage.UNACKNOWLEDGED)
    put(records, *(alarm(f"p-{place}", place, stage) for place, stage in enumerate(stages)))
    found, total = alarms.list_all(MINE, AlarmQuery())
    assert [each.asset for each in found] == ["p-4", "p-3", "p-2", "p-1", "p-0"]
    assert total == 5
    assert alarms.list_all(MINE, AlarmQuery(), limit=2, offset=2) == (found[2:4], 5)


@pytest.mark.parametrize(
    ("asked", "assets"),
    [
        (AlarmQuery(standing=True), ["p-2", "p-1"]),
        (AlarmQuery(standing=False), ["p-3", "p-0"]),
        (AlarmQuery(unacknowledged=True), ["p-2", "p-3"]),
        (AlarmQuery(standing=True, unacknowledged=False), ["p-1"]),
        (AlarmQuery(asset=AssetId("p-3")), ["p-3"]),
        (AlarmQuery(since=at(2)), ["p-2", "p-3"]),
        (AlarmQuery(since=at(9)), []),
    ],
)
def test_alarms_are_found_by_what_is_asked(
    records: Engine, alarms: AlarmRecords, asked: AlarmQuery, assets: list[str]
) -> None:
    stages = (Stage.NORMAL, Stage.ACKNOWLEDGED, Stage.UNACKNOWLEDGED, Stage.RETURNED)
    put(records, *(alarm(f"p-{place}", place, stage) for place, stage in enumerate(stages)))
    found, total = alarms.list_all(MINE, asked)
    assert ([each.asset for each in found], total) == (assets, len(assets))


def test_who_has_seen_it_when_and_what_they_said_is_on_record_for_good(records: Engine, alarms: AlarmRecords) -> None:
    put(records, one := alarm("p-1", 1))
    seen = alarms.acknowledge(MINE, one.id, at(2), "Li Wei", "greased")
    assert seen == alarms.get(MINE, one.id)
    assert (seen.stage, seen.acknowledged) == (Stage.ACKNOWLEDGED, Acknowledged(at(2), "Li Wei", "greased"))
    assert alarms.acknowledge(MINE, one.id, at(3), "somebody else") == seen
    last = alarms.history(MINE, one.id)[-1]
    assert (last.told, last.at, last.reason, last.comment) == (Told.ACKNOWLEDGED, at(2), "Li Wei", "greased")
    assert len(alarms.history(MINE, one.id)) == 2


def test_of_another_tenant_nothing_is_seen_and_nothing_acknowledged(records: Engine, alarms: AlarmRecords) -> None:
    put(records, theirs := alarm("p-1", 1, tenant=THEIRS))
    assert alarms.list_all(MINE, AlarmQuery()) == ([], 0)
    assert alarms.history(MINE, theirs.id) == []
    with pytest.raises(RecordNotFound):
        alarms.get(MINE, theirs.id)
    with pytest.raises(RecordNotFound):
        alarms.acknowledge(MINE, theirs.id, at(2), "me")
    assert alarms.get(THEIRS, theirs.id) == theirs


@pytest.mark.parametrize(("by", "comment"), [("", None), ("  ", None), ("x" * 129, None), ("me", "x" * 2001)])
def test_an_acknowledgement_says_who_and_not_too_much(
    records: Engine, alarms: AlarmRecords, by: str, comment: str | None
) -> None:
    put(records, one := alarm("p-1", 1))
    with pytest.raises(InvalidValue):
        alarms.acknowledge(MINE, one.id, at(2), by, comment)
    assert alarms.get(MINE, one.id) == one


def test_notices_that_last_come_first_and_ended_ones_only_where_asked_for(
    records: Engine, alarms: AlarmRecords
) -> None:
    lasts = DataPathNotice(MINE, "pump", "g1", NoticeKind.GATEWAY_SILENT, at(1), standing=(AssetId("p-1"),))
    ended = DataPathNotice(MINE, "pump", "g1", NoticeKind.MACHINE_SILENT, at(2), at(3), AssetId("p-2"))
    put(records, notices=(ended, lasts))
    assert alarms.notices(MINE) == [lasts]
    assert alarms.notices(MINE, since=at(3)) == [lasts, ended]
    assert alarms.notices(MINE, since=at(4)) == [lasts]
    assert alarms.notices(THEIRS, since=T0) == []


def test_of_alarms_that_began_at_one_moment_that_which_strays_most_comes_first(
    records: Engine, alarms: AlarmRecords
) -> None:
    began = {"p-1": (3.0, 2.0), "p-2": (8.0, 4.0), "p-3": (None, 2.0), "p-4": (2.0, 0.5)}
    put(records, *(replace(alarm(name, 1), score=score, threshold=over) for name, (score, over) in began.items()))
    found, _ = alarms.list_all(MINE, AlarmQuery())
    assert [str(each.asset) for each in found] == ["p-4", "p-2", "p-1", "p-3"]
