import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.arrivals import ArrivalForm
from pipelines.ingest.tables import read_csv
from serving.receiving.tables import look_at_table

HEADER = b"asset_id,time,speed,flow\n"
ROW = b"p-01,2026-03-01T08:00:00Z,1480.0,\n"


def test_a_sound_table_goes_on_as_it_came() -> None:
    look = look_at_table(HEADER + ROW * 3 + b"\n,,,\n")
    assert (look.form, look.lines, look.faulty) == (ArrivalForm.CSV, 3, 0)
    assert look.body == HEADER + ROW * 3 + b"\n,,,\n"


@pytest.mark.parametrize("body", [b"life,asset_id,speed\n1,p-01,3\n", b"\xef\xbb\xbfasset_id , life\r\n p-01 ,2\r\n"])
def test_columns_may_come_in_any_order(body: bytes) -> None:
    assert (look_at_table(body).lines, look_at_table(body).faulty) == (1, 0)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (b"p-01,2026-03-01T08:00:00,1,2", "carry its zone"),
        (b"p-01,,1,2", "RFC 3339"),
        (b",2026-03-01T08:00:00Z,1,2", "asset_id"),
        (b"p 01,2026-03-01T08:00:00Z,1,2", "p 01"),
        (b"p-01,2026-03-01T08:00:00Z,fast,2", "speed must be a finite number"),
        (b"p-01,2026-03-01T08:00:00Z,1,NaN", "flow must be a finite number"),
        (b"p-01,2026-03-01T08:00:00Z,1,2,3", "at most the 4 fields"),
    ],
)
def test_a_faulty_line_is_named_by_its_place_in_the_file(row: bytes, told: str) -> None:
    look = look_at_table(HEADER + ROW + row + b"\n" + ROW)
    assert (look.lines, look.good) == (3, 2)
    assert look.faults[0].number == 3
    assert told in look.faults[0].detail


def test_rows_that_are_too_long_are_parted_from_the_others() -> None:
    long = b'p-01,2026-03-01T08:00:00Z,1,"2\n",3\n'
    look = look_at_table(HEADER + ROW + long + ROW + long)
    assert (look.lines, look.good) == (4, 2)
    assert look.body == HEADER + ROW + b"\n" + ROW + b"\n"
    assert look.beside == HEADER + long + long
    assert look_at_table(look.body).faulty == 0


def test_without_a_sound_row_nothing_is_parted() -> None:
    body = HEADER + b"1,2,3,4,5\n"
    look = look_at_table(body)
    assert (look.good, look.body, look.beside) == (0, body, b"")


def test_a_line_of_several_faults_counts_once() -> None:
    look = look_at_table(HEADER + b"p 01,never,x,y\n" + ROW)
    assert (look.lines, look.faulty, len(look.faults)) == (2, 1, 4)


def test_a_text_over_several_lines_does_not_shift_the_numbers() -> None:
    look = look_at_table(HEADER + b'p-01,2026-03-01T08:00:00Z,"1\n",\n' + b"p-01,never,1,2\n")
    assert look.faults[0].number == 4


@pytest.mark.parametrize(
    "header", [b"asset,time\n", b"asset_id,speed\n", b"asset_id,time,time\n", b"asset_id;time\n", b"\xff\xfea\0\n"]
)
def test_without_a_sound_header_nothing_is_kept(header: bytes) -> None:
    look = look_at_table(header + ROW * 2)
    assert look.lines == look.faulty > 0


@pytest.mark.parametrize("body", [b"", b"\n \n", HEADER])
def test_a_table_without_rows_has_no_lines(body: bytes) -> None:
    assert look_at_table(body).lines == 0


@pytest.mark.parametrize(("columns", "faulty"), [(4_096, 0), (4_097, 1), (100_000, 1)])
def test_columns_are_bounded_as_the_worker_bounds_them(columns: int, faulty: int) -> None:
    names = ",".join(f"s{number}" for number in range(columns - 2)).encode()
    look = look_at_table(b"asset_id,life," + names + b"\np-01,1" + b",2" * (columns - 2))
    assert (look.lines, look.faulty) == (1, faulty)


@pytest.mark.parametrize(
    "row",
    [
        b'p-01,2026-03-01T08:00:00Z,1,"3',
        b'p-01,2026-03-01T08:00:00Z,1,"\r\n',
        b',,,"\n',
        b'p-01,2026-03-01T08:00:00Z,1,"3""\n',
        b'p-01,2026-03-01T08:00:00Z,1,"3\n' + ROW * 3,
        b'p-01,2026-03-01T08:00:00Z,1,"3\n' + ROW * 9_000,
        b'p-01,2026-03-01T08:00:00Z,1,"3"1\n',
        b'p-01,2026-03-01T08:00:00Z,1,3"\n',
        b'p-01,2026-03-01T08:00:00Z,1, "3"\n',
    ],
)
def test_a_row_with_a_stray_quote_is_parted_and_the_worker_can_read_the_others(row: bytes) -> None:
    look = look_at_table(HEADER + ROW * 2 + row)
    assert (look.lines, look.good) == (3, 2)
    assert (look.faults[0].number, "quote" in look.faults[0].detail) == (4, True)
    assert look.beside == HEADER + row
    assert read_csv(look.body, "body")["asset_id"].drop_nulls().to_list() == ["p-01", "p-01"]


def test_quotes_at_their_places_are_no_fault() -> None:
    row = b'"p-01","2026-03-01T08:00:00Z","1",""\r\n'
    look = look_at_table(b'"asset_id","time","sp""eed",flow\n' + row * 2)
    assert (look.lines, look.faulty, look.beside) == (2, 0, b"")


def test_a_header_with_a_stray_quote_is_none() -> None:
    look = look_at_table(b'asset_id,time,speed"\n' + ROW * 2)
    assert (look.lines, look.faulty) == (2, 2)


@pytest.mark.parametrize("cell", ["1_0", "\uff11", "\u0663", "\x1f1", "\x1f", "0x10", ".", "1e", "inf"])
def test_a_number_is_what_the_worker_takes_for_one(cell: str) -> None:
    assert look_at_table(HEADER + f"p-01,2026-03-01T08:00:00Z,{cell},\n".encode()).faulty == 1
    as_worker = pl.Series([cell]).str.strip_chars().cast(pl.Float64, strict=False)[0]
    assert as_worker is None or not math.isfinite(as_worker)


def test_a_table_of_faults_alone_is_counted_to_its_end() -> None:
    look = look_at_table(HEADER + b"x,y,z\n" * 30_000)
    assert (look.lines, look.faulty) == (30_000, 30_000)
    assert len(look.faults) <= 200


def test_a_field_without_end_is_a_fault() -> None:
    look = look_at_table(HEADER + b'p-01,"' + b"x" * 200_000)
    assert (look.lines, look.good) == (1, 0)


@given(st.binary(max_size=200))
def test_no_bytes_surprise_it(body: bytes) -> None:
    for whole in (body, HEADER + body):
        look = look_at_table(whole)
        assert 0 <= look.good <= look.lines
