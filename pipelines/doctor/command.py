"""`python -m pipelines doctor`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.doctor.findings import Finding, Level, verdict
from pipelines.progress import print_result
from pipelines.settings import Settings, read_settings

_SIGNS = {
    Level.OK: "[green]✓[/green]",
    Level.NOTE: "[blue]·[/blue]",
    Level.WARNING: "[yellow]![/yellow]",
    Level.FAILED: "[red]✗[/red]",
}


def doctor(
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose machines.")] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the service.")] = 3000,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Look at versions, settings, clock, disk, ports, sockets and stores; say what to do. Ends with 1 if one failed."""
    found = examine(read_settings(home=home, pack=pack, tenant=tenant), port, datetime.now(UTC))
    document = verdict(found)
    if json:
        print_result(document)
    else:
        _tell(found, Console(highlight=False, soft_wrap=True))
    if not document["ok"]:
        raise typer.Exit(1)


def examine(settings: Settings, port: int, now: datetime) -> list[Finding]:
    """Look at everything.

    Args:
        settings: Of the pipelines.
        port: Where the service listens, or would.
        now: The time by this machine's clock.
    """
    # lazy: a command line that only asks for help does not pay for them
    from features.packs.loader import load_pack
    from pipelines.doctor import machine, program, stores

    folder, pack = settings.folder, load_pack(settings.pack)
    written = stores.newest_file(folder)
    newest = None if written is None else datetime.fromtimestamp(written, UTC)
    listening = machine.listeners()
    urls = settings.online_url, settings.tracking_url
    places = stores.places(folder, pack, settings.owner, settings.telemetry_server, now, *urls)
    return [
        program.python_version(),
        *program.package_versions(),
        program.database_version(),
        *program.settings_are_sound({"pipelines": read_settings}),
        program.vendor_reports(),
        machine.clock(now, newest),
        *machine.disk(folder.root),
        machine.port(port, listening),
        *machine.open_sockets(listening),
        *(stores.look_at(each) for each in places),
    ]


def _tell(found: Sequence[Finding], console: Console) -> None:
    for each in found:
        console.print(f"{_SIGNS[each.level]} [bold]{each.check}[/bold]: {escape(each.detail)}")
        if each.remedy:
            console.print(f"    → {escape(each.remedy)}")
    failed = sum(each.level is Level.FAILED for each in found)
    console.print(f"{failed} failed" if failed else "nothing failed")
