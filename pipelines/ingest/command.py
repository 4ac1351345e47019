"""The `ingest` command: a folder, or JSON lines from standard input, into the stores of an installation."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from features.domain.errors import InvalidValue, ServiceError
from features.packs.loader import load_pack
from pipelines.ingest.report import IngestReport
from pipelines.progress import print_result
from pipelines.settings import Settings, read_settings


def ingest(
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with telemetry, events, assets and labels.")] = None,
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose machines.")] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Read JSON lines from standard input instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Read a folder, or JSON lines, into the stores; what does not fit is set aside with its reason."""
    words = Console(stderr=True)
    try:
        settings = read_settings(home=home, pack=pack, tenant=tenant)
        report = _ingest(settings, None if stream else data, words, stream=stream)
    except ServiceError as error:
        words.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from error
    if as_json:
        print_result(report.to_dict())
    else:
        _tell(report, words)


def _ingest(settings: Settings, data: Path | None, words: Console, *, stream: bool) -> IngestReport:
    # lazy: polars and SQLAlchemy are not paid for by --help
    from features.records.database import open_records
    from features.telemetry.opening import open_telemetry
    from pipelines.ingest.folder import ingest_folder
    from pipelines.ingest.lines import ingest_lines
    from pipelines.ingest.plausible_clock import PlausibleClock

    if data is None and not stream:
        raise InvalidValue(
            "the data", must="be a folder or a stream", found=None, remedy="Give --data FOLDER, or --stream."
        )
    pack, tenant, home = load_pack(settings.pack), settings.owner, settings.folder
    rule = PlausibleClock.of(pack, settings.clock_tolerance, settings.earliest)
    records = open_records(home.records_url)
    try:
        with open_telemetry(home, pack, settings.telemetry_server) as store, _progress(words) as told:
            if data is None:
                return ingest_lines(_standard_input(), pack, tenant, store, records, progress=told, rule=rule)
            return ingest_folder(data, pack, tenant, store, records, progress=told, rule=rule)
    finally:
        records.dispose()


def _standard_input() -> Iterator[str]:
    """Yield lines as they come; a byte that is no UTF-8 spoils its own line only."""
    return (line.decode("utf-8", errors="replace") for line in sys.stdin.buffer)


class _Told:
    """Shows rows done, file by file."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("ingesting", total=None)

    def __call__(self, source: str, rows: int) -> None:
        self._bar.update(self._task, description=f"{source}: {rows:,} rows")


@contextmanager
def _progress(words: Console) -> Iterator[_Told]:
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=words, transient=True) as bar:
        yield _Told(bar)


def _tell(report: IngestReport, words: Console) -> None:
    lines = [
        f"{report.rows:,} rows, {report.readings:,} readings: {report.written:,} new, {report.duplicates:,} duplicates,"
        f" {report.conflicts:,} conflicts ({report.replaced:,} of them replaced what was there)",
        f"{report.revised:,} corrections, {report.quarantined:,} readings in quarantine",
        f"{report.assets:,} assets, {report.events:,} events, {report.lives:,} lives, {report.labels:,} labels",
        *(f"set aside: {count:,} {reason.value}" for reason, count in report.set_aside.items()),
        *report.notes,
    ]
    for line in lines:
        words.print(line, markup=False, highlight=False)
