import io

import polars as pl

from experiments.bench.fleet import fleet_table
from experiments.bench.loopback import Answers

TABLE = fleet_table(3, ["speed", "flow"])


def test_influxql_is_answered_with_the_columns_asked_for_and_a_sign_of_its_end() -> None:
    answer = Answers(TABLE).to_influxql('SELECT "asset_id", "flow", "flow__q" FROM "pump"; SHOW DATABASES')
    rows, end = answer.split(b"\n\n")
    frame = pl.read_csv(io.BytesIO(rows))
    assert frame.columns == ["name", "tags", "time", "asset_id", "flow", "flow__q"]
    assert frame["flow"].to_list() == TABLE["flow"].to_list()
    assert frame["flow__q"].null_count() == 3
    assert frame["time"][0] == 1_772_352_000_000_000_000
    assert end.startswith(b"name,tags,name\n")


def test_influxql_grouped_by_asset_is_answered_asset_by_asset() -> None:
    table = fleet_table(2_001, ["speed"]).reverse()
    answer = Answers(table).to_influxql('SELECT "speed" FROM "pump" GROUP BY "asset_id"; SHOW DATABASES')
    frame = pl.read_csv(io.BytesIO(answer.split(b"\n\n")[0]))
    assert frame.columns == ["name", "tags", "time", "speed"]
    assert frame["tags"].to_list() == ["asset_id=pump-0000"] * 2_000 + ["asset_id=pump-0001"]
    assert frame["speed"].to_list() == table["speed"].to_list()[:0:-1] + table["speed"].to_list()[:1]


def test_flux_is_answered_with_annotations_and_one_row_for_each_time() -> None:
    lines = Answers(TABLE).to_flux("… |> pivot(…)").decode().split("\r\n")
    assert lines[0] == "#datatype,string,long,dateTime:RFC3339,string,double,double"
    assert lines[3] == ",result,table,_time,asset_id,speed,flow"
    assert lines[4] == f",,0,2026-03-01T08:00:00Z,pump-0000,{TABLE['speed'][0]},{TABLE['flow'][0]}"
    assert len(lines) == 8


def test_flux_without_a_pivot_is_answered_with_one_row_for_each_reading() -> None:
    lines = Answers(TABLE).to_flux("from(…)").decode().split("\r\n")
    assert lines[:2] == [
        "#datatype,string,long,dateTime:RFC3339,string,string,double",
        "#group,false,false,false,true,true,false",
    ]
    assert lines[3] == ",result,table,_time,asset_id,_field,_value"
    assert [line.split(",")[2] for line in lines[4:-1]] == ["0"] * 3 + ["1"] * 3
    assert lines[4] == f",,0,2026-03-01T08:00:00Z,pump-0000,flow,{TABLE['flow'][0]}"
