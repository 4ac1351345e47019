"""The rules for one reading or event in JSON: what it must hold, whatever the machine is."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, TypeGuard

from features.domain.errors import InvalidValue
from features.domain.events import EventKind
from features.domain.identifiers import asset_id
from features.domain.time import parse_time
from serving.receiving.looking import Found

KEYS = frozenset({"asset_id", "time", "life"})
READING_KEYS = KEYS | {"signals", "revision"}
EVENT_KEYS = KEYS | {"event", "failure_mode", "component", "code", "note"}

MAX_LIFE = 253_402_300_799.0
"""The largest count of life that has a stand-in time: seconds from 1970 to the end of the year 9999."""

MOST_SIGNALS = 4_096
"""Signals that one reading may have, and columns that a table may."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPACES = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace() and sign not in "\x1c\x1d\x1e\x1f")
_MAX_REVISION = 2**63 - 1
_KINDS = frozenset(kind.value for kind in EventKind)


class Repeated(dict[str, Any]):  # Any: not yet checked
    """An object in which a key occurs twice; it says two things at once."""


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: not yet checked
    """Return an object of JSON, marked if a key occurs twice in it."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else Repeated(found)


def reading_faults(item: object) -> Iterator[Found]:
    """Say what is wrong with a reading: `asset_id`, `time` or `life`, `signals`, perhaps `revision`."""
    if not _is_object(item):
        yield (), "a reading must be one JSON object in which no key occurs twice"
        return
    yield from _unknown_keys(item, READING_KEYS)
    yield from _key_faults(item)
    signals = item.get("signals")
    if not _is_object(signals):
        yield ("signals",), "signals must be an object of signal names and numbers, each name once"
    elif len(signals) > MOST_SIGNALS:
        yield ("signals",), f"a reading may have at most {MOST_SIGNALS} signals; found {len(signals)}. Send several"
    else:
        yield from _signal_faults(signals)
    if not _is_revision(item.get("revision")):
        yield ("revision",), f"a revision must be a whole number from 0 to {_MAX_REVISION}"


def event_faults(item: object) -> Iterator[Found]:
    """Say what is wrong with an event: `asset_id`, `time` or `life`, `event`, and texts that may be absent."""
    if not _is_object(item):
        yield (), "an event must be one JSON object in which no key occurs twice"
        return
    yield from _unknown_keys(item, EVENT_KEYS)
    yield from _key_faults(item)
    if not isinstance(item.get("event"), str) or item["event"].strip() not in _KINDS:
        yield ("event",), f"the kind of an event must be one of {', '.join(sorted(_KINDS))}"
    for name in ("failure_mode", "component", "code", "note"):
        text = item.get(name)
        if text is not None and not isinstance(text, str):
            yield (name,), f"{name} must be a text or null"


def asset_fault(name: object) -> str | None:
    """Say what is wrong with an asset's identity, or None."""
    if not isinstance(name, str) or not name.strip():
        return "an asset_id must be there, as a text"
    try:
        asset_id(name.strip())
    except InvalidValue as error:
        return str(error)
    return None


def time_fault(text: object) -> str | None:
    """Say what is wrong with a time, or None; one without its zone is none."""
    if not isinstance(text, str) or not text.strip():
        return "a time must be an RFC 3339 text with its zone, such as 2026-03-01T08:00:00Z"
    try:
        parse_time(text.strip())
    except (InvalidValue, OverflowError) as error:
        return str(error)
    return None


def life_fault(count: object) -> str | None:
    """Say what is wrong with a count of life, or None."""
    value = number_of(count)
    if value is None or not 0 <= value <= MAX_LIFE:
        return f"a life count must be a number from 0 to {MAX_LIFE:.0f}, in the pack's unit of life"
    return None


def number_of(cell: object) -> float | None:
    """Return a finite number, also one that is written as a text, or None.

    A text is what the worker takes for a number, and no more than that.

    Examples:
        >>> number_of(" 1.5e3 "), number_of("1_0"), number_of("\uff11")
        (1500.0, None, None)
    """
    if isinstance(cell, str):
        cell = bare(cell)
        if _NUMBER.fullmatch(cell) is None:
            return None
    elif isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    try:
        value = float(cell)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def bare(text: str) -> str:
    """Return a text without the spaces around it; the four separators of ASCII are none, as for the worker."""
    return text.strip(_SPACES)


def parsed(text: str) -> Any:  # Any: this is what JSON is before it is checked
    """Read one item of JSON; NaN and infinities become numbers that no rule accepts.

    Raises:
        ValueError: If it is no JSON, or holds text that cannot be written.
    """
    try:
        item = json.loads(text, object_pairs_hook=unique)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if "\\u" in text:
        json.dumps(item, ensure_ascii=False).encode()  # half a surrogate pair is no text; no store could keep it
    return item


def _is_object(item: object) -> TypeGuard[dict[str, Any]]:  # Any: not yet checked
    return isinstance(item, dict) and not isinstance(item, Repeated)


def _unknown_keys(item: dict[str, object], known: frozenset[str]) -> Iterator[Found]:
    for name in item:
        if name not in known:
            yield (name,), f"the keys must be among {', '.join(sorted(known))}; found another"


def _key_faults(item: dict[str, object]) -> Iterator[Found]:
    found = asset_fault(item.get("asset_id"))
    if found is not None:
        yield ("asset_id",), found
    time, life = item.get("time"), item.get("life")
    if (time is None) == (life is None):
        yield (), "an item must say when, by time or by life, and by one of them alone"
        return
    found = life_fault(life) if time is None else time_fault(time)
    if found is not None:
        yield ("life" if time is None else "time",), found


def _signal_faults(signals: dict[str, object]) -> Iterator[Found]:
    for name, value in signals.items():
        if not name.strip():
            yield ("signals", name), "a signal must have a name"
        if value is not None and not _is_blank(value) and number_of(value) is None:
            yield ("signals", name), "a value must be a finite number, or null where nothing was measured"


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and not bare(value)


def _is_revision(value: object) -> bool:
    return value is None or (type(value) is int and 0 <= value <= _MAX_REVISION)
