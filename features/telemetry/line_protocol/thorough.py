"""The exact way: line by line, by the grammar."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from features.domain.arrivals import Precision
from features.telemetry.line_protocol.assembly import CELLS, ROWS, Parts
from features.telemetry.line_protocol.grammar import FieldValue, InvalidLine, Line, read_line, shown
from features.telemetry.line_protocol.layout import (
    REVISION_SUFFIX,
    VERDICT_SUFFIX,
    LineFault,
    LineLayout,
    column_of,
    is_reserved,
    source_of,
)
from features.telemetry.line_protocol.lines import BodyLines, invalid_place
from features.telemetry.line_protocol.stamps import MUST, stamp_microseconds

_INT64 = 1 << 63
_Row = tuple[int, str | None, int | None, str | None]
_Cell = tuple[int, str, float | None, int | None, str | None]


@dataclass(slots=True)
class Thorough:
    """What was read line by line.

    Attributes:
        faults: What is wrong with lines, in order.
        inside: Numbers of lines that belong to a quoted text which began on a line before.
    """

    precision: Precision
    layout: LineLayout
    faults: list[LineFault] = field(default_factory=list)
    inside: set[int] = field(default_factory=set)
    _rows: list[_Row] = field(default_factory=list)
    _cells: list[_Cell] = field(default_factory=list)

    @property
    def parts(self) -> Parts:
        """The good lines."""
        rows = pl.DataFrame(self._rows, schema=ROWS, orient="row")
        return Parts(rows, pl.DataFrame(self._cells, schema=CELLS, orient="row"))

    def read(self, lines: BodyLines, numbers: Sequence[int]) -> None:
        """Read the lines with these numbers, in ascending order; blank ones and comments are passed over."""
        starts = lines.starts() if numbers else []
        for number in numbers:
            start = starts[number - 1]
            text = lines.line_at(start)
            begin = start + len(text) - len(text.lstrip(" \t"))
            if number in self.inside or begin == start + len(text) or text[begin - start] == "#":
                continue
            try:
                line = read_line(lines.text, begin)
                self._keep(number, line)
            except InvalidLine as error:
                # a quoted text that ran on and led nowhere: only the line on which it began is at fault
                told = invalid_place(text) if '"' in text else None
                place, words = (error.position, error) if told is None else (start + told.position, told)
                self.faults.append(lines.fault(start, number, place, str(words)))
                continue
            while line.end > starts[number]:
                number += 1
                self.inside.add(number)

    def _keep(self, number: int, line: Line) -> None:
        """Keep a line that follows the grammar, if it can be a row."""
        source = source_of(line.head.measurement, line.head.tags, self.layout)
        time = None if line.stamp is None else stamp_microseconds(line.stamp, self.precision)
        if line.stamp is not None and time is None:
            raise InvalidLine(line.stamp_at, f"a timestamp in {self.precision.value}", MUST, str(line.stamp))
        cells: dict[str, _Cell] = {}
        for name, (value, place) in line.fields.items():
            column = column_of(name, source.signal, self.layout)
            if is_reserved(column):
                must = "be called otherwise than the columns of the key, and not begin with two underscores"
                raise InvalidLine(place, "a field", must, column)
            if column in cells:
                raise InvalidLine(place, "a field", "stand once in a line", f"{column} again")
            cells[column] = (number, column, *_value_cells(column, value, place))
        self._rows.append((number, source.asset, time, source.measurement))
        self._cells.extend(cell for column, cell in cells.items() if not column.endswith(VERDICT_SUFFIX))


def _value_cells(column: str, value: FieldValue, place: int) -> tuple[float | None, int | None, str | None]:
    """Return a value as number, revision and text; one at least is None."""
    if column.endswith(REVISION_SUFFIX):
        is_whole = not isinstance(value, str | bool) and value == int(value) and -_INT64 <= value < _INT64
        if not is_whole:
            raise InvalidLine(place, f"the revision {shown(column)}", "be a whole number of 64 bits", str(value))
        return float(value), int(value), None
    if isinstance(value, str):
        return None, None, value
    if isinstance(value, bool):
        return None, None, str(value).lower()
    return float(value), None, None
