from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.arrivals import Precision
from serving.errors import Refused
from serving.receiving.lines import look_at_line_protocol, precision_of
from serving.receiving.looking import Look

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def look(body: bytes) -> Look:
    return look_at_line_protocol(body, Precision.SECONDS, NOW)


def test_sound_lines_go_on_as_they_came() -> None:
    body = b"# a comment\npump,asset_id=p-01,tenant=rival speed=1480,flow=3i 1772352000\n\npump,asset_id=p-02 speed=1\n"
    found = look(body)
    assert (found.lines, found.faulty, found.body) == (2, 0, body)


def test_faulty_lines_are_named_with_their_column() -> None:
    found = look(
        b"pump,asset_id=p-01 speed=1480 1\npump,asset_id=p-01 speed=fast 2\npump\npump,asset_id=p-01 speed=2 3\n"
    )
    assert (found.lines, found.good) == (4, 2)
    assert [each.number for each in found.faults] == [2, 3]
    assert all(each.column for each in found.faults)


@pytest.mark.parametrize("head", [b"pump", b"pump,host=a", rb"pump,asset_id=p\ 01"])
def test_a_line_must_name_a_possible_asset(head: bytes) -> None:
    found = look(b"pump,asset_id=p-01 speed=1 1\n" + head + b" speed=1 1\n")
    assert (found.lines, found.good) == (2, 1)
    assert (found.faults[0].number, "asset_id" in found.faults[0].detail) == (2, True)


def test_very_many_faulty_lines_are_counted_to_the_last() -> None:
    found = look(b"pump,asset_id=p-01 speed=1 1\n" + b"x\n" * 30_000)
    assert (found.lines, found.faulty, found.good) == (30_001, 30_000, 1)
    assert len(found.faults) <= 200


def test_very_many_lines_without_an_asset_are_counted_to_the_last() -> None:
    found = look(b"pump,asset_id=p-01 speed=1 1\n" + b"pump,host=a speed=1 1\n" * 30_000)
    assert (found.lines, found.faulty, found.good) == (30_001, 30_000, 1)


@pytest.mark.parametrize("body", [b"", b"\n \n", b"# nothing\n"])
def test_without_lines_there_is_nothing(body: bytes) -> None:
    assert look(body).lines == 0


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        ("", Precision.NANOSECONDS),
        ("n", Precision.NANOSECONDS),
        ("u", Precision.MICROSECONDS),
        ("s", Precision.SECONDS),
    ],
)
def test_units_by_the_names_of_both_interfaces(name: str, precision: Precision) -> None:
    assert precision_of(name) is precision


@pytest.mark.parametrize("name", ["m", "h", "fortnight", "NS"])
def test_other_units_are_refused(name: str) -> None:
    with pytest.raises(Refused) as refusal:
        precision_of(name)
    assert refusal.value.status == 400


@given(st.binary(max_size=200))
def test_no_bytes_surprise_it(body: bytes) -> None:
    for whole in (body, b"pump,asset_id=p-01 speed=1 1\n" + body):
        found = look(whole)
        assert 0 <= found.good <= found.lines
