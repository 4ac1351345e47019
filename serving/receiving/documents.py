"""JSON as it comes: one object, a list, `{"readings": […]}`, or an object on each line. It leaves as JSON lines.

What an item says is not written anew: its text goes into the spool as it came, with line breaks between its tokens
turned into tabs. (A tab is white space where a line break is, and forbidden where a line break is forbidden: an item
that was no JSON does not become some.)
"""

import json
import re
from collections.abc import Callable, Iterator

from features.domain.arrivals import ArrivalForm
from serving.receiving.items import Repeated, event_faults, parsed, reading_faults, unique
from serving.receiving.looking import Fault, Found, Look

_SPACE = re.compile(r"[ \t\n\r]*")
_LIST = re.compile(r'[ \t\n\r]*(\{[ \t\n\r]*"(?:readings|events)"[ \t\n\r]*:[ \t\n\r]*)?\[')
_TABS = bytes.maketrans(b"\r\n", b"\t\t")


def look_at_readings(body: bytes) -> Look:
    """Look at one document of readings; an object with the key `event` is an event, as in a stream."""
    return _of_document(body, _reading_or_event, lambda text, item, is_sound: text)


def look_at_events(body: bytes) -> Look:
    """Look at one document of events; `kind` is understood as another name of `event`."""
    return _of_document(body, lambda item: event_faults(_with_event(item)), _event_text)


def look_at_lines(body: bytes) -> Look:
    """Look at JSON lines of readings and events."""
    look = Look(ArrivalForm.JSON_LINES, body)
    for number, line in enumerate(body.split(b"\n"), start=1):
        if not line.strip():
            continue
        look.lines += 1
        try:
            item = parsed(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except ValueError as error:
            look.blame(_no_json(number, error))
            continue
        look.blame_found(number, _reading_or_event(item))
    return look


def _of_document(
    body: bytes,
    faults_of: Callable[[object], Iterator[Found]],
    text_of: Callable[[str, object, bool], str],
) -> Look:
    look = Look(ArrivalForm.JSON_LINES, b"", unit="item")
    try:
        pieces = list(_pieces(body.decode("utf-8-sig")))
    except (ValueError, RecursionError) as error:
        return _unreadable(body, error)
    texts: list[str] = []
    for number, piece in enumerate(pieces, start=1):
        look.lines += 1
        before = look.faulty
        try:
            item = parsed(piece)
            look.blame_found(number, faults_of(item))
        except ValueError as error:
            item = None
            look.blame(_no_json(number, error))
        texts.append(text_of(piece, item, look.faulty == before))
    look.body = b"".join(text.encode().translate(_TABS) + b"\n" for text in texts)
    return look


def _unreadable(body: bytes, error: Exception) -> Look:
    """A document that is no JSON is kept as one line, which is none either."""
    look = Look(ArrivalForm.JSON_LINES, body.translate(_TABS) + b"\n")
    if isinstance(error, json.JSONDecodeError):
        look.blame_all(Fault(error.lineno, f"the body must be JSON: {error.msg}", error.colno))
    else:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        look.blame_all(Fault(1, f"the body must be one JSON document in UTF-8 (RFC 8259): {reason}"))
    return look


def _pieces(text: str) -> Iterator[str]:
    """Yield the text of each item.

    Raises:
        ValueError: If the text is no JSON document.
    """
    decoder = json.JSONDecoder(object_pairs_hook=unique, parse_int=float)
    opening = _LIST.match(text)
    if opening is None:
        start = _after_space(text, 0)
        end = decoder.raw_decode(text, start)[1]
        yield text[start:end]
        _expect_end(text, end)
        return
    at = _after_space(text, opening.end())
    if text[at : at + 1] == "]":
        at += 1
    else:
        while True:
            end = decoder.raw_decode(text, at)[1]
            yield text[at:end]
            at = _after_space(text, end)
            if text[at : at + 1] == "]":
                at += 1
                break
            at = _after_space(text, _expect(text, at, ","))
    _expect_end(text, at if opening.group(1) is None else _expect(text, _after_space(text, at), "}"))


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _expect(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise json.JSONDecodeError(f"Expecting {sign!r}", text, at)
    return at + 1


def _expect_end(text: str, at: int) -> None:
    at = _after_space(text, at)
    if at < len(text):
        raise json.JSONDecodeError("Extra data", text, at)


def _reading_or_event(item: object) -> Iterator[Found]:
    return event_faults(item) if isinstance(item, dict) and "event" in item else reading_faults(item)


def _with_event(item: object) -> object:
    if not isinstance(item, dict) or isinstance(item, Repeated) or "kind" not in item or "event" in item:
        return item
    return {("event" if name == "kind" else name): value for name, value in item.items()}


def _event_text(text: str, item: object, is_sound: bool) -> str:
    """Return what the worker reads: an event by its own name for the kind, anything else as a text and no object.

    A reading that was sent to the wrong address was refused to its sender, so it must not be taken for one later.
    """
    if is_sound:
        return json.dumps(_with_event(item), ensure_ascii=False, allow_nan=False)
    return text if isinstance(item, dict) and "event" in item else json.dumps(text, ensure_ascii=False)


def _no_json(number: int, error: ValueError) -> Fault:
    column = error.colno if isinstance(error, json.JSONDecodeError) else None
    reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return Fault(number, f"it must be one JSON object in UTF-8: {reason}", column)
