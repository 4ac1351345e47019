import pytest
from sqlalchemy import Engine

from features.domain.alarms import AlarmEntry, DataPathNotice, NoticeKind, Stage, Told
from features.domain.conditions import ConditionVerdict
from features.domain.identifiers import AssetId
from features.records.alarm_turns import After, AlarmTurns, Before
from features.records.alarms import AlarmQuery, AlarmRecords
from tests.features.records.test_alarms import MINE, T0, THEIRS, alarm, at, put, raised

NOTHING = Before(None, {}, ())


@pytest.fixture
def turns(records: Engine) -> AlarmTurns:
    return AlarmTurns(records)


def seen_by(turns: AlarmTurns, gateway: str = "g1") -> Before:
    found: list[Before] = []
    turns.take(MINE, "pump", gateway, T0, found.append)
    return found[0]


def test_a_turn_sees_what_the_last_one_left_and_no_other_gateways(turns: AlarmTurns) -> None:
    assert seen_by(turns) == NOTHING
    one, over = alarm("p-1", 1), alarm("p-2", 1, Stage.NORMAL)
    lasts = DataPathNotice(MINE, "pump", "g1", NoticeKind.GATEWAY_SILENT, at(1))
    state = {"heard": {"p-1": 0.1 + 0.2}}
    turns.take(MINE, "pump", "g1", T0, lambda _: After(state, (one, over), (raised(one), raised(over)), (lasts,)))
    assert seen_by(turns) == Before(state, {one.asset: one}, (lasts,))
    assert turns.look(MINE, "pump") == {"g1": seen_by(turns)}
    assert seen_by(turns, "g2") == NOTHING
    assert turns.look(THEIRS, "pump") == {}


def test_what_is_told_again_is_on_record_once(records: Engine, turns: AlarmTurns) -> None:
    put(records, one := alarm("p-1", 1))
    put(records, one)
    assert AlarmRecords(records).history(MINE, one.id) == [raised(one)[1]]


def test_a_turn_that_fails_leaves_everything_as_it_was(records: Engine, turns: AlarmTurns) -> None:
    put(records, one := alarm("p-1", 1))

    def fails(before: Before) -> After:
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        turns.take(MINE, "pump", "g1", T0, fails)
    assert AlarmRecords(records).list_all(MINE, AlarmQuery()) == ([one], 1)


def test_what_planned_work_held_back_belongs_to_the_machine(records: Engine, turns: AlarmTurns) -> None:
    held = AlarmEntry(AssetId("p-1"), at(1), Told.SUPPRESSED, ConditionVerdict.MACHINE, "flow", 3.0, "repair")
    turns.take(MINE, "pump", "g1", T0, lambda _: After({}, entries=((None, held),)))
    assert AlarmRecords(records).suppressed(MINE, AssetId("p-1")) == [held]
    assert AlarmRecords(records).suppressed(MINE, AssetId("p-2")) == []
