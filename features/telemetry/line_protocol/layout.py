"""Which part of a line of line protocol means what, and what reading such lines gives."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

ROW = "__row__"
"""The column that carries the number of a line, from 1. It is called like `pipelines.ingest.tables.ROW`, which this
package may not import, because these tables go the way of all others from there on."""

ASSET = "asset_id"
TIME = "time"
MEASUREMENT = "measurement"
KEY_COLUMNS = (ROW, ASSET, TIME, MEASUREMENT)

REVISION_SUFFIX = "__rev"
"""`<signal>__rev` is the revision of a reading."""

VERDICT_SUFFIX = "__q"
"""`<signal>__q` is what a reading is worth; we write it and never take it from outside."""


@dataclass(frozen=True, slots=True)
class LineLayout:
    """Where lines name their asset, their pack and their signals.

    The default is our own layout: one line for each asset and time, one field for each signal.

    Attributes:
        asset_tag: The tag that names the asset, for example `host`; None where the measurement names it.
        measurement_is_pack: Whether the measurement names the pack. If not, the column `measurement` is null, and
            whoever reads the table has to know the pack from elsewhere.
        signal_tag: The tag that names the signal, where a line carries one signal only; None where fields do.
        value_field: The field with the value of that signal. It takes the name of the signal, and its companion
            `<value_field>__rev` becomes `<signal>__rev`; other fields keep their own.

    Examples:
        >>> LineLayout(asset_tag="host", measurement_is_pack=False).asset_tag
        'host'
    """

    asset_tag: str | None = ASSET
    measurement_is_pack: bool = True
    signal_tag: str | None = None
    value_field: str = "value"


@dataclass(frozen=True, slots=True)
class LineFault:
    """A line that is no line protocol, or that cannot be kept as it is.

    Attributes:
        line: Its number, from 1.
        column: Where in it, in characters from 1.
        detail: What must hold there, and what was found.
        content: The line; bytes that are no UTF-8 show as the replacement character.
    """

    line: int
    column: int
    detail: str
    content: str = ""


@dataclass(frozen=True, slots=True)
class LineTable:
    """What was read from a body.

    Attributes:
        table: One row for each good line, in order: `ROW` (UInt32, the number of the line from 1), `asset_id`
            (String; null where the line names none), `time` (UTC, microseconds), `measurement` (String; the pack)
            and one column for each field. A field is Float64 where it is a number in every line, String
            where it is text or a truth value ("true" or "false") in any; `<signal>__rev` is Int64. Null means: not in
            this line. Two lines of one asset and time stay two rows.
        faults: The other lines, in order. Blank lines and comments are neither.
    """

    table: pl.DataFrame
    faults: list[LineFault]


@dataclass(frozen=True, slots=True)
class Source:
    """What the head of a line, measurement and tags, says.

    Attributes:
        measurement: The pack, or None where the measurement does not name it.
        asset: The asset, or None where nothing names it.
        signal: The signal, where a tag names it.
    """

    measurement: str | None
    asset: str | None
    signal: str | None


def source_of(measurement: str, tags: Mapping[str, str], layout: LineLayout) -> Source:
    """Say what measurement and tags mean in a layout."""
    return Source(
        measurement if layout.measurement_is_pack else None,
        measurement if layout.asset_tag is None else tags.get(layout.asset_tag),
        None if layout.signal_tag is None else tags.get(layout.signal_tag),
    )


def column_of(field: str, signal: str | None, layout: LineLayout) -> str:
    """Return the column of a field, given the signal that a tag named.

    Examples:
        >>> column_of("value__rev", "speed", LineLayout(signal_tag="name"))
        'speed__rev'
    """
    if signal is not None and field in {layout.value_field, layout.value_field + REVISION_SUFFIX}:
        return signal + field.removeprefix(layout.value_field)
    return field


def is_reserved(column: str) -> bool:
    """Say whether a field may not be called so, because the table needs the name for its key."""
    return column in KEY_COLUMNS or column.startswith("__")
