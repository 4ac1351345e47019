"""Ingest of JSON lines: readings and events as they come from a stream."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from features.domain.identifiers import TenantId
from features.domain.packs import Pack
from features.quality.verdicts import SetAsideReason
from features.records.database import Records
from features.records.set_aside import SetAsideItem
from features.telemetry.store import TelemetryStore
from pipelines.ingest.events import take_events
from pipelines.ingest.folder import Progress
from pipelines.ingest.intake import Intake
from pipelines.ingest.origin import COLUMNS, Origin, is_hidden
from pipelines.ingest.plausible_clock import PlausibleClock
from pipelines.ingest.report import IngestReport
from pipelines.ingest.revisions import REVISION
from pipelines.ingest.tables import ROW


class _Line(BaseModel):
    """The key of a line; what is wrong with its parts is judged as in a file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    asset_id: str | None = None
    time: str | None = None
    life: float | str | None = None


class ReadingLine(_Line):
    """A line of readings: null or absent signals were not measured."""

    signals: dict[str, object]
    revision: object = None


class EventLine(_Line):
    """A line that tells of an event."""

    event: str
    failure_mode: str | None = None
    component: str | None = None
    code: str | None = None
    note: str | None = None


LineT = TypeVar("LineT", ReadingLine, EventLine)

MOST_SIGNALS = 4_096
"""So many signals one line may bear; no machine has more, and each costs a column."""

MOST_CELLS = 500_000
"""So many cells one table may have: lines that share no signals would make it grow as the square of their number."""


@dataclass(frozen=True, slots=True)
class Batching:
    """When lines are written: whichever comes first.

    Attributes:
        lines: After so many lines.
        seconds: Or when the first line of a batch is so old; looked at when a line comes.
        clock: Tells the seconds that have passed.
    """

    lines: int = 5_000
    seconds: float = 1.0
    clock: Callable[[], float] = time.monotonic


def ingest_lines(
    lines: Iterable[str],
    pack: Pack,
    tenant: TenantId,
    store: TelemetryStore,
    records: Records,
    *,
    source: str = "stdin",
    batching: Batching | None = None,
    progress: Progress | None = None,
    rule: PlausibleClock | None = None,
) -> IngestReport:
    """Read JSON lines into the stores, batch by batch; the rules are those of `ingest_folder`.

    Args:
        lines: One JSON object each; blank lines are skipped.
        pack: The type of the machines.
        tenant: Whose machines.
        store: Where readings go.
        records: Where everything else goes.
        source: The name under which lines are set aside; the row is the number of the line, from 1.
        batching: When a batch is written; None means the usual.
        progress: Told after each batch.
        rule: Which times are believed; None means the usual for the pack.

    Returns:
        What was done, once the lines have ended.
    """
    timing = batching or Batching()
    intake = Intake(pack, tenant, store, records, rule=rule)
    batch = LineBatch(source)
    opened_at = timing.clock()
    for number, line in enumerate(lines, start=1):
        if not batch.count:
            opened_at = timing.clock()
        batch.add(number, line)
        if batch.count >= timing.lines or timing.clock() - opened_at >= timing.seconds:
            batch.write(intake)
            batch = LineBatch(source)
            if progress is not None:
                progress(source, number)
    batch.write(intake)
    return intake.finish()


@dataclass(frozen=True, slots=True)
class Placed(Generic[LineT]):
    """A line with where it stood: its number, and the delivery it came in, if it came in one."""

    number: int
    line: LineT
    origin: Origin | None


@dataclass(slots=True)
class LineBatch:
    """Lines that are not written yet, by kind and clock; they may come from many deliveries.

    Attributes:
        source: The name under which lines are set aside that came in no delivery.
    """

    source: str = ""
    count: int = 0
    items: list[SetAsideItem] = field(default_factory=list)
    _readings: dict[str, list[Placed[ReadingLine]]] = field(default_factory=lambda: {"time": [], "life": []})
    _events: dict[str, list[Placed[EventLine]]] = field(default_factory=lambda: {"time": [], "life": []})

    def add(self, number: int, line: str, origin: Origin | None = None) -> None:
        """Read a line; one that is none is set aside whole."""
        if not line.strip():
            return
        self.count += 1
        try:
            parsed = _parsed(line)
        except (ValueError, RecursionError) as error:
            detail = f"a line must be one JSON object of the stated form; found {_problem(error)}"
            source = self.source if origin is None else origin.source
            content = {"line": line.strip()}
            self.items.append(SetAsideItem(source, number, SetAsideReason.UNREADABLE_LINE, detail, content))
            return
        clock = "time" if parsed.life is None else "life"
        if isinstance(parsed, EventLine):
            self._events[clock].append(Placed(number, parsed, origin))
        else:
            self._readings[clock].append(Placed(number, parsed, origin))

    def reading_tables(self) -> Iterator[pl.DataFrame]:
        """Yield the readings as telemetry tables, for each clock one, or as many as keep each within `MOST_CELLS`."""
        for clock, lines in self._readings.items():
            yield from (_readings_table(group, clock) for group in _groups(lines))

    def event_tables(self) -> Iterator[pl.DataFrame]:
        """Yield the events as tables, one for each clock."""
        yield from (_events_table(lines, clock) for clock, lines in self._events.items() if lines)

    def write(self, intake: Intake) -> None:
        """Hand everything on as tables."""
        intake.tally.rows += len(self.items)
        intake.put_aside(self.items)
        for readings in self.reading_tables():
            intake.take_telemetry(readings, self.source)
        for events in self.event_tables():
            take_events(intake, events, self.source)
        intake.settle_lives()


def _parsed(line: str) -> ReadingLine | EventLine:
    document = json.loads(line, object_pairs_hook=_unique)
    if not isinstance(document, dict):
        raise ValueError("something that is no object")  # one kind of error for a bad line
    if "\\u" in line:
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no text; no store could keep it
    parsed = EventLine(**document) if "event" in document else ReadingLine(**document)
    if isinstance(parsed, ReadingLine) and len(parsed.signals) > MOST_SIGNALS:
        raise ValueError(f"{len(parsed.signals)} signals in it; at most {MOST_SIGNALS} may be in one line")
    if parsed.time is not None and parsed.life is not None:
        raise ValueError("time and life together; one of them says when")
    return parsed


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object; one with a key twice says two things at once, and neither may be dropped in silence."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice in one object")
    return found


def _problem(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)


def _keys(lines: Sequence[Placed[ReadingLine]] | Sequence[Placed[EventLine]], clock: str) -> list[pl.Series]:
    columns = [
        pl.Series(ROW, [each.number for each in lines], dtype=pl.UInt32),
        pl.Series("asset_id", [each.line.asset_id for each in lines], dtype=pl.String),
        pl.Series(clock, [_text(getattr(each.line, clock)) for each in lines], dtype=pl.String),
    ]
    origins = [each.origin for each in lines if each.origin is not None]
    if len(origins) < len(lines):
        return columns
    cells = zip(*((each.source, each.arrived_at, each.channel, each.offset) for each in origins), strict=True)
    return columns + [
        pl.Series(name, values, dtype=kind) for (name, kind), values in zip(COLUMNS.items(), cells, strict=True)
    ]


def _groups(lines: Sequence[Placed[ReadingLine]]) -> Iterator[Sequence[Placed[ReadingLine]]]:
    """Cut lines into consecutive groups of which each makes a table within `MOST_CELLS`."""
    start = 0
    names: set[str] = set()
    for place, each in enumerate(lines):
        new = [name for name in each.line.signals if name not in names]
        if place > start and (place - start + 1) * (len(names) + len(new)) > MOST_CELLS:
            yield lines[start:place]
            start, names, new = place, set(), list(each.line.signals)
        names.update(new)
    if lines:
        yield lines[start:]


def _readings_table(lines: Sequence[Placed[ReadingLine]], clock: str) -> pl.DataFrame:
    signals = dict.fromkeys(name for each in lines for name in each.line.signals)
    columns = _keys(lines, clock)
    revisions = [_text(each.line.revision) for each in lines]
    if any(revision is not None for revision in revisions):
        columns.append(pl.Series(REVISION, revisions, dtype=pl.String))
    taken = {"asset_id", clock, REVISION}
    for signal in signals:
        # a signal that is called like a key, or like a column of ours, is unknown
        name = f"signals.{signal}" if signal in taken or is_hidden(signal) else signal
        columns.append(_signal_column(name, [each.line.signals.get(signal) for each in lines]))
    return pl.DataFrame(columns)


def _signal_column(name: str, cells: list[object]) -> pl.Series:
    """Return a column of numbers or, where a cell is anything else, of texts, to be judged as such."""
    if all(cell is None or type(cell) is float or (type(cell) is int and abs(cell) < 2**53) for cell in cells):
        return pl.Series(name, [None if cell is None else float(cell) for cell in cells], dtype=pl.Float64)  # type: ignore[arg-type]  # checked above
    return pl.Series(name, [_text(cell) for cell in cells], dtype=pl.String)


def _events_table(lines: Sequence[Placed[EventLine]], clock: str) -> pl.DataFrame:
    fields = {"kind": "event"} | {name: name for name in ("failure_mode", "component", "code", "note")}
    cells = {column: [getattr(each.line, name) for each in lines] for column, name in fields.items()}
    columns = [pl.Series(column, values, dtype=pl.String) for column, values in cells.items()]
    return pl.DataFrame([*_keys(lines, clock), *columns])


def _text(cell: object) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    return repr(cell) if isinstance(cell, float | int) and not isinstance(cell, bool) else json.dumps(cell)
