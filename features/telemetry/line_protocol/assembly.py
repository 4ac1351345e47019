"""Putting what was read together: rows and cells become one wide table."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from features.domain.time import microseconds
from features.telemetry.line_protocol.layout import ASSET, MEASUREMENT, REVISION_SUFFIX, ROW, TIME

ROWS = pl.Schema({ROW: pl.UInt32(), ASSET: pl.String(), TIME: pl.Int64(), MEASUREMENT: pl.String()})
"""One row for each line; its time in microseconds, null where it has none."""

CELLS = pl.Schema(
    {ROW: pl.UInt32(), "name": pl.String(), "number": pl.Float64(), "whole": pl.Int64(), "text": pl.String()}
)
"""One row for each field of each line, in order; `whole` is the value of a revision."""

_MOST_CELLS = 64_000_000
_FEWEST_COLUMNS, _MOST_COLUMNS = 64, 4_096


@dataclass(frozen=True, slots=True)
class Parts:
    """Lines that were read: their rows and cells, both in order of lines."""

    rows: pl.DataFrame
    cells: pl.DataFrame

    @classmethod
    def nothing(cls) -> "Parts":
        """Return no lines."""
        return cls(ROWS.to_frame(), CELLS.to_frame())

    def without(self, numbers: Iterable[int]) -> "Parts":
        """Return the lines whose numbers are not among these."""
        unwanted = pl.Series(list(numbers), dtype=pl.UInt32)
        if not unwanted.len():
            return self
        is_wanted = ~pl.col(ROW).is_in(unwanted.implode())
        return Parts(self.rows.filter(is_wanted), self.cells.filter(is_wanted))

    def __add__(self, other: "Parts") -> "Parts":
        """Return the lines of both, in order."""
        if not other.rows.height:
            return self
        if not self.rows.height:
            return other
        rows = pl.concat([self.rows, other.rows]).sort(ROW)
        return Parts(rows, pl.concat([self.cells, other.cells]).sort(ROW, maintain_order=True))


@dataclass(frozen=True, slots=True)
class Assembled:
    """The table, and what did not fit into it.

    Attributes:
        surplus: Number of each line that names a field too many, and the first such field.
        allowed: How many different fields fit into a table of so many rows.
    """

    table: pl.DataFrame
    surplus: list[tuple[int, str]]
    allowed: int


def assembled(parts: Parts, arrived_at: datetime) -> Assembled:
    """Make the wide table; its columns stand in the order in which the lines first name them.

    The table is bounded, because a hostile body of short lines, each with a field of its own, would make one of
    rows × rows cells.
    """
    allowed = max(_FEWEST_COLUMNS, min(_MOST_COLUMNS, _MOST_CELLS // max(parts.rows.height, 1)))
    names = parts.cells["name"].unique(maintain_order=True)
    excess = names[allowed:]
    if not excess.len():
        return Assembled(_wide(parts, names.to_list(), arrived_at), [], allowed)
    too_many = parts.cells.filter(pl.col("name").is_in(excess.implode()))
    surplus = too_many.unique(ROW, keep="first", maintain_order=True).select(ROW, "name").rows()
    kept = parts.without(number for number, _ in surplus)
    left = kept.cells["name"].unique(maintain_order=True)
    return Assembled(_wide(kept, left.to_list(), arrived_at), surplus, allowed)


def _wide(parts: Parts, names: list[str], arrived_at: datetime) -> pl.DataFrame:
    time = pl.col(TIME).fill_null(microseconds(arrived_at)).cast(pl.Datetime("us", "UTC"))
    keys = parts.rows.with_columns(time)
    by_name = parts.cells.partition_by("name", as_dict=True, include_key=False)
    return keys.hstack([_column(name, by_name[name,], keys[ROW]) for name in names])


def _column(name: str, cells: pl.DataFrame, rows: pl.Series) -> pl.Series:
    """Make the column of one field; rows without it are null."""
    values = _values(name, cells).alias(name)
    if values.len() == rows.len():
        return values
    places = rows.search_sorted(cells[ROW])
    return values.clear(rows.len()).scatter(places, values)


def _values(name: str, cells: pl.DataFrame) -> pl.Series:
    if name.endswith(REVISION_SUFFIX):
        return cells["whole"]
    if cells["text"].null_count() < cells.height:
        return cells.select(pl.col("text").fill_null(pl.col("number").cast(pl.String))).to_series()
    return cells["number"]
