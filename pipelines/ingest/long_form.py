"""Readings in the long form, from the columns of a wide table whose rows have their keys."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from features.telemetry.readings import READINGS
from pipelines.ingest.keys import ASSET, TIME
from pipelines.ingest.origin import OFFSET, SOURCE
from pipelines.ingest.tables import ROW

KEPT = pl.Schema({**READINGS, OFFSET: pl.Int64()})
"""Readings in the long form, with the offset of the delivery that brought them; 0 where there was none."""

_CELLS_AT_ONCE = 500_000


@dataclass(frozen=True, slots=True)
class RowKeys:
    """What belongs to every reading of a row, apart from the columns of a table that may be very wide.

    Attributes:
        readings: Columns `asset`, `time`, `OFFSET` and `revision`, the last as the row says, 0 where it says nothing.
        items: Columns `ROW`, `ASSET`, the clock and `SOURCE`.
        clock: The column that says when: `time` or `life`.
    """

    readings: pl.DataFrame
    items: pl.DataFrame
    clock: str

    @classmethod
    def of(cls, rows: pl.DataFrame, of_rows: pl.Series, source: str) -> "RowKeys":
        """Take the key columns of a table.

        Args:
            rows: The rows that have a key.
            of_rows: The revision of each row, null where it has none.
            source: The name under which cells are set aside, where rows do not say themselves where they came from.
        """
        names = frozenset(rows.columns)
        clock = "time" if "time" in names else "life"
        offset = pl.col(OFFSET) if OFFSET in names else pl.lit(0, pl.Int64).alias(OFFSET)
        origin = pl.col(SOURCE) if SOURCE in names else pl.lit(source).alias(SOURCE)
        revision = of_rows.fill_null(0).alias("revision")
        readings = rows.select(pl.col(ASSET).alias("asset"), pl.col(TIME).alias("time"), revision, offset)
        return cls(readings, rows.select(ROW, ASSET, clock, origin), clock)


def column_readings(key: RowKeys, signal: str, values: pl.Series, revisions: pl.Series) -> pl.DataFrame:
    """Return the readings of one signal in the form `KEPT`; a null is none."""
    cells = (pl.lit(signal).alias("signal"), values.alias("value"), revisions.alias("revision"))
    return key.readings.with_columns(cells).filter(pl.col("value").is_not_null()).select(*KEPT.names())


def many_readings(key: RowKeys, columns: Sequence[pl.Series]) -> list[pl.DataFrame]:
    """Do the same for columns of numbers that bear the revision of their row: many at once, since each costs time."""
    width = max(1, _CELLS_AT_ONCE // max(key.readings.height, 1))
    hidden = {name: f"__{name}__" for name in ("asset", "time", "revision", OFFSET)}  # a signal may be called so
    keys = key.readings.rename(hidden)
    shown = {new: old for old, new in hidden.items()} | {"__signal__": "signal", "__value__": "value"}
    return [
        keys.hstack(list(columns[start : start + width]))
        .unpivot(index=keys.columns, variable_name="__signal__", value_name="__value__")
        .filter(pl.col("__value__").is_not_null())
        .rename(shown)
        .select(*KEPT.names())
        for start in range(0, len(columns), width)
    ]
