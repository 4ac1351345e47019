"""The exact grammar of line protocol: one line at a time, everything allowed that InfluxDB allows.

It follows the reference of line protocol (InfluxDB OSS 2.7, "Line protocol: syntax, data types, quotes, special
characters"): measurement and tags, fields, timestamp, separated by spaces. Outside of a quoted text a backslash
escapes a comma, a space and (not in a measurement) an equals sign, and stands for itself before anything else. In a
quoted text it escapes a quote and a backslash; a quoted text may run over several lines.
"""

import re
from dataclasses import dataclass, field

from features.domain.errors import ServiceError

FieldValue = float | int | bool | str

_NEVER = r"\n\r\ud800-\udfff"  # ends of lines, and what stands for bytes that are no UTF-8
_MEASUREMENT = re.compile(rf"(?:[^, \\{_NEVER}]|\\[, ]?+)++")
_NAME = re.compile(rf"(?:[^,= \\{_NEVER}]|\\[,= ]?+)++")
_TEXT = re.compile(r'"((?:[^"\\\ud800-\udfff]|\\[^\ud800-\udfff])*+)"')
_BARE = re.compile(rf"[^, {_NEVER}]++")
_SPACES = re.compile(r" *+")
_LINE_END = re.compile(r" *+\r?+(?:\n|\Z)")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"([+-]?)0*+([0-9]*)")
_INT64 = 1 << 63
_TRUTH = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), False),
}
_VALUES = 'be a finite number, a whole number such as 12i or 12u, true, false, or "text"'


class InvalidLine(ServiceError, ValueError):
    """A line breaks the grammar at a place; it becomes a fault of that line.

    Attributes:
        position: Where, in characters from 0.
    """

    def __init__(self, position: int, what: str, must: str, found: str) -> None:
        super().__init__(f"{what} must {must}; found {shown(found)}")
        self.position = position


@dataclass(frozen=True, slots=True)
class Head:
    """Measurement and tags."""

    measurement: str
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was read.

    Attributes:
        fields: Values by name, with the place of each name in the text.
        stamp: The timestamp in the sender's unit, or None.
        end: Where the next line begins.
    """

    head: Head
    fields: dict[str, tuple[FieldValue, int]]
    stamp: int | None
    stamp_at: int
    end: int


def read_line(text: str, start: int) -> Line:
    """Read one line, which begins at `start` with neither space nor comment.

    Raises:
        InvalidLine: If it breaks the grammar.
    """
    cursor = _Cursor(text, start)
    head = cursor.head()
    cursor.gap("fields after its tags")
    fields = cursor.fields()
    cursor.skip(_SPACES)
    stamp_at = cursor.at
    stamp = cursor.stamp()
    end = _LINE_END.match(text, cursor.at)
    if end is None:
        raise cursor.fault("a line", "end after its timestamp")
    return Line(head, fields, stamp, stamp_at, end.end())


def read_head(text: str) -> Head:
    """Read measurement and tags that stand alone.

    Raises:
        InvalidLine: If they break the grammar.
    """
    cursor = _Cursor(text, 0)
    head = cursor.head()
    if cursor.at != len(text):
        raise cursor.fault("the tags of a line", "end before its fields")
    return head


def shown(found: str) -> str:
    """Quote what was found for a message, shortened; bytes that are no UTF-8 by their number."""
    if not found:
        return "the end of the line"
    if "\ud800" <= found[0] <= "\udfff":
        return f"the byte 0x{ord(found[0]) & 0xFF:02x}, which is no UTF-8"
    short = found if len(found) <= 40 else found[:39] + "…"
    return f"`{short}`"


def bare_value(text: str) -> float | int | bool | None:
    """Read a value without quotes; None if it is none, or outside of its type's range.

    Examples:
        >>> [bare_value(text) for text in ("1.5", "12i", "T", "NaN", "9223372036854775808i")]
        [1.5, 12, True, None, None]
    """
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if abs(number) != float("inf") else None
    whole = whole_number(text[:-1])
    if text.endswith("i"):
        return whole if whole is not None and -_INT64 <= whole < _INT64 else None
    if text.endswith("u") and not text.startswith("-"):
        return whole if whole is not None and whole < 2 * _INT64 else None
    return _TRUTH.get(text)


def whole_number(text: str) -> int | None:
    """Read a whole number of any length; None if it is none. One beyond 21 digits is only known to be too large."""
    match = _WHOLE.fullmatch(text)
    if match is None or text in {"", "+", "-"}:
        return None
    number = int(match[2][:21] or "0")
    return -number if match[1] == "-" else number


@dataclass(slots=True)
class _Cursor:
    """A place in a text that moves forward, token by token."""

    text: str
    at: int
    start: int = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.at

    def head(self) -> Head:
        """Read measurement and tags."""
        measurement = self.token(_MEASUREMENT, "a line", "begin with its measurement")
        tags: dict[str, str] = {}
        while self.take(","):
            place = self.at
            name = _plain(self.token(_NAME, "a tag", "have a name after its comma"))
            self.require("=", f"the tag {shown(name)}", "have a value after an equals sign")
            value = _plain(self.token(_NAME, f"the tag {shown(name)}", "have a value"))
            if name in tags:
                raise InvalidLine(place, "a tag", "stand once in a line", f"{name} again")
            tags[name] = value
        return Head(measurement.replace("\\,", ",").replace("\\ ", " "), tags)

    def fields(self) -> dict[str, tuple[FieldValue, int]]:
        """Read all fields, at least one."""
        fields: dict[str, tuple[FieldValue, int]] = {}
        while True:
            place = self.at
            name = _plain(self.token(_NAME, "a field", "have a name"))
            self.require("=", f"the field {shown(name)}", "have a value after an equals sign")
            value = self.value(name)
            if name in fields:
                raise InvalidLine(place, "a field", "stand once in a line", f"{name} again")
            fields[name] = value, place
            if not self.take(","):
                return fields

    def value(self, name: str) -> FieldValue:
        """Read the value of a field."""
        if self.text.startswith('"', self.at):
            quoted = _TEXT.match(self.text, self.at)
            if quoted is None:
                raise self.fault(f"the quoted text of field {shown(name)}", "be UTF-8 and end with a quote")
            self.at = quoted.end()
            return re.sub(r'\\(["\\])', r"\1", quoted[1])
        place = self.at
        bare = self.token(_BARE, f"the field {shown(name)}", _VALUES)
        value = bare_value(bare)
        if value is None:
            raise InvalidLine(place, f"the field {shown(name)}", _VALUES, bare)
        return value

    def stamp(self) -> int | None:
        """Read the timestamp, if there is one; a space came before it."""
        bare = _BARE.match(self.text, self.at)
        if bare is None:
            return None
        if self.text[self.at - 1] != " ":
            raise self.fault("fields", "be separated by commas, and a timestamp by a space")
        stamp = whole_number(bare[0])
        if stamp is None or not -_INT64 <= stamp < _INT64:
            raise self.fault("a timestamp", "be a whole number of 64 bits")
        self.at = bare.end()
        return stamp

    def token(self, pattern: re.Pattern[str], what: str, must: str) -> str:
        """Read what a pattern asks for."""
        match = pattern.match(self.text, self.at)
        if match is None:
            raise self.fault(what, must)
        self.at = match.end()
        return match[0]

    def gap(self, what: str) -> None:
        """Read the spaces before the next part, which must be there."""
        before = self.at
        self.skip(_SPACES)
        if self.at == before:
            raise self.fault("a line", f"have {what}")

    def require(self, character: str, what: str, must: str) -> None:
        """Read one character that must be there."""
        if not self.take(character):
            raise self.fault(what, must)

    def take(self, character: str) -> bool:
        """Read one character if it is there."""
        is_there = self.text.startswith(character, self.at)
        self.at += is_there
        return is_there

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Move over what a pattern finds."""
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def fault(self, what: str, must: str) -> InvalidLine:
        """Say what must hold here; the rest of the line is what was found."""
        end = self.text.find("\n", self.at)
        rest = self.text[self.at : self.at + 80 if end < 0 else min(end, self.at + 80)]
        return InvalidLine(self.at, what, must, rest.removesuffix("\r"))


def _plain(name: str) -> str:
    if "\\" not in name:
        return name
    return re.sub(r"\\([,= ])", r"\1", name)
