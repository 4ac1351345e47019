"""JSON lines of readings and events, read into our types: the border at which a gateway meets the world."""

import json
import math
from dataclasses import dataclass
from datetime import datetime

from edge_export.runtime.errors import LineRefused
from features.domain.errors import InvalidIdentifier, InvalidValue, NaiveTime
from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, TenantId, asset_id
from features.domain.time import parse_time, time_of_life
from features.quality.verdicts import SetAsideReason

LONGEST_LINE_BYTES = 1 << 20
_LARGEST_LIFE = 1e10

_READING_KEYS = frozenset({"asset_id", "time", "life", "signals"})
_EVENT_KEYS = frozenset({"asset_id", "time", "life", "event", "failure_mode", "component", "code", "note"})


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """One row of readings of one asset; the values are not yet looked at."""

    asset: AssetId
    time: datetime
    signals: dict[str, object]


def parse_line(data: bytes, tenant: TenantId, is_count: bool) -> ReadingLine | Event:
    """Read one line.

    Args:
        data: One JSON object.
        tenant: Whose asset it is; never taken from the line.
        is_count: Whether lines carry a bare `life` count in the place of `time`.

    Raises:
        LineRefused: If the line cannot be taken; the message says why.
    """
    document = _object(data)
    allowed = _EVENT_KEYS if "event" in document else _READING_KEYS
    if unknown := sorted(set(document) - allowed):
        raise _unreadable(f"keys must be among {', '.join(sorted(allowed))}; found {', '.join(unknown)[:100]}")
    asset = _asset(document.get("asset_id"))
    time = _moment(document, is_count)
    if "event" in document:
        return _event(document, tenant, asset, time)
    signals = document.get("signals")
    if not isinstance(signals, dict):
        raise _unreadable("signals must be an object of values by signal")
    return ReadingLine(asset, time, signals)


def _object(data: bytes) -> dict[str, object]:
    if len(data) > LONGEST_LINE_BYTES:
        raise _unreadable(f"a line must have at most {LONGEST_LINE_BYTES} bytes")
    try:
        # NaN and Infinity are no JSON, but devices write them; both read as a value that is set aside.
        document = json.loads(data, parse_constant=lambda _: math.inf, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"a line must be a JSON object; {str(error)[:100]}") from error
    if not isinstance(document, dict):
        raise _unreadable("a line must be a JSON object")
    return document


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key stands in it twice")
    return document


def _asset(value: object) -> AssetId:
    if value is None:
        raise LineRefused(SetAsideReason.MISSING_ASSET.value, "The line must name its asset_id.")
    if not isinstance(value, str):
        raise LineRefused(SetAsideReason.BAD_ASSET_ID.value, "The asset_id must be text.")
    try:
        return asset_id(value)
    except InvalidIdentifier as error:
        raise LineRefused(SetAsideReason.BAD_ASSET_ID.value, str(error)[:300]) from error


def _moment(document: dict[str, object], is_count: bool) -> datetime:
    wanted, other = ("life", "time") if is_count else ("time", "life")
    value = document.get(wanted)
    if value is None or document.get(other) is not None:
        sentence = f"The line must carry {wanted} and not {other}: so the model counts."
        raise LineRefused(SetAsideReason.MISSING_TIME.value, sentence)
    return _life(value) if is_count else _time(value)


def _time(value: object) -> datetime:
    if not isinstance(value, str):
        raise LineRefused(SetAsideReason.BAD_TIME.value, "The time must be RFC 3339 text with its zone.")
    try:
        return parse_time(value)
    except NaiveTime as error:
        raise LineRefused(SetAsideReason.NAIVE_TIME.value, str(error)[:300]) from error
    except (InvalidValue, OverflowError) as error:
        raise LineRefused(SetAsideReason.BAD_TIME.value, str(error)[:300]) from error


def _life(value: object) -> datetime:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not isinstance(value, int | float) or not 0 <= value <= _LARGEST_LIFE:
        raise LineRefused(SetAsideReason.BAD_LIFE.value, f"The life must be a number from 0 to {_LARGEST_LIFE:g}.")
    return time_of_life(value)


def _event(document: dict[str, object], tenant: TenantId, asset: AssetId, time: datetime) -> Event:
    try:
        kind = EventKind(str(document["event"]))
    except ValueError as error:
        known = ", ".join(each.value for each in EventKind)
        raise LineRefused(SetAsideReason.UNKNOWN_EVENT.value, f"The event must be one of {known}.") from error
    details = [_optional_text(document, key) for key in ("failure_mode", "component", "note", "code")]
    return Event(tenant, asset, time, kind, *details)


def _optional_text(document: dict[str, object], key: str) -> str | None:
    value = document.get(key)
    if value is None or isinstance(value, str):
        return (value or "").strip() or None  # as the centre reads a cell
    raise _unreadable(f"{key} must be text or null")


def _unreadable(sentence: str) -> LineRefused:
    return LineRefused(SetAsideReason.UNREADABLE_LINE.value, f"{sentence[0].upper()}{sentence[1:]}.")
