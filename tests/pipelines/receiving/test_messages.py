import json

import pytest

from features.domain.arrivals import ArrivalForm
from features.domain.identifiers import DEFAULT_TENANT
from pipelines.receiving.messages import MessageLayout, arrival_of
from pipelines.receiving.topics import TopicPattern
from tests.pipelines.receiving.conftest import NOW, Yard

PATTERN = TopicPattern.parse("plant/{asset}/telemetry")


def body(payload: str, topic: str = "plant/p-01/telemetry") -> bytes:
    arrival = arrival_of(
        topic,
        payload.encode(),
        tenant=DEFAULT_TENANT,
        layout=MessageLayout.FLAT,
        patterns=[PATTERN],
        arrived_at=NOW,
    )
    assert (arrival.form, arrival.channel) == (ArrivalForm.JSON_LINES, "mqtt")
    return arrival.body


def test_flat_object_becomes_a_line_of_its_topic_s_asset() -> None:
    line = json.loads(body('{"time": "2026-03-01T08:00:00Z", "speed": 1480.5, "flow": null, "revision": 2}'))
    assert line == {
        "asset_id": "p-01",
        "time": "2026-03-01T08:00:00Z",
        "revision": 2,
        "signals": {"speed": 1480.5, "flow": None},
    }


def test_topic_names_the_asset_whatever_the_payload_says() -> None:
    assert json.loads(body('{"asset_id": "other", "life": 3, "speed": 1}'))["asset_id"] == "p-01"
    assert json.loads(body('{"asset_id": "other", "life": 3, "speed": 1}', topic="x"))["asset_id"] == "other"


@pytest.mark.parametrize(
    "payload", ["", "[]", "[1, 2]", "3", '"x"', "{", '{"a": 1, "a": 2}', '{"a": {"b": 1}}', '{"a": [1]}', "[" * 100_000]
)
def test_what_is_no_flat_object_stays_as_it_came(payload: str) -> None:
    assert body(payload) == payload.encode()


def test_what_is_no_flat_object_is_set_aside_when_it_is_delivered(yard: Yard) -> None:
    for payload in ('{"speed": 1, "speed": 2}', '["speed", 1]', "\x80"):
        yard.arrive(body(payload))
    yard.delivery()(yard.waiting)
    assert [item.reason.value for item in yard.aside()] == ["unreadable_line"] * 3


@pytest.mark.parametrize(
    ("layout", "form"),
    [(MessageLayout.LINES, ArrivalForm.JSON_LINES), (MessageLayout.LINE_PROTOCOL, ArrivalForm.LINE_PROTOCOL)],
)
def test_other_layouts_lie_in_the_spool_as_they_came(layout: MessageLayout, form: ArrivalForm) -> None:
    arrival = arrival_of("x", b"\xff", tenant=DEFAULT_TENANT, layout=layout, patterns=[PATTERN], arrived_at=NOW)
    assert (arrival.form, arrival.body) == (form, b"\xff")
