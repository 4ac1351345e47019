"""Arrivals as tables: what one tenant was sent, many deliveries put together."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from features.domain.arrivals import Arrival, ArrivalForm, Precision
from features.quality.verdicts import SetAsideReason
from features.records.set_aside import SetAsideItem
from features.telemetry.line_protocol.layout import MEASUREMENT, LineTable
from features.telemetry.line_protocol.reader import read_lines
from pipelines.ingest.lines import LineBatch
from pipelines.ingest.origin import Origin
from pipelines.ingest.tables import read_csv, require_columns
from pipelines.receiving.plain_bodies import is_plain, read_plain_bodies

_MOST_COLUMNS = 1_024
_MOST_CELLS = 4_000_000
_CSV_KEY = (frozenset({"asset_id"}), frozenset({"time", "life"}))


@dataclass(slots=True)
class Parcel:
    """What one tenant was sent.

    Attributes:
        lines: Its JSON lines.
        items: What is set aside already: lines that are none.
    """

    lines: LineBatch = field(default_factory=LineBatch)
    items: list[SetAsideItem] = field(default_factory=list)
    _plain: dict[Precision, list[tuple[Arrival, Origin]]] = field(default_factory=dict)
    _tables: dict[tuple[str | None, str], list[pl.DataFrame]] = field(default_factory=dict)

    def add(self, arrival: Arrival, offset: int) -> None:
        """Read one delivery.

        Raises:
            BadTable: If it is CSV that cannot be read; then nothing of it was added.
        """
        origin = Origin(arrival.source, arrival.arrived_at, arrival.channel, offset)
        if arrival.form is ArrivalForm.LINE_PROTOCOL and is_plain(arrival.body):
            self._plain.setdefault(arrival.precision, []).append((arrival, origin))  # read together, and later
        elif arrival.form is ArrivalForm.LINE_PROTOCOL:
            read = read_lines(arrival.body, arrival.precision, arrival.arrived_at)
            self._add_lines(LineTable(origin.stamped(read.table), read.faults), origin)
        elif arrival.form is ArrivalForm.JSON_LINES:
            for number, line in enumerate(arrival.body.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
                self._add_json(number, line, origin)
        else:
            table = read_csv(arrival.body, origin.source)
            require_columns(table, origin.source, *_CSV_KEY)
            self._add_table(None, "csv:time" if "time" in table.columns else "csv:life", origin.stamped(table))

    def tables(self) -> Iterator[tuple[str | None, pl.DataFrame]]:
        """Yield the telemetry, as few tables as can be, each with its measurement; None where there was none.

        Only after this are all `items` there.
        """
        for arrivals in self._plain.values():
            for read, origin in read_plain_bodies(arrivals):
                self._add_lines(read, origin)
        self._plain.clear()
        for (measurement, _), tables in self._tables.items():
            yield from ((measurement, table) for table in _together(tables))
        yield from ((None, table) for table in self.lines.reading_tables())

    def _add_json(self, number: int, line: bytes, origin: Origin) -> None:
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            detail = f"a line must be UTF-8; found byte {line[error.start]:#04x} at place {error.start + 1}"
            content = {"line": line.decode("utf-8", "replace")}
            self.items.append(SetAsideItem(origin.source, number, SetAsideReason.UNREADABLE_LINE, detail, content))
        else:
            self.lines.add(number, text, origin)

    def _add_lines(self, read: LineTable, origin: Origin) -> None:
        self.items += [
            SetAsideItem(
                origin.source,
                fault.line,
                SetAsideReason.UNREADABLE_LINE,
                f"column {fault.column}: {fault.detail}",
                {"line": fault.content},
            )
            for fault in read.faults
        ]
        for (measurement,), rows in read.table.partition_by(MEASUREMENT, as_dict=True, include_key=False).items():
            name = None if measurement is None else str(measurement)
            self._add_table(name, "line_protocol", rows)

    def _add_table(self, measurement: str | None, kind: str, table: pl.DataFrame) -> None:
        self._tables.setdefault((measurement, kind), []).append(table)


def _together(tables: list[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Put tables together, unless so many columns or cells came of it that most of them would be empty."""
    group: list[pl.DataFrame] = []
    names: set[str] = set()
    rows = 0
    for table in tables:
        width = len(names.union(table.columns))
        if group and (width > _MOST_COLUMNS or width * (rows + table.height) > _MOST_CELLS):
            yield pl.concat(group, how="diagonal_relaxed")
            group, names, rows = [], set(), 0
        group.append(table)
        names.update(table.columns)
        rows += table.height
    if group:
        yield pl.concat(group, how="diagonal_relaxed")
