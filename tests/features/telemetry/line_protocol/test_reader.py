from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.domain.arrivals import Precision
from features.telemetry.line_protocol.layout import KEY_COLUMNS, ROW, LineFault, LineLayout, LineTable
from features.telemetry.line_protocol.reader import read_lines, read_lines_exactly, read_lines_fast
from pipelines.ingest import tables

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
READERS = pytest.mark.parametrize("read", [read_lines_fast, read_lines_exactly, read_lines])
NARROW = LineLayout(asset_tag="host", measurement_is_pack=False, signal_tag="name")


def _cells(result: LineTable) -> list[dict[str, object]]:
    return [
        {name: cell for name, cell in row.items() if cell is not None and name not in KEY_COLUMNS}
        for row in result.table.iter_rows(named=True)
    ]


def _only_fault(body: bytes, precision: Precision = Precision.NANOSECONDS) -> LineFault:
    results = [read(body, precision, NOW) for read in (read_lines_fast, read_lines_exactly)]
    assert results[0].faults == results[1].faults
    (fault,) = results[0].faults
    return fault


def test_the_number_of_a_line_is_called_as_in_all_other_tables() -> None:
    assert ROW == tables.ROW


@READERS
def test_a_line_of_ours_becomes_a_row(read) -> None:  # type: ignore[no-untyped-def]
    body = b"pump,asset_id=p-01,tenant=x flow=1.5,speed=1480,speed__rev=3i,speed__q=2i 1772352000000001\n"
    result = read(body, Precision.MICROSECONDS, NOW)
    assert result.faults == []
    assert result.table.rows(named=True) == [
        {
            "__row__": 1,
            "asset_id": "p-01",
            "time": datetime(2026, 3, 1, 8, 0, 0, 1, tzinfo=UTC),
            "measurement": "pump",
            "flow": 1.5,
            "speed": 1480.0,
            "speed__rev": 3,
        }
    ]
    kinds = [pl.UInt32, pl.String, pl.Datetime("us", "UTC"), pl.String, pl.Float64, pl.Float64, pl.Int64]
    assert result.table.dtypes == kinds


@READERS
def test_every_type_of_value_is_read(read) -> None:  # type: ignore[no-untyped-def]
    body = b'm a=1,b=-2i,c=3u,d=T,e=false,f="on, \\"or\\" off",g=1e-7,h=.5,i=+2.,j=18446744073709551615u'
    (cells,) = _cells(read(body, Precision.NANOSECONDS, NOW))
    assert cells == {
        "a": 1.0,
        "b": -2.0,
        "c": 3.0,
        "d": "true",
        "e": "false",
        "f": 'on, "or" off',
        "g": 1e-7,
        "h": 0.5,
        "i": 2.0,
        "j": float(2**64 - 1),
    }


@READERS
@pytest.mark.parametrize(
    ("precision", "stamp"),
    [
        (Precision.NANOSECONDS, b"1772352000000001999"),
        (Precision.MICROSECONDS, b"1772352000000001"),
    ],
)
def test_a_timestamp_is_read_in_its_unit_and_cut_to_microseconds(read, precision, stamp) -> None:  # type: ignore[no-untyped-def]
    table = read(b"m a=1 " + stamp, precision, NOW).table
    assert table["time"].to_list() == [datetime(2026, 3, 1, 8, 0, 0, 1, tzinfo=UTC)]


@READERS
def test_a_line_without_timestamp_was_measured_when_it_arrived(read) -> None:  # type: ignore[no-untyped-def]
    table = read(b"m a=1\nm a=2 \nm a=3 -1", Precision.SECONDS, NOW).table
    assert table["time"].to_list() == [NOW, NOW, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)]


@READERS
def test_blank_lines_comments_and_carriage_returns_are_no_faults(read) -> None:  # type: ignore[no-untyped-def]
    body = b"\xef\xbb\xbf# a comment\r\n\r\n  \t\nm,asset_id=a v=1 1\r\n #m,asset_id=b v=2 1\nm,asset_id=c v=3 1\r\n\n"
    result = read(body, Precision.SECONDS, NOW)
    assert result.faults == []
    assert result.table.select(ROW, "asset_id", "v").rows() == [(4, "a", 1.0), (6, "c", 3.0)]


@READERS
def test_escapes_are_undone(read) -> None:  # type: ignore[no-untyped-def]
    body = rb"my\ pump\,s,asset_id=a\=b\,c\ d flow\ rate\=x=1,path\to=2"
    result = read(body, Precision.SECONDS, NOW)
    assert result.table.select("measurement", "asset_id").row(0) == ("my pump,s", "a=b,c d")
    assert _cells(result) == [{"flow rate=x": 1.0, "path\\to": 2.0}]


@READERS
def test_a_quoted_text_may_hold_whole_lines(read) -> None:  # type: ignore[no-untyped-def]
    body = b'm note="one\nm,asset_id=no v=1 1\n# two",v=2 7\nm v=3 8'
    result = read(body, Precision.SECONDS, NOW)
    assert result.faults == []
    assert result.table[ROW].to_list() == [1, 4]
    assert result.table["note"].to_list() == ["one\nm,asset_id=no v=1 1\n# two", None]


@READERS
def test_a_quote_that_never_ends_costs_its_own_line_only(read) -> None:  # type: ignore[no-untyped-def]
    body = b'm note="one 1\nm,asset_id=a v=1 1\nm note="two" 2'
    result = read(body, Precision.SECONDS, NOW)
    assert [(fault.line, fault.column) for fault in result.faults] == [(1, 8)]
    assert result.table[ROW].to_list() == [2, 3]


@READERS
def test_one_asset_and_time_twice_stays_two_rows(read) -> None:  # type: ignore[no-untyped-def]
    table = read(b"m,asset_id=a v=1 1\nm,asset_id=a v=2 1", Precision.SECONDS, NOW).table
    assert table["v"].to_list() == [1.0, 2.0]


@READERS
def test_a_field_that_is_text_once_is_text_everywhere(read) -> None:  # type: ignore[no-untyped-def]
    table = read(b'm v=1.5\nm v="on"', Precision.SECONDS, NOW).table
    assert table["v"].to_list() == ["1.5", "on"]


@READERS
@pytest.mark.parametrize(("body", "count"), [(b"", 0), (b"\n", 0), (b"#x", 0), (b"bad", 1)])
def test_a_body_without_good_lines_gives_an_empty_table(read, body, count) -> None:  # type: ignore[no-untyped-def]
    result = read(body, Precision.SECONDS, NOW)
    assert (result.table.height, len(result.faults)) == (0, count)
    assert result.table.columns == list(KEY_COLUMNS)


@READERS
def test_other_layouts_name_asset_and_signal_elsewhere(read) -> None:  # type: ignore[no-untyped-def]
    body = b"opcua,host=p-1,name=speed value=5,value__rev=2i,quality=1 1\nopcua,name=flow,host=p-1 value=6 1"
    result = read(body, Precision.SECONDS, NOW, NARROW)
    assert result.table.select("asset_id", "measurement").rows() == [("p-1", None), ("p-1", None)]
    assert _cells(result) == [{"speed": 5.0, "speed__rev": 2, "quality": 1.0}, {"flow": 6.0}]
    table = read(b"p-7 v=1 1", Precision.SECONDS, NOW, LineLayout(asset_tag=None, measurement_is_pack=False)).table
    assert table.select("asset_id", "measurement").rows() == [("p-7", None)]


def test_a_missing_asset_is_null() -> None:
    assert read_lines(b"m,host=a v=1 1", Precision.SECONDS, NOW).table["asset_id"].to_list() == [None]


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        (b"bad", 4, "fields after its tags"),
        (b",a=1 v=1", 1, "begin with its measurement"),
        (b"m,a v=1", 4, "value after an equals sign; found ` v=1`"),
        (b"m,a= v=1", 5, "have a value"),
        (b"m,a=1,a=2 v=1", 7, "stand once in a line"),
        (b"m v", 4, "found the end of the line"),
        (b"m v= 1", 5, "finite number"),
        (b"m v=1,", 7, "have a name"),
        (b"m v=1,v=2", 7, "stand once in a line"),
        (b"m v=NaN", 5, "found `NaN`"),
        (b"m v=1e400", 5, "found `1e400`"),
        (b"m v=9223372036854775808i", 5, "found `9223372036854775808i`"),
        (b"m v=" + b"9" * 5000 + b"i", 5, "finite number"),
        (b"m v=-1u", 5, "found `-1u`"),
        (b"m v=abc", 5, "found `abc`"),
        (b'm v="a', 5, "end with a quote"),
        (b'm v="a"b', 8, "separated by commas"),
        (b"m v=1 x", 7, "whole number of 64 bits"),
        (b"m v=1 1.5", 7, "whole number of 64 bits"),
        (b"m v=1 99999999999999999999", 7, "whole number of 64 bits"),
        (b"m v=1 1 2", 8, "end after its timestamp"),
        (b"m v=1\r 1", 6, "end after its timestamp"),
        (b"m \xff=1", 3, "the byte 0xff, which is no UTF-8"),
        (b"m v=1,v__rev=1.5", 7, "whole number of 64 bits; found `1.5`"),
        (b'm v=1,v__rev="3"', 7, "whole number of 64 bits"),
        (b"m time=1", 3, "called otherwise"),
        (b"m __row__=1", 3, "called otherwise"),
    ],
)
def test_a_fault_says_where_and_what(line: bytes, column: int, words: str) -> None:
    fault = _only_fault(b"m,asset_id=a ok=1 1\n" + line + b"\nm,asset_id=b ok=2 2")
    assert (fault.line, fault.column) == (2, column)
    assert words in fault.detail
    assert fault.content == line.decode(errors="replace")


@pytest.mark.parametrize(
    ("precision", "stamp"),
    [
        (Precision.SECONDS, 253_402_300_800),
        (Precision.SECONDS, -62_135_596_801),
        (Precision.MILLISECONDS, 253_402_300_800_000),
        (Precision.MICROSECONDS, -(1 << 63)),
        (Precision.SECONDS, (1 << 63) - 1),
    ],
)
def test_a_time_outside_of_the_years_1_to_9999_is_a_fault(precision: Precision, stamp: int) -> None:
    fault = _only_fault(f"m v=1 {stamp}".encode(), precision)
    assert fault.column == 7
    assert "years 1 to 9999" in fault.detail


def test_a_hostile_number_of_fields_is_bounded() -> None:
    body = b"\n".join(b"m f%d=1 1" % number for number in range(5_000))
    result = read_lines(body, Precision.SECONDS, NOW)
    assert result.table.shape == (4_096, 4_100)
    assert [fault.line for fault in result.faults] == list(range(4_097, 5_001))
    assert "at most 4096 different fields; found one more, `f4096`" in result.faults[0].detail


def test_a_flood_of_faults_is_told_in_bounded_number_and_loses_no_line() -> None:
    result = read_lines(b"bad\n" * 10_500, Precision.SECONDS, NOW)
    assert len(result.faults) == 10_001
    assert result.faults[-1].content.count("bad") == 500
    assert "499 more bad lines" in result.faults[-1].detail


NUMBERS = st.from_regex(r"[+-]?[0-9]{0,25}\.?[0-9]{0,5}([eE][+-]?[0-9]{1,4})?[iu]?", fullmatch=True)
ODD_VALUES = st.sampled_from(["t", "F", "true", "inf", "NaN", '"a b"', '"x\ny"', "1_0", "+", "i", "0x1"])
NAMES = st.sampled_from(["v", "w", "v__rev", "v__q", "time", "", "a\\ b", "value", "__x", "é"])
PAIRS = st.builds("{}={}".format, NAMES, NUMBERS | ODD_VALUES)
GOOD_HEADS = st.sampled_from(["m", "m,asset_id=a", "m\\,x,host=h,name=v"])
HEADS = GOOD_HEADS | st.sampled_from(["m,asset_id=a,asset_id=b", "m,", "#m", " m", "\tm", ""])
WHOLE_STAMPS = st.integers(-(10**20), 10**20).map(" {}".format)
STAMPS = st.just("") | WHOLE_STAMPS | st.sampled_from([" ", " x", "  5", " +5"])
ENDS = st.sampled_from(["", "\r"])
LINES = st.builds("{} {}{}{}".format, HEADS, st.lists(PAIRS, max_size=4).map(",".join), STAMPS, ENDS)
NOISE = st.text(alphabet='m,= "\\\r\n\t#1.ie+-é', max_size=30)
BODIES = st.lists(st.one_of(LINES, NOISE), max_size=6).map("\n".join).map(str.encode)
DAMAGED = st.tuples(BODIES, st.integers(0, 60)).map(lambda both: both[0][: both[1]] + b"\xff" + both[0][both[1] :])


@settings(max_examples=200)
@given(st.one_of(BODIES, DAMAGED), st.sampled_from(Precision), st.sampled_from([LineLayout(), NARROW]))
@example(b"m v=1=2 5\nm v=+i\nm v=.\nm v=+.5\nm v=00000000000000000000000001i", Precision.SECONDS, LineLayout())
def test_the_fast_way_reads_what_the_exact_way_reads(body: bytes, precision: Precision, layout: LineLayout) -> None:
    fast = read_lines_fast(body, precision, NOW, layout)
    exact = read_lines_exactly(body, precision, NOW, layout)
    assert fast.faults == exact.faults
    assert fast.table.equals(exact.table)
    assert fast.table.schema == exact.table.schema
