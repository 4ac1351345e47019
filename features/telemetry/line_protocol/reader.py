"""Reading line protocol as the field sends it: fast where lines are plain, exact everywhere.

Lines without quotes and escapes are read by polars, column by column; all others, and every line in which anything
looks odd, are read by the exact grammar, line by line. Both give the same (a property test says so).
"""

from collections.abc import Sequence
from datetime import datetime

from features.domain.arrivals import Precision
from features.telemetry.line_protocol.assembly import Parts, assembled
from features.telemetry.line_protocol.layout import LineFault, LineLayout, LineTable
from features.telemetry.line_protocol.lines import BodyLines
from features.telemetry.line_protocol.plain import read_plain
from features.telemetry.line_protocol.thorough import Thorough

_OUR_LAYOUT = LineLayout()
_MOST_FAULTS = 10_000
_SMALL_BYTES = 8_192  # below this the exact way is the faster one


def read_lines(body: bytes, precision: Precision, arrived_at: datetime, layout: LineLayout = _OUR_LAYOUT) -> LineTable:
    """Read a body of line protocol; good lines are kept beside bad ones.

    Args:
        body: Lines separated by line feeds, with or without carriage returns; a byte order mark is skipped.
        precision: The unit of the timestamps. What is finer than a microsecond is cut off.
        arrived_at: The time of lines that have none.
        layout: What lines mean.

    Returns:
        The good lines as a table, and what is wrong with the others.
    """
    if len(body) < _SMALL_BYTES:
        return read_lines_exactly(body, precision, arrived_at, layout)
    return read_lines_fast(body, precision, arrived_at, layout)


def read_lines_fast(
    body: bytes, precision: Precision, arrived_at: datetime, layout: LineLayout = _OUR_LAYOUT
) -> LineTable:
    """Do what `read_lines` does, the fast way even for a body so small that it does not pay."""
    lines = BodyLines.of(body)
    plain, others = read_plain(lines.texts, precision, layout)
    return _read(lines, plain, others.to_list(), Thorough(precision, layout), arrived_at)


def read_lines_exactly(
    body: bytes, precision: Precision, arrived_at: datetime, layout: LineLayout = _OUR_LAYOUT
) -> LineTable:
    """Do what `read_lines` does by the exact grammar alone: slow, and what the fast way is compared with."""
    lines = BodyLines.of(body)
    every = range(1, lines.texts.len() + 1)
    return _read(lines, Parts.nothing(), every, Thorough(precision, layout), arrived_at)


def _read(
    lines: BodyLines, plain: Parts, numbers: Sequence[int], thorough: Thorough, arrived_at: datetime
) -> LineTable:
    thorough.read(lines, numbers)
    result = assembled(plain.without(thorough.inside) + thorough.parts, arrived_at)
    surplus = lines.surplus_faults(result.surplus, result.allowed)
    faults = sorted([*thorough.faults, *surplus], key=lambda fault: fault.line)
    return LineTable(result.table, _bounded(faults))


def _bounded(faults: list[LineFault]) -> list[LineFault]:
    """Tell the faults beyond a bound as one, which keeps the contents of all these lines."""
    if len(faults) <= _MOST_FAULTS:
        return faults
    rest = faults[_MOST_FAULTS:]
    detail = f"{rest[0].detail}; {len(rest) - 1} more bad lines follow, told as one"
    content = "\n".join(fault.content for fault in rest)
    return [*faults[:_MOST_FAULTS], LineFault(rest[0].line, rest[0].column, detail, content)]
