"""A quick look at a body: cheap certainty that nothing is wrong with it, for those who only pass it on.

Most bodies are dull: every line names the same few fields in the same order, with plain numbers. A pattern made of the
first line then says of all others that they are sound, at a fraction of the cost of reading them. Whatever does not
fit is left to `read_lines`; a quick look never says that anything is wrong.
"""

import re
from dataclasses import dataclass

import polars as pl

from features.domain.arrivals import Precision
from features.telemetry.line_protocol.grammar import InvalidLine, Line, read_head, read_line
from features.telemetry.line_protocol.layout import (
    REVISION_SUFFIX,
    LineLayout,
    is_reserved,
    source_of,
)
from features.telemetry.line_protocol.stamps import stamp_microseconds

_MOST_PATTERNS = 8
_MOST_FIELDS = 64  # what fits into every table, however many rows it has
_HEAD = r"[^ \\#\t\r][^ \\\t\r]*"
_NUMBER = r"-?[0-9]{1,15}(?:\.[0-9]{0,17})?(?:e-?[0-9]{1,2})?"
_WHOLE = r"-?[0-9]{1,18}i"
_STAMP_DIGITS = {
    Precision.NANOSECONDS: 18,
    Precision.MICROSECONDS: 17,
    Precision.MILLISECONDS: 14,
    Precision.SECONDS: 11,
}
_OUR_LAYOUT = LineLayout()


@dataclass(frozen=True, slots=True)
class SoundLines:
    """What a quick look tells of a body in which nothing is wrong.

    Attributes:
        lines: How many lines hold data.
        assets: The assets that they name; None among them where a line names none.
    """

    lines: int
    assets: frozenset[str | None]


def glance(body: bytes, precision: Precision, layout: LineLayout = _OUR_LAYOUT) -> SoundLines | None:
    """Look quickly at a body of line protocol.

    Returns:
        What `read_lines` would find in it, which is no fault; None if that takes a proper reading to tell.
    """
    if layout.signal_tag is not None or b'"' in body or b"\\" in body:
        return None
    try:
        lines = pl.Series("line", body.decode().split("\n")).str.strip_suffix("\r")
    except UnicodeDecodeError:
        return None
    full = lines.filter(lines != "")
    if not full.len() or not _are_sound(full, precision):
        return None
    heads = full.str.head(full.str.find(" ", literal=True)).unique()
    try:
        found = [read_head(head) for head in heads]
    except InvalidLine:
        return None
    assets = frozenset(source_of(head.measurement, head.tags, layout).asset for head in found)
    return SoundLines(full.len(), assets)


def _are_sound(lines: pl.Series, precision: Precision) -> bool:
    """Say whether a few patterns, each made of a line that fits none before it, fit all lines."""
    names: set[str] = set()
    for _ in range(_MOST_PATTERNS):
        line = _read(lines[0], precision)
        if line is None or len(names := names | line.fields.keys()) > _MOST_FIELDS:
            return False
        fits = lines.str.contains(_pattern(line, precision))
        if fits.all():
            return True
        if not fits[0]:
            return False
        lines = lines.filter(~fits)
    return False


def _read(text: str, precision: Precision) -> Line | None:
    """Read a line that nothing is wrong with; None if that is not so."""
    try:
        line = read_line(text, 0)
    except InvalidLine:
        return None
    stands = line.stamp is None or stamp_microseconds(line.stamp, precision) is not None
    return line if stands and not any(is_reserved(name) for name in line.fields) else None


def _pattern(line: Line, precision: Precision) -> str:
    """Return a pattern of sound lines with the fields of this one."""
    fields = ",".join(f"{re.escape(name)}=(?:{_values(name)})" for name in line.fields)
    return rf"^{_HEAD} {fields}(?: [0-9]{{1,{_STAMP_DIGITS[precision]}}})?$"


def _values(name: str) -> str:
    if name.endswith(REVISION_SUFFIX):
        return _WHOLE
    return f"{_NUMBER}|{_WHOLE}"
