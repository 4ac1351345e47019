"""Windows for work as people write them: `2026-12-01T06:00Z/PT8H`, or a CSV file with the columns site, start, end."""

import csv
import re
from datetime import datetime, timedelta
from pathlib import Path

from features.domain.errors import InvalidValue
from features.domain.identifiers import TenantId
from features.domain.time import parse_time
from features.domain.windows import WorkWindow

_COLUMNS = ("site", "start", "end")
_LENGTH = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_MOST = 100_000


def parse_windows(text: str, tenant: TenantId) -> list[WorkWindow]:
    """Read windows from a command line: ISO 8601 intervals, separated by commas; they count for every site.

    Raises:
        InvalidValue: If one is no interval, or its start has no zone.

    Examples:
        >>> (window,) = parse_windows("2026-12-01T06:00Z/PT8H", TenantId("local"))
        >>> window.end.isoformat()
        '2026-12-01T14:00:00+00:00'
    """
    return [_interval(part.strip(), tenant) for part in text.split(",") if part.strip()]


def read_windows(file: Path, tenant: TenantId) -> list[WorkWindow]:
    """Read windows from a CSV file; an empty site stands for every site, an end may be a length such as PT8H.

    Raises:
        InvalidValue: If the file cannot be read, a column is missing, or a row is no window.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _refused(f"{file}", "be a CSV file in UTF-8 that can be read", str(error)) from error
    found = []
    for number, row in enumerate(rows[:_MOST], start=2):
        if set(row) != set(_COLUMNS) or None in row.values():
            raise _refused(f"{file}, line {number}", f"have the columns {', '.join(_COLUMNS)}", sorted(map(str, row)))
        start = parse_time(row["start"])
        found.append(WorkWindow(tenant, row["site"], start, _end(row["end"], start)))
    return found


def _interval(text: str, tenant: TenantId) -> WorkWindow:
    start, slash, end = text.partition("/")
    if not slash:
        raise _refused("a window for work", "be an interval such as 2026-12-01T06:00Z/PT8H", text)
    begin = parse_time(start)
    return WorkWindow(tenant, "", begin, _end(end, begin))


def _end(text: str, start: datetime) -> datetime:
    if not text.startswith("P"):
        return parse_time(text)
    match = _LENGTH.fullmatch(text)
    if match is None or not any(match.groups()):
        raise _refused("the length of a window", "be an ISO 8601 duration such as PT8H or P2D", text)
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return start + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _refused(what: str, must: str, found: object) -> InvalidValue:
    return InvalidValue(what, must=must, found=found, remedy="Correct it.")
