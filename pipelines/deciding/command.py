"""`python -m pipelines decide` and `python -m pipelines windows`: when to act, and when a plant can."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from pipelines.progress import print_result
from pipelines.settings import read_settings

if TYPE_CHECKING:
    from features.domain.windows import WorkWindow
    from models.prognosis.advice import Advice

app = typer.Typer(help="When a plant can do planned work.", no_args_is_help=True, pretty_exceptions_enable=False)

Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
Tenant = Annotated[str | None, typer.Option(help="Whose machines.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


def decide(
    asset: Annotated[str, typer.Argument(help="Identity of the machine.")],
    windows: Annotated[
        str | None,
        typer.Option(
            help="When work can be done: a CSV file (site, start, end), intervals such as 2026-12-01T06:00Z/PT8H "
            "separated by commas, or lives from now such as 24,72. By default the windows on record, else any moment."
        ),
    ] = None,
    home: Home = None,
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Say when acting on a machine is cheapest by its forecast in force, and what it costs to wait."""
    from features.domain.identifiers import asset_id  # lazy: only this command pays
    from features.packs.loader import load_pack
    from features.records.database import open_records
    from pipelines.deciding.deciding import advise_on, newest_lives

    settings = read_settings(home=home, pack=pack, tenant=tenant)
    machine, records = load_pack(settings.pack), open_records(settings.folder.records_url)
    given = None if windows is None else _given(windows, settings.owner)
    running = newest_lives(settings.folder, settings.online_url, records, settings.owner, machine)
    advice = advise_on(records, settings.owner, machine, asset_id(asset), running, given, datetime.now(UTC))
    print_result(advice.to_dict()) if json else _print(advice)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="CSV with the columns site, start and end (a time, or a length).")],
    home: Home = None,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Put the windows of a file on record in place of all those there."""
    from features.records.database import open_records  # lazy: only this command pays
    from features.records.windows import WindowRecords
    from pipelines.deciding.windows import read_windows

    settings = read_settings(home=home, tenant=tenant)
    found = read_windows(file, settings.owner)
    WindowRecords(open_records(settings.folder.records_url)).replace(settings.owner, found)
    document: dict[str, object] = {"windows": len(found), "sites": sorted({each.site for each in found})}
    print_result(document) if json else Console().print(document)


@app.command("list")
def list_windows(home: Home = None, tenant: Tenant = None, json: Json = False) -> None:
    """List the windows on record."""
    from features.domain.time import format_time  # lazy: only this command pays
    from features.records.database import open_records
    from features.records.windows import WindowRecords

    settings = read_settings(home=home, tenant=tenant)
    found = WindowRecords(open_records(settings.folder.records_url)).list_all(settings.owner)
    rows = [(each.site, format_time(each.start), format_time(each.end)) for each in found]
    if json:
        print_result({"windows": [dict(zip(("site", "start", "end"), row, strict=True)) for row in rows]})
        return
    table = Table("site", "start", "end", box=box.SIMPLE)
    for site, start, end in rows:
        table.add_row(site or "every site", start, end)
    Console().print(table)


def _given(text: str, tenant: str) -> "list[WorkWindow] | list[float]":
    from features.domain.identifiers import TenantId  # lazy: with the rest
    from pipelines.deciding.windows import parse_windows, read_windows

    if Path(text).is_file():
        return read_windows(Path(text), TenantId(tenant))
    try:
        return [float(each) for each in text.split(",")]
    except ValueError:
        return parse_windows(text, TenantId(tenant))


def _print(advice: "Advice") -> None:
    console, found, unit = _console(), advice.decision, advice.pack.life.unit
    if found is None:
        console.print(f"{advice.forecast.asset}: nobody can say. {advice.reason}")
        return
    words = {"now": "act now", "then": "act then", "wait": "wait: the next forecast decides"}
    console.print(f"[bold]{advice.forecast.asset}: {words[advice.call.value]}[/bold]")
    names = (f"after, {unit}", "when", "p(fail) before", "planned", "failure", "lost life", "total", "more than best")
    table = Table(*names, box=box.SIMPLE)
    shown = sorted({found.now, *found.options}, key=lambda each: each.after)
    for option in shown:
        moment = advice.moment(option)
        costs = [f"{cost:.2f}" for cost in (option.planned, option.failure, option.lost_life, option.total)]
        when = "" if moment is None else f"{moment:%Y-%m-%d %H:%M}Z"
        row = [f"{option.after:,.0f}", when, f"{option.p_fail:.1%}", *costs, f"{found.extra(option):+.2f}"]
        table.add_row(*row, style="bold" if option == found.best else "")
    console.print(table)


def _console() -> Console:
    """Return standard output, wide enough for a table where it is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=130)
