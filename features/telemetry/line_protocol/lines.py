"""The lines of a body, before anybody knows what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import polars as pl

from features.telemetry.line_protocol.grammar import InvalidLine, read_line
from features.telemetry.line_protocol.layout import LineFault

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class BodyLines:
    """A body cut at its line feeds.

    Attributes:
        text: The body; each byte that is no UTF-8 stands as a lone surrogate.
        texts: Its lines; null where a line has such bytes.
    """

    text: str
    texts: pl.Series

    @classmethod
    def of(cls, body: bytes) -> "BodyLines":
        """Cut a body."""
        content = body.removeprefix(_BYTE_ORDER_MARK)
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = content.decode(errors="surrogateescape")
            sound = [line if _is_sound(line) else None for line in text.split("\n")]
            return cls(text, pl.Series(sound, dtype=pl.String))
        return cls(text, pl.Series(text.split("\n"), dtype=pl.String))

    def starts(self) -> list[int]:
        """Return where each line begins in the text; the last entry is where one more would."""
        return list(accumulate((len(line) + 1 for line in self.text.split("\n")), initial=0))

    def fault(self, start: int, number: int, place: int, detail: str) -> LineFault:
        """Describe a fault of the line that begins at `start`, at a place of the text."""
        line = self.line_at(start)
        return LineFault(number, place - start + 1, detail, _readable(line))

    def line_at(self, start: int) -> str:
        """Return the line that begins at a place of the text."""
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].removesuffix("\r")

    def surplus_faults(self, surplus: Sequence[tuple[int, str]], allowed: int) -> list[LineFault]:
        """Describe lines, by number, that name more fields than one body may."""
        starts = self.starts() if surplus else []
        detail = f"a body of so many lines must name at most {allowed} different fields; found one more, `{{}}`"
        return [
            self.fault(starts[number - 1], number, starts[number - 1], detail.format(name)) for number, name in surplus
        ]


def invalid_place(line: str) -> InvalidLine | None:
    """Return what is wrong with a line that stands alone, or None."""
    try:
        read_line(line, len(line) - len(line.lstrip(" \t")))
    except InvalidLine as error:
        return error
    return None


def _is_sound(line: str) -> bool:
    return line.isascii() or not any("\udc80" <= character <= "\udcff" for character in line)


def _readable(line: str) -> str:
    return line.encode(errors="surrogateescape").decode(errors="replace")
