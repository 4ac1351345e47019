import json
from datetime import UTC, datetime, timedelta

import pytest

from edge_export.runtime.errors import LineRefused
from edge_export.runtime.lines import LONGEST_LINE_BYTES, ReadingLine, parse_line
from features.domain.events import Event, EventKind
from features.domain.identifiers import TenantId
from features.domain.time import EPOCH

TENANT = TenantId("acme")
GOOD: dict[str, object] = {"asset_id": "p-01", "time": "2026-03-01T08:00:00+08:00", "signals": {"speed": 1480.0}}


def parse(changes: dict[str, object], is_count: bool = False) -> ReadingLine | Event:
    document = {key: value for key, value in {**GOOD, **changes}.items() if value != "absent"}
    return parse_line(json.dumps(document).encode(), TENANT, is_count)


def test_a_row_is_read_in_utc() -> None:
    line = parse({"signals": {"speed": 1480.0, "flow": None}})
    assert isinstance(line, ReadingLine)
    assert (line.asset, line.time) == ("p-01", datetime(2026, 3, 1, tzinfo=UTC))
    assert line.signals == {"speed": 1480.0, "flow": None}


def test_a_life_count_stands_in_for_time() -> None:
    line = parse({"time": "absent", "life": 17.5}, is_count=True)
    assert isinstance(line, ReadingLine)
    assert line.time == EPOCH + timedelta(seconds=17.5)


def test_an_event_is_read_and_belongs_to_the_tenant_of_the_run() -> None:
    event = parse({"signals": "absent", "event": "part_replaced", "component": "seal", "failure_mode": None})
    assert isinstance(event, Event)
    assert (event.tenant, event.kind, event.component) == (TENANT, EventKind.PART_REPLACED, "seal")


def test_an_error_carries_its_code_read_as_the_centre_reads_a_cell() -> None:
    event = parse({"signals": "absent", "event": "error", "code": " E-104 ", "component": " "})
    assert isinstance(event, Event)
    assert (event.kind, event.code, event.component, event.detail) == (EventKind.ERROR, "E-104", None, "E-104")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"asset_id": "absent"}, "missing_asset"),
        ({"asset_id": 5}, "bad_asset_id"),
        ({"asset_id": "../x y"}, "bad_asset_id"),
        ({"time": "absent"}, "missing_time"),
        ({"time": "2026-03-01T08:00:00"}, "naive_time"),
        ({"time": "yesterday"}, "bad_time"),
        ({"time": "0001-01-01T00:00:00+14:00"}, "bad_time"),
        ({"time": 17}, "bad_time"),
        ({"life": 3}, "missing_time"),
        ({"tenant": "other"}, "unreadable_line"),
        ({"signals": [1.0]}, "unreadable_line"),
        ({"signals": "absent"}, "unreadable_line"),
        ({"signals": "absent", "event": "explosion"}, "unknown_event"),
        ({"signals": "absent", "event": "failure", "note": 5}, "unreadable_line"),
        ({"signals": "absent", "event": "error", "code": 104}, "unreadable_line"),
        ({"code": "E-104"}, "unreadable_line"),
        ({"event": "failure"}, "unreadable_line"),
    ],
)
def test_a_line_that_cannot_be_taken_has_a_code(changes: dict[str, object], code: str) -> None:
    with pytest.raises(LineRefused, match=rf"^{code}: ") as caught:
        parse(changes)
    assert caught.value.code == code


def test_a_flat_row_is_told_where_values_stand() -> None:
    with pytest.raises(LineRefused, match=r"among asset_id, life, signals, time; found speed"):
        parse({"speed": 1480.0})


@pytest.mark.parametrize("life", [-1, "17", True, 1e11])
def test_an_unfit_life_count_is_refused(life: object) -> None:
    with pytest.raises(LineRefused, match=r"^bad_life: "):
        parse({"time": "absent", "life": life}, is_count=True)


@pytest.mark.parametrize(
    "data",
    [b"foo", b"[]", b"\xff\xfe", b"[" * 200_000, b'{"asset_id":"a","asset_id":"b"}', b" " * (LONGEST_LINE_BYTES + 1)],
)
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(LineRefused, match=r"^unreadable_line: "):
        parse_line(data, TENANT, is_count=False)


def test_numbers_that_are_none_arrive_as_values_to_be_set_aside() -> None:
    data = b'{"asset_id": "p-01", "time": "2026-03-01T08:00:00Z", "signals": {"speed": NaN}}'
    line = parse_line(data, TENANT, is_count=False)
    assert isinstance(line, ReadingLine)
    assert line.signals == {"speed": float("inf")}
