"""`python -m pipelines promote`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.progress import Stages, print_result
from pipelines.settings import read_settings

if TYPE_CHECKING:
    from pipelines.promote.order import PromotionOutcome


def promote(
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose machines.")] = None,
    version: Annotated[
        str | None, typer.Option(help="The challenger; by default the one in shadow, else MLflow's challenger.")
    ] = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Let the champion before the present one serve again.")
    ] = False,
    aliases: Annotated[
        bool, typer.Option("--aliases", help="Only let MLflow's aliases name what serves and what runs in shadow.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge, but change nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Let a challenger serve if it costs less than the champion, is worse in nothing, and ran in shadow; or go back."""
    _require_one({"--aliases": aliases, "--rollback": rollback, "--dry-run": dry_run})
    from features.packs.loader import load_pack  # lazy: only this command pays
    from pipelines.promote.order import PromotionOrder, repair, roll_back
    from pipelines.promote.order import promote as run_promotion

    settings = read_settings(home=home, pack=pack, tenant=tenant)
    order = PromotionOrder(
        settings.folder,
        load_pack(settings.pack),
        settings.owner,
        settings.held_out_share,
        settings.shadow_hours,
        version,
        settings.telemetry_server,
        settings.tracking_url,
    )
    stages = Stages()
    if aliases:
        found_lagging = repair(order)
        if found_lagging is None:
            stages.console.print("MLflow's aliases name what the shelf does.")
        _warn(stages, found_lagging)
        if json:
            print_result({"aliases_follow": found_lagging is None, "warning": found_lagging})
        return
    if rollback:
        with stages.stage("rollback"):
            found = roll_back(order)
        stages.console.print(f"Version {found.version} serves again.")
        _warn(stages, found.warning)
        if json:
            print_result(found.to_dict())
        return
    outcome = run_promotion(order, stages, is_rehearsal=dry_run)
    _warn(stages, outcome.warning)
    if json:
        print_result(outcome.to_dict())
    else:
        _print_findings(outcome)


def _require_one(asked: dict[str, bool]) -> None:
    given = [name for name, is_asked in asked.items() if is_asked]
    if len(given) > 1:
        must = f"only one of {', '.join(asked)} can be asked; found {' and '.join(given)}. Ask for one after the other."
        raise typer.BadParameter(must)


def _warn(stages: Stages, warning: str | None) -> None:
    from rich.markup import escape  # lazy: only for people

    if warning is not None:
        stages.console.print(f"[yellow]Warning:[/yellow] {escape(warning)}", highlight=False)


def _print_findings(outcome: "PromotionOutcome") -> None:
    from rich.console import Console  # lazy: only for people
    from rich.table import Table

    table = Table("", "check", "must", "found", title=f"{outcome.challenger} against {outcome.champion}")
    for finding in outcome.promotion.findings:
        mark = "[green]✓[/green]" if finding.holds else "[red]✗[/red]"
        table.add_row(mark, finding.check, finding.must, finding.found)
    console = Console()
    console.print(table)
    words = "serves from now on" if outcome.is_promoted else "does not serve: " + outcome.promotion.reason
    console.print(f"Version {outcome.challenger} {words}")
