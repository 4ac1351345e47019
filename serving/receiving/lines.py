"""Line protocol: the same reader as the worker's says which lines it will not take."""

from datetime import datetime
from typing import Any

from features.domain.arrivals import ArrivalForm, Precision
from serving.errors import Refused
from serving.receiving.items import asset_fault
from serving.receiving.looking import LOOKED_INTO_AT_MOST, Fault, Look

_ROW, _ASSET = "__row__", "asset_id"  # columns of the reader's table

PRECISIONS = {
    "": Precision.NANOSECONDS,
    "n": Precision.NANOSECONDS,
    "ns": Precision.NANOSECONDS,
    "u": Precision.MICROSECONDS,
    "us": Precision.MICROSECONDS,
    "µ": Precision.MICROSECONDS,
    "ms": Precision.MILLISECONDS,
    "s": Precision.SECONDS,
}
"""Units of timestamps as InfluxDB's interfaces 1.x and 2.x name them; without a name it is nanoseconds."""


def precision_of(name: str) -> Precision:
    """Return the unit of timestamps that a sender names.

    Raises:
        Refused: With 400, if there is no such unit here; minutes and hours of InfluxDB 1.x among them.
    """
    found = PRECISIONS.get(name)
    if found is None:
        raise Refused(400, "The precision must be ns, us, ms or s; minutes and hours are none. Send seconds instead.")
    return found


def look_at_line_protocol(body: bytes, precision: Precision, arrived_at: datetime) -> Look:
    """Look at lines of line protocol; empty lines and comments are none."""
    from features.telemetry.line_protocol.glance import glance  # lazy: polars is for whoever answers
    from features.telemetry.line_protocol.reader import read_lines

    look = Look(ArrivalForm.LINE_PROTOCOL, body)
    if not body.strip():
        return look
    sound = glance(body, precision)
    if sound is not None and not any(asset_fault(name) for name in sound.assets):
        look.lines = sound.lines
        return look
    read = read_lines(body, precision, arrived_at)
    faults = [Fault(each.line, each.detail, each.column) for each in read.faults]
    look.lines = read.table.height
    if faults:
        look.lines = len({*read.table[_ROW], *(each.number for each in faults)})
    nameless, unnamed = _nameless(read.table)
    for fault in sorted([*faults, *nameless], key=lambda each: each.number):
        look.blame(fault)
    told_as_one = sum(each.content.count("\n") for each in read.faults)  # the reader tells the last of very many so
    look.lines += told_as_one
    look.faulty += told_as_one + unnamed
    return look


def _nameless(table: Any) -> tuple[list[Fault], int]:  # Any: a polars frame, which this room does not own
    """Return a fault for each line that names no asset, or one that cannot be; of very many, how many more."""
    names = table[_ASSET]
    wrong = {name: detail for name in names.unique() if (detail := asset_fault(name)) is not None}
    if not wrong:
        return [], 0
    rows = [(row, name) for row, name in zip(table[_ROW], names, strict=True) if name in wrong]
    named = rows[:LOOKED_INTO_AT_MOST]
    return [Fault(row, f"the tag asset_id: {wrong[name]}") for row, name in named], len(rows) - len(named)
