"""Deliveries with poison in them, and what must become of every part."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

import polars as pl

from experiments.faults.outage_traffic import SIGNALS, Traffic, arrival_of, long_form
from features.domain.arrivals import Arrival, ArrivalForm

BODY_LINES = 100
"""Lines of a delivery; each holds one reading of every signal."""

Key = tuple[str, ...]
"""Names one bad thing: its kind, where it came from, and what it is."""

_BAD_LINES_UPTO, _BAD_ROWS_UPTO, _BAD_VALUES_UPTO = 0.0035, 0.005, 0.0175
"""Shares of lines, one upon the other; a bad value spoils one reading in five of its line."""

_GARBAGE_EVERY, _GARBAGE_AT = 400, 50
_UNDATED = b"4102444800000000000"  # the year 2100

_BAD_LINES: tuple[Callable[[bytes], bytes], ...] = (
    lambda line: line.replace(b"=", b"", 2),
    lambda line: line.split(b" ")[0],
    lambda line: line[: line.rfind(b"=")],
    lambda line: b"," + line,
    lambda line: line[:-3] + b"x" + line[-2:],
    lambda line: line.replace(b"flow=", b"flow=--"),
    lambda line: line.replace(b"flow=", b"flow=nan,head="),
    lambda line: line.replace(b"speed=", b'speed="rev'),
    lambda line: b"\xff\xfe\x00\x9f" + line[4:],
    lambda line: b'{"asset_id": "pump-0001", "signals": {"speed": 7}}',
    lambda line: b"<html><body>502 Bad Gateway</body></html>",
)
"""What becomes of a line that cannot be read."""

_BAD_ROWS: tuple[Callable[[bytes], bytes], ...] = (
    lambda line: line.replace(b",asset_id=", b",machine="),
    lambda line: line.rsplit(b" ", 1)[0] + b" " + _UNDATED,
    lambda line: line.replace(b",asset_id=pump", b",asset_id=pump;drop"),
)
"""What becomes of a line that can be read, and says nothing of a machine or a moment that could be right."""

_BAD_VALUES = (b"-1e9", b"1e300", b"99999i", b'"broken"', b'""broken', b"-0.5e4")
"""What instruments send instead of a value; the fifth is no value of line protocol at all."""

_WHOLE_LINE = 4  # place in `_BAD_VALUES` of the one that spoils its line


@dataclass(frozen=True, slots=True)
class Poisoned:
    """One record of the spool.

    Attributes:
        content: What it holds.
        good: The readings in it that must arrive: `asset`, `time`, `signal`, `value`.
        bad: What must be set aside.
    """

    content: bytes
    good: pl.DataFrame
    bad: list[Key] = field(default_factory=list)


def text_of(content: bytes) -> str:
    """Return bytes as text that names them."""
    return content.decode("utf-8", errors="replace")


def poisoned(count: int, seed: int = 0) -> Iterator[Poisoned]:
    """Yield deliveries of `BODY_LINES` lines, with about one per cent of their readings poisoned.

    One in four hundred is garbage as a whole.
    """
    random = Random(seed)
    traffic = Traffic(BODY_LINES)
    for second in range(count):
        if second % _GARBAGE_EVERY == _GARBAGE_AT:
            yield _garbage(traffic, second, random)
        else:
            yield _delivery(traffic, second, random)


def _garbage(traffic: Traffic, second: int, random: Random) -> Poisoned:
    sound = arrival_of(traffic.body(second))
    head, _, body = sound.partition(b"\n")
    document = json.loads(head)
    content = random.choice(
        (
            random.randbytes(len(sound)),
            body,
            sound[1:],
            json.dumps({**document, "format": 99}).encode() + b"\n" + body,
            json.dumps({**document, "form": "telepathy"}).encode() + b"\n" + body,
            json.dumps({**document, "arrived_us": "yesterday"}).encode() + b"\n" + body,
            arrival_of(body, ArrivalForm.CSV),
        )
    )
    return Poisoned(content, long_form(traffic.table(second)).clear(), [("record", text_of(content))])


def _delivery(traffic: Traffic, second: int, random: Random) -> Poisoned:
    table = long_form(traffic.table(second))
    lines, spoilt = traffic.body(second).split(b"\n"), _Spoilt()
    for place, line in enumerate(lines):
        draw = random.random()
        if draw < _BAD_LINES_UPTO:
            lines[place] = spoilt.line(place, random.choice(_BAD_LINES)(line))
        elif draw < _BAD_ROWS_UPTO:
            lines[place] = spoilt.row(place, random.choice(_BAD_ROWS)(line))
        elif draw < _BAD_VALUES_UPTO:
            lines[place] = spoilt.value(place, line, random)
    content = Arrival.from_bytes(arrival_of(b"\n".join(lines)))
    bad = [(kind, content.source, *rest) for kind, *rest in spoilt.bad]
    return Poisoned(content.to_bytes(), _without(table, spoilt), bad)


@dataclass(slots=True)
class _Spoilt:
    """What was spoilt in one delivery.

    Attributes:
        bad: What must be set aside.
        cells: Machine and signal of single readings.
        lines: Machines whose whole line is spoilt.
    """

    bad: list[Key] = field(default_factory=list)
    cells: list[tuple[str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def line(self, place: int, content: bytes) -> bytes:
        self.bad.append(("line", str(place + 1), text_of(content)))
        self.lines.append(f"pump-{place:04d}")
        return content

    def row(self, place: int, content: bytes) -> bytes:
        self.bad.append(("row", str(place + 1)))
        self.lines.append(f"pump-{place:04d}")
        return content

    def value(self, place: int, line: bytes, random: Random) -> bytes:
        signal, which = random.choice(SIGNALS), random.randrange(len(_BAD_VALUES))
        head, _, rest = line.partition(f"{signal}=".encode())
        tail = rest[min(at for at in (rest.find(b","), rest.find(b" ")) if at >= 0) :]
        content = head + f"{signal}=".encode() + _BAD_VALUES[which] + tail
        if which == _WHOLE_LINE:
            return self.line(place, content)
        self.bad.append(("value", str(place + 1), signal))
        self.cells.append((f"pump-{place:04d}", signal))
        return content


def _without(table: pl.DataFrame, spoilt: _Spoilt) -> pl.DataFrame:
    cells = pl.DataFrame(spoilt.cells, schema={"asset": pl.String, "signal": pl.String}, orient="row")
    return table.filter(~pl.col("asset").is_in(spoilt.lines)).join(cells, on=["asset", "signal"], how="anti")
