"""Whatever order an answer comes in, the forms come out in the order of the contract, with every reading once."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.identifiers import DEFAULT_TENANT
from features.telemetry.influx.forms import in_order, long_form
from features.telemetry.influx.server import InfluxServer
from features.telemetry.influx.store import InfluxTelemetryStore
from tests.features.telemetry.contract import at, frame
from tests.features.telemetry.influx.fake import FakeInflux, Fault

NAMES = ["speed", "flow"]
SCHEMA = {"asset": pl.String(), "time": pl.Int64()} | {
    name + suffix: kind
    for name in NAMES
    for suffix, kind in (("", pl.Float64()), ("__rev", pl.Int64()), ("__q", pl.Int64()))
}
_values, _wholes = st.none() | st.sampled_from([0.0, -0.0, 1.5]), st.none() | st.integers(0, 3)
_rows = st.dictionaries(
    st.tuples(st.sampled_from([None, "a", "B", "é", "a-", "b b"]), st.integers(0, 9)),
    st.tuples(_values, _wholes, _wholes, _values, _wholes, _wholes),
    min_size=1,
).map(lambda by_key: pl.DataFrame([(*key, *row) for key, row in by_key.items()], schema=SCHEMA, orient="row"))


@given(_rows)
def test_rows_come_out_by_asset_and_time(rows: pl.DataFrame) -> None:
    expected = rows.sort("asset", "time")
    assert in_order(rows).equals(expected)
    assert in_order(expected).equals(expected)


def test_rows_in_order_are_not_touched() -> None:
    rows = pl.DataFrame({"asset": ["a", "a", "b"], "time": [1, 2, 0]})
    assert in_order(rows) is rows


@given(_rows)
def test_the_long_form_has_every_reading_once_and_in_order(rows: pl.DataFrame) -> None:
    readings = [
        (row["asset"], name, row["time"], row[name], row[f"{name}__rev"] or 0, row[f"{name}__q"] or 0)
        for row in rows.iter_rows(named=True)
        for name in NAMES
        if row[name] is not None
    ]
    expected = sorted(readings, key=lambda each: (each[0] is not None, each[0] or "", *each[1:3]))
    assert [repr(row) for row in long_form(rows, NAMES).rows()] == [repr(row) for row in expected]


@given(_rows)
def test_what_was_not_asked_for_counts_as_zero(rows: pl.DataFrame) -> None:
    found = long_form(rows.drop("speed__q", "flow__q"), NAMES)
    assert found.equals(long_form(rows, NAMES).with_columns(pl.lit(0, pl.Int64()).alias("verdict")))


@pytest.mark.parametrize("version", ["1.6.7", "3.0.1"])
def test_an_answer_out_of_order_is_put_in_order(tmp_path: Path, version: str) -> None:
    readings = frame(("a", "flow", at(1), 1.0, 0), ("a", "speed", at(0), 2.0, 0), ("b", "speed", at(0), 3.0, 0))
    noon = 1_772_323_200_000_000_000
    if version == "3.0.1":
        head, path = "iox::measurement,time,asset_id,speed,flow\n", "/api/v3/query_influxql"
        stamps = ["2026-03-01T00:00:00", "2026-03-01T00:01:00"]
        keys = [f"pump,{stamps[0]},b", f"pump,{stamps[1]},a", f"pump,{stamps[0]},a"]
        end = ""
    else:
        head, path = "name,tags,time,speed,flow\n", "/query"
        keys = [f"pump,asset_id=b,{noon}", f"pump,asset_id=a,{noon + 60_000_000_000}", f"pump,asset_id=a,{noon}"]
        end = "\nname,tags,name\ndatabases,,plant\n"
    body = head + f"{keys[0]},3,\n{keys[1]},,1\n{keys[2]},2,\n" + end
    with FakeInflux(version, databases=("plant",)).running() as fake:
        server = InfluxServer(fake.url, "plant", org="acme")
        with InfluxTelemetryStore(server, "pump", [], tmp_path / "changes.sqlite") as store:
            store.write(DEFAULT_TENANT, readings)
            expected = store.read_wide(DEFAULT_TENANT, signals=NAMES)
            fake.faults.append(Fault(path, 200, body.encode()))
            assert store.read(DEFAULT_TENANT, signals=NAMES).equals(readings)
            fake.faults.append(Fault(path, 200, body.encode()))
            assert store.read_wide(DEFAULT_TENANT, signals=NAMES).equals(expected)
            assert not fake.faults
