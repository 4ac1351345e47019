"""`python -m pipelines monitor`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.progress import Stages, print_result
from pipelines.settings import read_settings

if TYPE_CHECKING:
    from pipelines.monitor.report import DriftReport


def monitor(
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose machines.")] = None,
    days: Annotated[float, typer.Option(min=1, help="Length of the newest stretch of time, in days.")] = 28.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Say whether inputs, predictions and outcomes have drifted since the model learned, by cause; trains nothing."""
    from pipelines.monitor.watching import watch  # lazy: only this command pays

    stages = Stages()
    settings = read_settings(home=home, pack=pack, tenant=tenant)
    report = watch(settings, days, stages)
    if json:
        print_result({**report.to_dict(), "seconds": stages.seconds})
    else:
        _print_report(report)


def _print_report(report: "DriftReport") -> None:
    from rich.console import Console  # lazy: only for people
    from rich.table import Table

    console, found = Console(), report.outcomes
    console.print(f"The last {report.span:g} days: {report.rows} rows of {report.assets} assets.")
    console.print(f"Failures: {found.observed}, expected {found.expected:.1f}.")
    if report.alarms:
        table = Table("cause", "where", "what", "found", "since")
        for alarm in report.alarms:
            table.add_row(alarm.cause, alarm.where, ", ".join(alarm.signals), alarm.found, alarm.since or "")
        console.print(table)
    console.print(report.advice)
