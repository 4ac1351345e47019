from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.domain.arrivals import Precision
from features.telemetry.line_protocol.glance import SoundLines, glance
from features.telemetry.line_protocol.layout import LineLayout
from features.telemetry.line_protocol.reader import read_lines
from features.telemetry.line_protocol.writer import write_wide_lines

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_what_our_writer_writes_is_told_at_a_glance() -> None:
    table = pl.DataFrame(
        {"asset": ["a", "b", "a"], "time": [NOW] * 3, "v": [1.5, None, -3e-7], "w": [None, 2.0, 4.0]},
        schema_overrides={"time": pl.Datetime("us", "UTC")},
    )
    body = write_wide_lines(table, measurement="pump", tenant="local")
    assert glance(body, Precision.MICROSECONDS) == SoundLines(3, frozenset({"a", "b"}))


def test_blank_lines_do_not_count_and_a_missing_asset_shows() -> None:
    body = b"m,host=x v=1,v__rev=3i 5\r\n\nm,asset_id=a v=2,v__rev=4i\n"
    assert glance(body, Precision.SECONDS) == SoundLines(2, frozenset({"a", None}))
    assert glance(body, Precision.SECONDS, LineLayout(asset_tag="host")) == SoundLines(2, frozenset({"x", None}))


@pytest.mark.parametrize(
    "body",
    [b"", b"\n", b"bad", b"#m v=1", b'm v="x"', b"m a\\ b=1", b"m v=1,v=2", b"m time=1", b"m v=1\n\xff", b"m v=nan"],
)
def test_what_takes_a_proper_reading_is_left_to_it(body: bytes) -> None:
    assert glance(body, Precision.SECONDS) is None


HEADS = st.sampled_from(["m", "m,asset_id=a", "m,asset_id=b,t=é", "#m", "m,", "m,a=b,a=c", " m", "\tm", "m\\"])
NAMES = st.sampled_from(["v", "w", "v__rev", "v__q", "a.b", "time", "__x", "", "(", "ü"])
VALUES = st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{0,3})?(e-?[0-9]{1,3})?[iu]?", fullmatch=True) | st.just("t")
FIELDS = st.lists(st.builds("{}={}".format, NAMES, VALUES), max_size=3).map(",".join)
STAMPS = st.just("") | st.integers(-5, 10**20).map(" {}".format) | st.just(" ")
LINES = st.builds("{} {}{}{}".format, HEADS, FIELDS, STAMPS, st.sampled_from(["", "\r"]))
SAME_LINES = st.tuples(LINES, st.integers(1, 3)).map(lambda both: "\n".join([both[0]] * both[1]))


@settings(max_examples=300)
@given(st.lists(LINES | SAME_LINES | st.just(""), max_size=5).map("\n".join), st.sampled_from(Precision))
@example("m v=1\nm v=1 5\nm,asset_id=b,t=é v=2 6", Precision.NANOSECONDS)
@example("m v__rev=1i 5\nm v__rev=1.5 5", Precision.NANOSECONDS)
def test_a_glance_says_what_a_reading_says(text: str, precision: Precision) -> None:
    seen = glance(text.encode(), precision)
    if seen is not None:
        read = read_lines(text.encode(), precision, NOW)
        assert read.faults == []
        assert seen == SoundLines(read.table.height, frozenset(read.table["asset_id"]))
