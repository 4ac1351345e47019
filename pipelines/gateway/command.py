"""`python -m pipelines export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.progress import Stages, print_result
from pipelines.settings import read_settings

if TYPE_CHECKING:
    from pipelines.gateway.order import GatewayOutcome


def export(
    out: Annotated[Path, typer.Argument(help="A new folder for the bundle.")],
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose machines.")] = None,
    version: Annotated[str | None, typer.Option(help="Version of the model; by default the one that serves.")] = None,
    network: Annotated[
        str, typer.Option(help="student: a small network, if it is as good; ensemble: what serves in the centre.")
    ] = "student",
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Write the bundle that gateways run: a small network distilled from the one that serves, or that one itself."""
    from rich.markup import escape  # lazy: only this command pays

    from features.packs.loader import load_pack
    from models.prognosis.distilling import DistillingSettings
    from pipelines.gateway.order import GatewayOrder, Network, export_for_gateway

    if network not in list(Network):
        raise typer.BadParameter(f"must be student or ensemble; found {network}.", param_hint="--network")
    settings, stages = read_settings(home=home, pack=pack, tenant=tenant), Stages()
    order = GatewayOrder(
        settings.folder,
        load_pack(settings.pack),
        settings.owner,
        out,
        Network(network),
        DistillingSettings(seed=seed),
        version,
        settings.telemetry_server,
        settings.tracking_url,
    )
    outcome = export_for_gateway(order, stages)
    stages.console.print(outcome.reason, highlight=False)
    if outcome.warning is not None:
        stages.console.print(f"[yellow]Warning:[/yellow] {escape(outcome.warning)}", highlight=False)
    if json:
        print_result(outcome.to_dict())
    else:
        _print(outcome)


def _print(outcome: "GatewayOutcome") -> None:
    from rich.console import Console  # lazy: only for people
    from rich.table import Table

    console = Console()
    if outcome.promotion is not None:
        table = Table("", "check", "must", "found", title="small network against ensemble")
        for finding in outcome.promotion.findings:
            mark = "[green]✓[/green]" if finding.holds else "[red]✗[/red]"
            table.add_row(mark, finding.check, finding.must, finding.found)
        console.print(table)
    bundle = outcome.bundle
    console.print(f"{bundle.manifest.name} {bundle.manifest.version}, {bundle.total_bytes:,} bytes", highlight=False)
