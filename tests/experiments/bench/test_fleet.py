import polars as pl

from experiments.bench.fleet import fleet_signals, fleet_table, long_form
from features.telemetry.readings import checked_readings


def test_the_fleet_has_each_key_once_and_is_sorted() -> None:
    table = fleet_table(4_500, fleet_signals(2))
    assert table.select("asset", "time").is_unique().all()
    assert table.equals(table.sort("asset", "time"))
    assert table["asset"].n_unique() == 3


def test_the_long_form_is_what_stores_take() -> None:
    table = fleet_table(10, fleet_signals(3))
    readings = checked_readings(long_form(table))
    assert readings.height == 30
    wide = readings.pivot(on="signal", index=["asset", "time"], values="value").sort("asset", "time")
    assert wide.select(table.columns).equals(table)
    assert readings["revision"].dtype == pl.Int64
