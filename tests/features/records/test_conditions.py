from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from features.domain.conditions import AssetCondition, ConditionVerdict
from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId, TenantId
from features.records.conditions import ConditionRecords

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
T0 = datetime(2026, 1, 1, tzinfo=UTC)
NOW = T0 + timedelta(days=1)
SEEN = AssetCondition(
    MINE,
    AssetId("p-01"),
    ConditionVerdict.MACHINE,
    at=T0 + timedelta(hours=3),
    since=T0,
    score=2.5,
    threshold=1.2,
    shares=(("vibration", 0.75), ("temperature", 0.25)),
    evidence=(("related_signals", 2.0),),
    seen=400,
    model="ab" * 32,
)


@pytest.fixture
def conditions(records: Engine) -> ConditionRecords:
    return ConditionRecords(records)


def test_what_was_put_on_record_comes_back_as_it_was(conditions: ConditionRecords) -> None:
    bare = replace(SEEN, asset=AssetId("p-02"), score=None, threshold=None, shares=(), evidence=(), seen=0)
    conditions.put_all([SEEN, bare], NOW)
    assert conditions.list_all(MINE) == {SEEN.asset: SEEN, bare.asset: bare}
    assert conditions.get(MINE, SEEN.asset) == SEEN


def test_only_one_of_a_row_as_new_takes_the_place(conditions: ConditionRecords) -> None:
    older = replace(SEEN, at=T0, verdict=ConditionVerdict.NORMAL)
    again = replace(SEEN, verdict=ConditionVerdict.INSTRUMENT)
    for given, found in ((SEEN, SEEN), (older, SEEN), (again, again)):
        conditions.put_all([given], NOW)
        assert conditions.get(MINE, SEEN.asset) == found


def test_of_another_tenant_nothing_is_seen(conditions: ConditionRecords) -> None:
    conditions.put_all([], NOW)
    conditions.put_all([SEEN], NOW)
    assert conditions.list_all(THEIRS) == {}
    assert conditions.get(THEIRS, SEEN.asset) is None


def test_a_clock_that_is_ahead_neither_gets_in_nor_keeps_others_out(conditions: ConditionRecords) -> None:
    ahead = replace(SEEN, at=NOW + timedelta(days=3_650))
    with pytest.raises(InvalidValue, match="be of a row up to now"):
        conditions.put_all([SEEN, ahead], NOW)
    assert conditions.get(MINE, SEEN.asset) is None
    conditions.put_all([ahead], ahead.at)  # by a worker whose own clock was ahead
    conditions.put_all([SEEN], NOW)
    assert conditions.get(MINE, SEEN.asset) == SEEN
