"""Many small bodies of line protocol read at once: what reading costs hardly depends on how much there is to read."""

import codecs
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import polars as pl

from features.domain.arrivals import Arrival
from features.telemetry.line_protocol.layout import ROW, TIME, LineTable
from features.telemetry.line_protocol.reader import read_lines
from pipelines.ingest.origin import ARRIVED, COLUMNS, Origin

_UNSTATED = datetime(1, 1, 1, microsecond=1, tzinfo=UTC)
"""Stands for the time of lines that have none, until it is known in which delivery they came."""


def is_plain(body: bytes) -> bool:
    """Say whether every line of a body ends with its line feed: without quotes and escapes none can go on."""
    return not (b'"' in body or b"\\" in body or body.startswith(codecs.BOM_UTF8))


def read_plain_bodies(
    arrivals: Sequence[tuple[Arrival, Origin]],
) -> Iterator[tuple[LineTable, Origin]]:
    """Yield what deliveries of one precision say, as few tables as can be, each row with where it came from.

    A delivery in which something is wrong is read alone, so that no sender suffers for another: the origin that comes
    with a table is that of its faults.

    Args:
        arrivals: Deliveries whose bodies are plain.
    """
    if len(arrivals) == 1:
        ((arrival, origin),) = arrivals
        read = read_lines(arrival.body, arrival.precision, arrival.arrived_at)
        yield LineTable(origin.stamped(read.table), read.faults), origin
        return
    bodies = [arrival.body if arrival.body.endswith(b"\n") else arrival.body + b"\n" for arrival, _ in arrivals]
    read = read_lines(b"".join(bodies), arrivals[0][0].precision, _UNSTATED)
    if read.faults:
        middle = len(arrivals) // 2
        yield from read_plain_bodies(arrivals[:middle])
        yield from read_plain_bodies(arrivals[middle:])
        return
    origins = [origin for _, origin in arrivals]
    yield LineTable(_stamped(read.table, origins, [body.count(b"\n") for body in bodies]), []), origins[0]


def _stamped(table: pl.DataFrame, origins: Sequence[Origin], lines: Sequence[int]) -> pl.DataFrame:
    """Return rows as if each body had been read alone, with where they came from."""
    before = pl.Series([0, *lines[:-1]], dtype=pl.UInt32).cum_sum()
    place = before.search_sorted(table[ROW], side="left") - 1
    cells = zip(*((each.source, each.arrived_at, each.channel, each.offset) for each in origins), strict=True)
    columns = [
        pl.Series(name, values, dtype=kind).gather(place)
        for (name, kind), values in zip(COLUMNS.items(), cells, strict=True)
    ]
    stated = pl.col(TIME) != pl.lit(_UNSTATED)
    return table.with_columns(columns).with_columns(
        (pl.col(ROW) - before.gather(place)).cast(pl.UInt32).alias(ROW),
        pl.when(stated).then(pl.col(TIME)).otherwise(pl.col(ARRIVED)).alias(TIME),
    )
