from dataclasses import replace

import pytest
from sqlalchemy import Engine

from features.domain.identifiers import TenantId
from features.quality.verdicts import SetAsideReason
from features.records.set_aside import SetAside, SetAsideItem

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
ROW = SetAsideItem("telemetry.csv", 7, SetAsideReason.NAIVE_TIME, "no zone", {"asset_id": "p-01", "名": None})
VALUE = SetAsideItem("telemetry.csv", 7, SetAsideReason.NON_FINITE, "NaN", {"value": "nan"}, signal="flow")


@pytest.fixture
def set_aside(records: Engine) -> SetAside:
    return SetAside(records)


def test_items_come_back_in_the_order_in_which_they_came(set_aside: SetAside) -> None:
    assert set_aside.add(MINE, [VALUE, ROW]) == 2
    assert set_aside.list_all(MINE) == [VALUE, ROW]
    assert set_aside.list_all(MINE, reason=SetAsideReason.NAIVE_TIME) == [ROW]
    assert set_aside.list_all(MINE, source="events.csv") == []
    assert set_aside.list_all(MINE, limit=1, offset=1) == [ROW]


def test_they_are_counted_by_reason(set_aside: SetAside) -> None:
    set_aside.add(MINE, [ROW, VALUE, replace(VALUE, row=8)])
    assert set_aside.counts(MINE) == {SetAsideReason.NAIVE_TIME: 1, SetAsideReason.NON_FINITE: 2}


def test_the_same_item_is_kept_once(set_aside: SetAside) -> None:
    assert set_aside.add(MINE, [ROW, ROW]) == 1
    assert set_aside.add(MINE, [ROW, replace(ROW, detail="in other words")]) == 0
    assert set_aside.add(MINE, []) == 0
    assert set_aside.counts(MINE) == {SetAsideReason.NAIVE_TIME: 1}


def test_two_signals_of_one_row_and_other_content_in_the_same_place_are_kept_apart(set_aside: SetAside) -> None:
    assert set_aside.add(MINE, [VALUE, replace(VALUE, signal="speed"), replace(VALUE, content={"value": "inf"})]) == 3


def test_another_tenant_finds_nothing(set_aside: SetAside) -> None:
    set_aside.add(MINE, [ROW])
    assert set_aside.list_all(THEIRS) == []
    assert set_aside.counts(THEIRS) == {}
