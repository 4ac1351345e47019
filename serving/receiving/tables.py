"""A CSV table of readings, as a bring-your-own folder has it: `asset_id`, `time` or `life`, one column per signal."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from features.domain.arrivals import ArrivalForm
from serving.receiving.items import MOST_SIGNALS, asset_fault, bare, life_fault, number_of, time_fault
from serving.receiving.looking import Fault, Found, Look

_FIELD = r'(?:"(?:[^"]++|"")*+"|[^",\r\n]*+)'
_QUOTED_WELL = re.compile(rf"{_FIELD}(?:,{_FIELD})*+[\r\n]*")
_ENDLESS = "\0endless"
_QUOTES = "a quote must open a field and close it, and stand twice inside it; found one that does not"


def look_at_table(body: bytes) -> Look:
    """Look at a table with its header; a line without any cell is none."""
    look = Look(ArrivalForm.CSV, body)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        look.blame_all(Fault(1 + body.count(b"\n", 0, error.start), "a table must be text in UTF-8"))
        return look
    if not text.strip():
        return look
    texts = list(io.StringIO(text, newline=""))
    apart = _look_at_rows(look, texts)
    if apart and look.good:
        _part(look, texts, apart)
    return look


def _look_at_rows(look: Look, texts: list[str]) -> list[range]:
    """Look at every row; return the places of those with which the table could not be read."""
    rows = _numbered(texts)
    place, header = next(rows, (range(1), []))
    names = [name.strip() for name in header]
    fault = _quoting_fault(texts, place, header) or _header_fault(names)
    if fault is not None:
        count = sum(1 for _, row in rows if any(cell.strip() for cell in row))
        look.blame_all(Fault(place.start + 1, fault), max(1, count))
        return []
    layout = _Layout(names, names.index("asset_id"), "time" in names)
    apart: list[range] = []
    for place, row in rows:
        quoting = _quoting_fault(texts, place, row)
        if quoting is not None or any(cell.strip() for cell in row):
            look.lines += 1
            look.blame_found(place.start + 1, layout.faults(row) if quoting is None else iter([((), quoting)]))
        if quoting is not None or len(row) > len(names):
            apart.append(place)
    return apart


def _quoting_fault(texts: list[str], place: range, row: list[str]) -> str | None:
    """Say whether a quote of a row neither opens nor closes a field; for one such, readers refuse a whole table.

    If a quote never closes, all that follows is one row with it.
    """
    if row == [_ENDLESS]:
        return "a field must not be that long; perhaps a quote in this line never closes"
    if len(place) == 1 and '"' not in texts[place.start]:
        return None
    is_quoted_well = _QUOTED_WELL.fullmatch("".join(texts[place.start : place.stop])) is not None
    return None if is_quoted_well else _QUOTES


def _part(look: Look, texts: list[str], places: list[range]) -> None:
    """Part rows that are too long, or quoted wrongly, from the others: a table that holds one cannot be read at all.

    They become a table of their own, with the same header, to be set aside whole; an empty row stays in their place.
    """
    header = next(_numbered(texts))[0]
    kept = list(texts)
    apart = [texts[line] for line in header]
    for place in places:
        apart += [texts[line] for line in place]
        last = texts[place.stop - 1]
        kept[place.start : place.stop] = [*[""] * (len(place) - 1), last[len(last.rstrip("\r\n")) :]]
    look.body = "".join(kept).encode()
    look.beside = "".join(apart).encode()


def _numbered(texts: list[str]) -> Iterator[tuple[range, list[str]]]:
    """Yield each row with the lines that it takes, counted from 0.

    A field that is far too long is as good as without an end: it takes all that follows.
    """
    reader = csv.reader(texts)
    line = 0
    try:
        for row in reader:
            yield range(line, reader.line_num), row
            line = reader.line_num
    except csv.Error:
        yield range(line, len(texts)), [_ENDLESS]


def _header_fault(names: Sequence[str]) -> str | None:
    seen: set[str] = set()
    repeated = {name for name in names if name in seen or seen.add(name)}  # type: ignore[func-returns-value]  # a set
    if repeated:
        return f"the header must name each column once; found twice: {', '.join(sorted(repeated)[:5])}"
    if len(names) > MOST_SIGNALS:
        return f"the header must name at most {MOST_SIGNALS} columns; found {len(names)}"
    if "asset_id" not in seen or not seen & {"time", "life"}:
        found = ", ".join(names[:10])
        return f"the header must have the columns asset_id, and time or life, separated by commas; found: {found}"
    return None


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where in a row what stands."""

    names: Sequence[str]
    asset: int
    has_time: bool

    def faults(self, row: Sequence[str]) -> Iterator[Found]:
        if len(row) > len(self.names):
            yield (), f"a line must have at most the {len(self.names)} fields of the header; found {len(row)}"
            return
        found = asset_fault(_cell(row, self.asset))
        if found is not None:
            yield (), found
        clock = self.names.index("time" if self.has_time else "life")
        found = (time_fault if self.has_time else life_fault)(_cell(row, clock))
        if found is not None:
            yield (), found
        for place, cell in enumerate(row):
            if place not in (self.asset, clock) and bare(cell) and number_of(cell) is None:
                yield (), f"{self.names[place]} must be a finite number, or empty where nothing was measured"


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""
