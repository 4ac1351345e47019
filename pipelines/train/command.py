"""`python -m pipelines train`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.progress import Stages, print_result
from pipelines.settings import read_settings


def train(
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose machines.")] = None,
    workers: Annotated[int | None, typer.Option(help="Ray Train workers.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the rows.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    search: Annotated[int, typer.Option(min=0, help="Settings to try first with Ray Tune; the best joins.")] = 0,
    resume: Annotated[str | None, typer.Option(help="MLflow run of a training that was cut off, to go on.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Train, judge on unseen machines, register; the first model serves, a better one runs in shadow first."""
    from rich.markup import escape  # lazy: only this command pays

    from features.packs.loader import load_pack
    from models.prognosis.training import candidates
    from pipelines.train.run import TrainingOrder
    from pipelines.train.run import train as run_training

    settings = read_settings(home=home, pack=pack, tenant=tenant, ray_workers=workers)
    order = TrainingOrder(
        settings.folder,
        load_pack(settings.pack),
        settings.owner,
        candidates(seed, epochs),
        held_out_share=settings.held_out_share,
        workers=settings.ray_workers,
        ray_address=settings.ray_address,
        server=settings.telemetry_server,
        features_url=settings.online_url,
        shadow_hours=settings.shadow_hours,
        offline_url=settings.offline_url,
        tracking_url=settings.tracking_url,
        trials=search,
        resume=resume,
    )
    stages = Stages()
    outcome = run_training(order, stages)
    stages.console.print(outcome.decision.reason)
    if outcome.warning is not None:
        stages.console.print(f"[yellow]Warning:[/yellow] {escape(outcome.warning)}", highlight=False)
    if json:
        print_result(outcome.to_dict())
    else:
        print_summary(outcome.to_dict())


def print_summary(document: dict[str, object]) -> None:
    """Show nested figures as one table."""
    from rich.console import Console  # lazy: only for people
    from rich.table import Table

    table = Table("figure", "value")
    for name, value in _flat(document):
        table.add_row(name, f"{value:.4g}" if isinstance(value, float) else str(value))
    Console().print(table)


def _flat(document: dict[str, object], prefix: str = "") -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, value in document.items():
        rows += _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(f"{prefix}{name}", value)]
    return rows
