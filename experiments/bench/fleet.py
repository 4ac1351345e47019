"""The readings that benchmarks write and read: a fleet of the shipped pump, with values as sensors give them."""

import numpy as np
import polars as pl

from features.packs.loader import load_pack
from features.telemetry.readings import READINGS

PACK = "pump"
TENANT = "local"
_START_US = 1_772_352_000_000_000  # 2026-03-01T08:00:00Z
_SECOND_US = 1_000_000
_DECIMALS = 3
_ROWS_OF_AN_ASSET = 2_000


def fleet_signals(count: int) -> list[str]:
    """Return the first signals of the pack, in its order."""
    return [str(signal.id) for signal in load_pack(PACK).signals][:count]


def fleet_table(rows: int, signals: list[str], seed: int = 0) -> pl.DataFrame:
    """Return a wide table: `asset`, `time` and the signals; each asset once a second, three decimals, no gaps.

    Sorted by asset and time.

    Examples:
        >>> fleet_table(3, ["speed"])["asset"].to_list()
        ['pump-0000', 'pump-0000', 'pump-0000']
    """
    generator = np.random.default_rng(seed)
    numbers = np.arange(rows)
    times = _START_US + (numbers % _ROWS_OF_AN_ASSET) * _SECOND_US
    assets = [f"pump-{number:04d}" for number in numbers // _ROWS_OF_AN_ASSET]
    values = {name: generator.normal(100.0, 30.0, rows).round(_DECIMALS) for name in signals}
    return pl.DataFrame({"asset": assets, "time": pl.Series(times).cast(pl.Datetime("us", "UTC")), **values})


def long_form(table: pl.DataFrame) -> pl.DataFrame:
    """Return a wide table as readings in the long form, without revisions, sorted by key."""
    long = table.unpivot(index=["asset", "time"], variable_name="signal", value_name="value")
    kept = long.drop_nulls("value").with_columns(pl.lit(0, dtype=pl.Int64).alias("revision"))
    return kept.select(READINGS.names()).sort("asset", "signal", "time")
