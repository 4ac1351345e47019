"""What JSON becomes: lines that say the same, and a fault for each item that breaks a rule."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest import lines
from serving.receiving.documents import look_at_events, look_at_lines, look_at_readings
from serving.receiving.items import MOST_SIGNALS

GOOD = {"asset_id": "p-01", "time": "2026-03-01T08:00:00Z", "signals": {"speed": 1480.0, "flow": None}}
EVENT = {"asset_id": "p-01", "time": "2026-03-01T08:00:00Z", "event": "failure", "note": "a\nb"}


def written(item: object) -> bytes:
    return json.dumps(item).encode()


def lines_of(body: bytes) -> list[object]:
    return [json.loads(line) for line in body.splitlines()]


@pytest.mark.parametrize("document", [GOOD, [GOOD], {"readings": [GOOD]}])
@pytest.mark.parametrize("indent", [None, 2])
def test_each_form_becomes_json_lines(document: object, indent: int | None) -> None:
    look = look_at_readings(json.dumps(document, indent=indent).encode())
    assert (look.lines, look.faulty) == (1, 0)
    assert lines_of(look.body) == [GOOD]


def test_numbers_stay_as_they_were_written() -> None:
    text = b'[{"asset_id": "p-01",\r\n "life": 17, "signals": {"speed": 1.10, "flow": 1E2}}]'
    assert (
        look_at_readings(text).body
        == b'{"asset_id": "p-01",\t\t "life": 17, "signals": {"speed": 1.10, "flow": 1E2}}\n'
    )


@pytest.mark.parametrize("body", [b"[]", b' {"readings": []}\n', b"\n[ ]"])
def test_an_empty_list_has_no_items(body: bytes) -> None:
    look = look_at_readings(body)
    assert (look.lines, look.body) == (0, b"")


@pytest.mark.parametrize(
    ("change", "within"),
    [
        ({"asset_id": None}, ["asset_id"]),
        ({"asset_id": "p 01"}, ["asset_id"]),
        ({"asset_id": 7}, ["asset_id"]),
        ({"time": "2026-03-01T08:00:00"}, ["time"]),
        ({"time": "yesterday"}, ["time"]),
        ({"time": None}, []),
        ({"life": 3}, []),
        ({"time": None, "life": -1}, ["life"]),
        ({"time": None, "life": True}, ["life"]),
        ({"signals": None}, ["signals"]),
        ({"signals": [1]}, ["signals"]),
        ({"signals": {"speed": "fast"}}, ["signals", "speed"]),
        ({"signals": {"speed": True}}, ["signals", "speed"]),
        ({"signals": {"speed": [1]}}, ["signals", "speed"]),
        ({"signals": {"speed": float("nan")}}, ["signals", "speed"]),
        ({"revision": 1.5}, ["revision"]),
        ({"revision": -1}, ["revision"]),
        ({"tenant": "rival"}, ["tenant"]),
    ],
)
def test_what_breaks_a_rule_is_named_and_the_rest_is_kept(change: dict[str, object], within: list[str]) -> None:
    look = look_at_readings(json.dumps([GOOD, GOOD | change, GOOD]).encode())
    assert (look.lines, look.faulty, look.good) == (3, 1, 2)
    assert look.faults[0].to_dict(look.unit)["location"] == ["body", "item", 2, *within]
    assert len(look.body.splitlines()) == 3


def test_a_time_without_its_zone_says_what_to_do() -> None:
    look = look_at_lines(written(GOOD | {"time": "2026-03-01T08:00:00"}))
    assert "carry its zone" in look.faults[0].detail
    assert "Append Z" in look.faults[0].detail


@pytest.mark.parametrize("text", ["1e400", "9" * 400, "-Infinity"])
def test_numbers_beyond_all_measure_are_faults(text: str) -> None:
    body = f'{{"asset_id": "p-01", "life": 1, "signals": {{"speed": {text}}}}}'.encode()
    assert look_at_lines(body).faulty == 1
    assert look_at_readings(body).faulty == 1


@pytest.mark.parametrize(
    "body",
    [b"{", b"[1,", b"[1 2]", b"[" * 100_000, b'{"readings": [1]', b'{"readings": [1], "more": 1}', b"[1] [2]", b"\xff",
     b'{"a": ' * 100_000, b"9" * 5_000, b"nul", b'"\n"'],
)  # fmt: skip
def test_a_document_that_is_none_is_one_faulty_line_that_no_reader_takes(body: bytes) -> None:
    look = look_at_readings(body)
    assert (look.lines, look.faulty) == (1, 1)
    assert look.body.count(b"\n") == 1


def test_the_place_where_json_ends_to_be_json_is_named() -> None:
    look = look_at_readings(b'[\n {"asset_id": oops}\n]')
    assert (look.faults[0].number, look.faults[0].column) == (2, 15)


def test_a_broken_document_does_not_become_a_sound_line() -> None:
    broken = written(EVENT).replace(rb"\n", b"\n")  # a bare line break inside a text
    with pytest.raises(ValueError, match="control character"):
        json.loads(look_at_readings(broken).body)


def test_lines_are_judged_one_by_one() -> None:
    body = b"\n".join(
        [written(GOOD), b"\xff", b"", written(EVENT), b"{", b'{"a": 1, "a": 2}', b'"\\ud800"', b"[" * 9_999]
    )
    look = look_at_lines(body)
    assert (look.lines, look.good) == (7, 2)
    assert sorted({each.number for each in look.faults}) == [2, 5, 6, 7, 8]
    assert look.body == body


def test_a_byte_order_mark_is_skipped() -> None:
    for look_at in (look_at_lines, look_at_readings):
        assert look_at(b"\xef\xbb\xbf" + written(GOOD)).good == 1


def test_a_key_that_occurs_twice_is_a_fault() -> None:
    look = look_at_readings(b'[{"asset_id": "a", "asset_id": "b", "life": 1, "signals": {}}]')
    assert look.faulty == 1
    look = look_at_lines(b'{"asset_id": "a", "life": 1, "signals": {"s": 1, "s": 2}}')
    assert look.faulty == 1


def test_events_leave_with_the_name_that_streams_use() -> None:
    named = {("kind" if key == "event" else key): value for key, value in EVENT.items()}
    look = look_at_events(written([EVENT, named]))
    assert (look.lines, look.faulty) == (2, 0)
    assert lines_of(look.body) == [EVENT, EVENT]


@pytest.mark.parametrize("change", [{"event": "party"}, {"note": 7}, {"event": None}, {"kind": "failure"}, {"x": 1}])
def test_an_event_that_breaks_a_rule_is_named(change: dict[str, object]) -> None:
    look = look_at_events(written([EVENT | change]))
    assert (look.lines, look.faulty) == (1, 1)


def test_a_reading_among_events_is_refused_so_that_nobody_takes_it_later() -> None:
    look = look_at_events(written([GOOD]))
    assert look.faulty == 1
    assert isinstance(lines_of(look.body)[0], str)


def test_only_the_first_faults_are_named_and_all_are_counted() -> None:
    look = look_at_lines(b"{\n" * 1_000)
    assert look.faulty == 1_000
    assert len(look.faults) <= 200


@pytest.mark.parametrize("text", ["1_0", "\uff11", "\x1f1"])
def test_a_text_that_is_no_number_for_the_worker_is_none_here(text: str) -> None:
    assert look_at_lines(written(GOOD | {"signals": {"speed": text}})).faulty == 1
    assert look_at_lines(written({"asset_id": "p-01", "life": text, "signals": {}})).faulty == 1


@pytest.mark.parametrize(("signals", "faulty"), [(MOST_SIGNALS, 0), (MOST_SIGNALS + 1, 1)])
def test_the_signals_of_an_item_are_bounded_as_the_worker_bounds_them(signals: int, faulty: int) -> None:
    item = GOOD | {"signals": {f"s{number}": "x" if faulty else 1 for number in range(signals)}}
    for look in (look_at_lines(written(item)), look_at_readings(written([item]))):
        assert (look.lines, look.faulty, len(look.faults)) == (1, faulty, faulty)
    assert lines.MOST_SIGNALS == MOST_SIGNALS


def test_very_many_faulty_lines_are_counted_to_the_last() -> None:
    for look in (
        look_at_lines(b'{"x": 1}\n' * 20_000 + written(GOOD)),
        look_at_readings(b"[" + b"1," * 20_000 + b"1]"),
    ):
        assert look.faulty in {20_000, 20_001}
        assert look.lines == 20_001
        assert len(look.faults) <= 200


@given(st.binary(max_size=200))
def test_no_bytes_surprise_it(body: bytes) -> None:
    for look_at in (look_at_events, look_at_lines, look_at_readings):
        look = look_at(body)
        assert 0 <= look.good <= look.lines
        json.dumps([each.to_dict(look.unit) for each in look.faults], ensure_ascii=False).encode()


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["asset_id", "signals"]), inner),
    max_leaves=8,
)


@given(st.lists(json_values, max_size=5))
def test_no_json_surprises_it(items: list[object]) -> None:
    look = look_at_readings(json.dumps(items, ensure_ascii=False).encode("utf-8", "replace"))
    assert look.lines == len(items)
    assert look.body.count(b"\n") == len(items)
