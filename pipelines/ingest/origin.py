"""Where rows came from, as columns beside them: so that many deliveries can be taken as one table.

A table without these columns came from one place, which its taker names.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

SOURCE, ARRIVED, CHANNEL, OFFSET = "__source__", "__arrived__", "__channel__", "__offset__"

COLUMNS = pl.Schema({SOURCE: pl.String(), ARRIVED: pl.Datetime("us", "UTC"), CHANNEL: pl.String(), OFFSET: pl.Int64()})


@dataclass(frozen=True, slots=True)
class Origin:
    """One delivery.

    Attributes:
        source: The name under which parts of it are set aside.
        arrived_at: When it arrived, by our clock.
        channel: The way it came.
        offset: Its place in the spool.
    """

    source: str
    arrived_at: datetime
    channel: str
    offset: int

    def stamped(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with where they came from."""
        cells = zip(COLUMNS.items(), (self.source, self.arrived_at, self.channel, self.offset), strict=True)
        return rows.with_columns(pl.lit(cell, kind).alias(name) for (name, kind), cell in cells)


def is_hidden(name: str) -> bool:
    """Say whether a column is one of ours that was put beside the data."""
    return name.startswith("__")
