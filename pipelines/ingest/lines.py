"""Ingest of JSON lines: readings and events as they come from a stream."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

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
from pipelines.ingest.report import IngestReport
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


class EventLine(_Line):
    """A line that tells of an event."""

    event: str
    failure_mode: str | None = None
    component: str | None = None
    note: str | None = None


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

    Returns:
        What was done, once the lines have ended.
    """
    rule = batching or Batching()
    intake = Intake(pack, tenant, store, records)
    batch = _Batch(source)
    opened_at = rule.clock()
    for number, line in enumerate(lines, start=1):
        if not batch.count:
            opened_at = rule.clock()
        batch.add(number, line)
        if batch.count >= rule.lines or rule.clock() - opened_at >= rule.seconds:
            batch.write(intake)
            batch = _Batch(source)
            if progress is not None:
                progress(source, number)
    batch.write(intake)
    return intake.finish()


@dataclass(slots=True)
class _Batch:
    """Lines that are not written yet, by kind and clock."""

    source: str
    count: int = 0
    readings: dict[str, list[tuple[int, ReadingLine]]] = field(default_factory=lambda: {"time": [], "life": []})
    events: dict[str, list[tuple[int, EventLine]]] = field(default_factory=lambda: {"time": [], "life": []})
    items: list[SetAsideItem] = field(default_factory=list)

    def add(self, number: int, line: str) -> None:
        """Read a line; one that is none is set aside whole."""
        if not line.strip():
            return
        self.count += 1
        try:
            parsed = _parsed(line)
        except (ValueError, RecursionError) as error:
            detail = f"a line must be one JSON object of the stated form; found {_problem(error)}"
            content = {"line": line.strip()}
            self.items.append(SetAsideItem(self.source, number, SetAsideReason.UNREADABLE_LINE, detail, content))
            return
        clock = "time" if parsed.life is None else "life"
        if isinstance(parsed, EventLine):
            self.events[clock].append((number, parsed))
        else:
            self.readings[clock].append((number, parsed))

    def write(self, intake: Intake) -> None:
        """Hand everything on as tables."""
        intake.tally.rows += sum(1 for item in self.items)
        intake.put_aside(self.items)
        for clock, readings in self.readings.items():
            if readings:
                intake.take_telemetry(_readings_table(readings, clock), self.source)
        for clock, events in self.events.items():
            if events:
                take_events(intake, _events_table(events, clock), self.source)
        intake.settle_lives()


def _parsed(line: str) -> ReadingLine | EventLine:
    document = json.loads(line, object_pairs_hook=_unique)
    if not isinstance(document, dict):
        raise ValueError("something that is no object")  # one kind of error for a bad line
    if "\\u" in line:
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no text; no store could keep it
    parsed = EventLine(**document) if "event" in document else ReadingLine(**document)
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


def _keys(lines: list[tuple[int, ReadingLine]] | list[tuple[int, EventLine]], clock: str) -> list[pl.Series]:
    return [
        pl.Series(ROW, [number for number, _ in lines], dtype=pl.UInt32),
        pl.Series("asset_id", [line.asset_id for _, line in lines], dtype=pl.String),
        pl.Series(clock, [_text(getattr(line, clock)) for _, line in lines], dtype=pl.String),
    ]


def _readings_table(lines: list[tuple[int, ReadingLine]], clock: str) -> pl.DataFrame:
    signals = dict.fromkeys(name for _, line in lines for name in line.signals)
    columns = _keys(lines, clock)
    taken = {column.name for column in columns}
    for signal in signals:
        name = f"signals.{signal}" if signal in taken else signal  # a signal that is called like a key is unknown
        columns.append(_signal_column(name, [line.signals.get(signal) for _, line in lines]))
    return pl.DataFrame(columns)


def _signal_column(name: str, cells: list[object]) -> pl.Series:
    """Return a column of numbers or, where a cell is anything else, of texts, to be judged as such."""
    if all(cell is None or type(cell) is float or (type(cell) is int and abs(cell) < 2**53) for cell in cells):
        return pl.Series(name, [None if cell is None else float(cell) for cell in cells], dtype=pl.Float64)  # type: ignore[arg-type]  # checked above
    return pl.Series(name, [_text(cell) for cell in cells], dtype=pl.String)


def _events_table(lines: list[tuple[int, EventLine]], clock: str) -> pl.DataFrame:
    fields = {"kind": "event", "failure_mode": "failure_mode", "component": "component", "note": "note"}
    cells = {column: [getattr(line, name) for _, line in lines] for column, name in fields.items()}
    columns = [pl.Series(column, values, dtype=pl.String) for column, values in cells.items()]
    return pl.DataFrame([*_keys(lines, clock), *columns])


def _text(cell: object) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    return repr(cell) if isinstance(cell, float | int) and not isinstance(cell, bool) else json.dumps(cell)
