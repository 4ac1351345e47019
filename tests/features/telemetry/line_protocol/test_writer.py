import math
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.arrivals import Precision
from features.telemetry.errors import RefusedReadings
from features.telemetry.line_protocol.layout import KEY_COLUMNS
from features.telemetry.line_protocol.reader import read_lines
from features.telemetry.line_protocol.writer import escaped, write_lines, write_wide_lines
from features.telemetry.readings import READINGS

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
MOMENT = datetime(2026, 3, 1, 8, 0, 0, 1, tzinfo=UTC)
TIME = pl.Datetime("us", "UTC")


def _long(*rows: tuple[str, str, datetime, float, int]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=READINGS, orient="row")


def _wide(columns: dict[str, list[object]], assets: list[str] | None = None) -> pl.DataFrame:
    height = len(next(iter(columns.values())))
    keys = {"asset": assets or ["a"] * height, "time": [MOMENT + timedelta(seconds=row) for row in range(height)]}
    return pl.DataFrame({**keys, **columns}, schema_overrides={"time": TIME}, strict=False)


def test_readings_of_one_asset_and_time_share_a_line() -> None:
    readings = _long(("b", "speed", MOMENT, 1480.0, 0), ("a", "speed", MOMENT, 1.5, 2), ("a", "flow", MOMENT, 1e-7, 0))
    assert write_lines(readings, measurement="pump", tenant="local").decode().splitlines() == [
        "pump,asset_id=a,tenant=local flow=1e-7,speed=1.5,speed__rev=2i 1772352000000001",
        "pump,asset_id=b,tenant=local speed=1480.0 1772352000000001",
    ]


def test_first_revisions_and_verdicts_are_written_when_asked_for() -> None:
    readings = _long(("a", "v", MOMENT, 1.0, 0), ("a", "w", MOMENT, 2.0, 1)).with_columns(
        pl.Series("verdict", [4, None], dtype=pl.Int64)
    )
    body = write_lines(readings, measurement="m", precision=Precision.NANOSECONDS, with_first_revisions=True)
    assert body == b"m,asset_id=a v=1.0,v__q=4i,v__rev=0i,w=2.0,w__rev=1i 1772352000000001000"


def test_a_row_without_any_value_writes_no_line() -> None:
    table = _wide({"v": [None, 1.0, None], "w": [None, None, 2.0]})
    assert write_wide_lines(table, measurement="m").decode().splitlines() == [
        "m,asset_id=a v=1.0 1772352001000001",
        "m,asset_id=a w=2.0 1772352002000001",
    ]


@pytest.mark.parametrize("table", [_wide({"v": [None]}), _wide({"v": [1.0]}).clear(), _wide({"v": [1.0]}).drop("v")])
def test_nothing_measured_writes_nothing(table: pl.DataFrame) -> None:
    assert write_wide_lines(table, measurement="m") == b""


def test_no_readings_write_nothing() -> None:
    assert write_lines(READINGS.to_frame(), measurement="m") == b""


def test_names_are_escaped() -> None:
    table = _wide({"flow rate,=": [1.0], "state": ['on "x" \\ y']}, ["a b=c,d"])
    body = write_wide_lines(table, measurement="my pump,=", tenant="t t")
    line = r'my\ pump\,=,asset_id=a\ b\=c\,d,tenant=t\ t flow\ rate\,\==1.0,state="on \"x\" \\ y" 1772352000000001'
    assert body.decode() == line


@pytest.mark.parametrize("name", ["", "a\nb", "a\rb", "a\\"])
def test_a_name_that_line_protocol_cannot_carry_is_refused(name: str) -> None:
    with pytest.raises(RefusedReadings, match="no line break and no backslash at its end"):
        escaped(name, "a signal")
    with pytest.raises(RefusedReadings, match="an asset must"):
        write_wide_lines(_wide({"v": [1.0]}, [name]), measurement="m")
    with pytest.raises(RefusedReadings, match="a signal must"):
        write_lines(_long(("a", name, MOMENT, 1.0, 0)), measurement="m")
    with pytest.raises(RefusedReadings, match="a measurement must"):
        write_lines(_long(("a", "v", MOMENT, 1.0, 0)), measurement=name)


def test_a_measurement_that_would_be_a_comment_is_refused() -> None:
    with pytest.raises(RefusedReadings, match="makes a comment"):
        write_lines(_long(("a", "v", MOMENT, 1.0, 0)), measurement="#m")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(RefusedReadings, match="must be finite"):
        write_wide_lines(_wide({"v": [value, 1.0]}), measurement="m")
    with pytest.raises(RefusedReadings, match="must be finite"):
        write_lines(_long(("a", "v", MOMENT, value, 0)), measurement="m")


def test_a_key_that_occurs_twice_is_refused() -> None:
    with pytest.raises(RefusedReadings, match="occur once"):
        write_lines(_long(("a", "v", MOMENT, 1.0, 0), ("a", "v", MOMENT, 2.0, 1)), measurement="m")


def test_a_frame_of_another_form_is_refused() -> None:
    readings = _long(("a", "v", MOMENT, 1.0, 0))
    for wrong in (readings.drop("revision"), readings.with_columns(pl.lit(1).alias("more"))):
        with pytest.raises(RefusedReadings, match="a frame of readings must have the columns"):
            write_lines(wrong, measurement="m")
    with pytest.raises(RefusedReadings, match="no nulls"):
        write_lines(readings.with_columns(pl.lit(None, dtype=pl.Float64).alias("value")), measurement="m")
    with pytest.raises(RefusedReadings, match="column time"):
        write_wide_lines(_wide({"v": [1.0]}).with_columns(pl.col("time").dt.replace_time_zone(None)), measurement="m")


def test_a_time_that_nanoseconds_cannot_carry_is_refused() -> None:
    readings = _long(("a", "v", datetime(2300, 1, 1, tzinfo=UTC), 1.0, 0))
    assert write_lines(readings, measurement="m").endswith(b" 10413792000000000")
    with pytest.raises(RefusedReadings, match="nanoseconds"):
        write_lines(readings, measurement="m", precision=Precision.NANOSECONDS)
    with pytest.raises(RefusedReadings, match="ns or us"):
        write_lines(readings, measurement="m", precision=Precision.SECONDS)


TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)
NAMES = TEXTS.filter(
    lambda name: name and not name.endswith("\\") and not set(name) & set("\n\r") and not name.startswith("__")
).filter(lambda name: name not in {"asset", *KEY_COLUMNS} and not name.endswith(("__rev", "__q")))
FINITE = st.floats(allow_nan=False, allow_infinity=False)
TIMES = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))


@given(
    st.lists(st.tuples(NAMES, TIMES), min_size=1, max_size=5),
    st.lists(NAMES, min_size=1, max_size=4, unique=True),
    NAMES.filter(lambda name: name[0] not in "# \t"),
    st.data(),
)
def test_what_is_written_reads_back_alike(
    keys: list[tuple[str, datetime]], signals: list[str], measurement: str, data: st.DataObject
) -> None:
    kinds: dict[str, pl.DataType] = {name: data.draw(st.sampled_from([pl.Float64(), pl.String()])) for name in signals}
    cells = {pl.Float64(): FINITE, pl.String(): TEXTS}
    columns = {
        name: data.draw(st.lists(st.none() | cells[kind], min_size=len(keys), max_size=len(keys)))
        for name, kind in kinds.items()
    }
    table = pl.DataFrame(keys, schema={"asset": pl.String(), "time": TIME}, orient="row").with_columns(
        [pl.Series(name, column, dtype=kinds[name]) for name, column in columns.items()]
    )
    result = read_lines(write_wide_lines(table, measurement=measurement), Precision.MICROSECONDS, NOW)
    assert result.faults == []
    expected = table.filter(pl.any_horizontal(pl.col(signals).is_not_null()))
    present = [name for name in signals if expected[name].null_count() < expected.height]
    found = result.table.rename({"asset_id": "asset"})
    assert found.select("asset", "time", *present).equals(expected.select("asset", "time", *present))
    assert set(found["measurement"]) <= {measurement}


@given(st.lists(FINITE, min_size=1, max_size=20))
def test_floats_read_back_bit_for_bit(values: list[float]) -> None:
    body = write_wide_lines(_wide({"v": list(values)}), measurement="m")
    read = read_lines(body, Precision.MICROSECONDS, NOW).table["v"].to_list()
    assert [value.hex() for value in read] == [value.hex() for value in values]
