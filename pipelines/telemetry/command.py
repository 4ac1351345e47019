"""`python -m pipelines telemetry`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from features.domain.errors import InvalidValue
from features.quality.verdicts import SetAsideReason
from pipelines.progress import print_result
from pipelines.settings import Settings, read_settings

if TYPE_CHECKING:
    from features.records.database import Records
    from features.spool.durable import DurableSpool

app = typer.Typer(help="What arrives, how late, and what is set aside and why.", no_args_is_help=True)

_Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
_Tenant = Annotated[str | None, typer.Option(help="Whose machines.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


@app.callback()
def telemetry() -> None:
    """What arrives, how late, and what is set aside and why."""


@app.command()
def status(
    home: _Home = None,
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    tenant: _Tenant = None,
    days: Annotated[float, typer.Option(min=0, help="Count readings that are not good over so many days.")] = 7.0,
    everything: Annotated[bool, typer.Option("--all", help="Show every asset, not only the worst twenty.")] = False,
    json: _Json = False,
) -> None:
    """Say of every asset what arrives, how late and how good it is; and what is set aside or in quarantine."""
    from features.packs.loader import load_pack  # lazy: only this command pays
    from features.telemetry.opening import open_telemetry
    from pipelines.telemetry.status import telemetry_status
    from pipelines.telemetry.words import tell

    settings = read_settings(home=home, pack=pack, tenant=tenant)
    equipment, folder = load_pack(settings.pack), settings.folder
    with _records(settings) as records, open_telemetry(folder, equipment, settings.telemetry_server) as store:
        found = telemetry_status(store, records, folder.spool, equipment, settings.owner, days)
    if json:
        print_result(found.to_dict())
        return
    tell(found, equipment, datetime.now(UTC), Console(), len(found.assets) if everything else 20)


@app.command()
def aside(
    home: _Home = None,
    tenant: _Tenant = None,
    reason: Annotated[SetAsideReason | None, typer.Option(help="Only what was set aside for this reason.")] = None,
    source: Annotated[str | None, typer.Option(help="Only what came from this source.")] = None,
    from_spool: Annotated[bool, typer.Option("--spool", help="Deliveries that could not be read at all.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
    json: _Json = False,
) -> None:
    """Show what was set aside, with its reason and everything that it held."""
    from pipelines.telemetry.aside import deliveries_aside, items_aside

    settings = read_settings(home=home, tenant=tenant)
    if from_spool:
        with _spool(settings) as spool:
            rows = deliveries_aside(spool, limit)
    else:
        with _records(settings) as records:
            rows = items_aside(records, settings.owner, reason, source, limit)
    if json:
        print_result({"items": rows})
        return
    console = Console(highlight=False, soft_wrap=True)
    for row in rows:
        console.print(" · ".join(str(cell) for cell in row.values() if cell is not None), markup=False)


@app.command("corrections")
def list_corrections(
    home: _Home = None,
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    tenant: _Tenant = None,
    asset: Annotated[str | None, typer.Option(help="Only this asset's.")] = None,
    days: Annotated[float | None, typer.Option(min=0, help="Only of so many days; otherwise of all time.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
    json: _Json = False,
) -> None:
    """Show readings that were corrected by their source, newest first, with value and revision."""
    from features.packs.loader import load_pack  # lazy: only this command pays
    from features.telemetry.opening import open_telemetry
    from pipelines.telemetry.corrections import corrections, days_before

    settings = read_settings(home=home, pack=pack, tenant=tenant)
    with open_telemetry(settings.folder, load_pack(settings.pack), settings.telemetry_server) as store:
        start = days_before(datetime.now(UTC), days)
        rows = corrections(store, settings.owner, asset, start, limit)
    if json:
        print_result({"corrections": rows})
        return
    for row in rows:
        typer.echo(f"{row['time']} {row['asset']} {row['signal']} = {row['value']:g} (revision {row['revision']})")


@app.command()
def restore(
    offsets: Annotated[list[int], typer.Argument(help="Deliveries, as `telemetry aside --spool` names them.")],
    home: _Home = None,
    json: _Json = False,
) -> None:
    """Put deliveries that were set aside back at the end of the queue, to be tried again."""
    with _spool(read_settings(home=home)) as spool:
        back = {str(offset): spool.restore(offset) for offset in offsets}
    if json:
        print_result({"restored": back})
    else:
        Console().print(f"{len(back)} put back; the worker takes them in")


@contextmanager
def _records(settings: Settings) -> "Iterator[Records]":
    from features.records.database import open_records  # lazy: SQLAlchemy is for whoever reads

    records = open_records(settings.folder.records_url)
    try:
        yield records
    finally:
        records.dispose()


@contextmanager
def _spool(settings: Settings) -> "Iterator[DurableSpool]":
    from features.spool.durable import DurableSpool  # lazy: only these commands need it

    path = settings.folder.spool
    if not path.exists():
        raise InvalidValue(
            "the spool", must="be there", found=path, remedy="Nothing was received yet, or --home names another folder."
        )
    with DurableSpool(path) as spool:
        yield spool
