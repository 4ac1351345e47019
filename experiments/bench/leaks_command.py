"""`python -m experiments bench leaks`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from pipelines.progress import Stages, print_result


def leaks(
    pumps: Annotated[int, typer.Option(min=0, help="Simulated pumps that count as clean data.")] = 24,
    days: Annotated[int, typer.Option(min=30, help="Length of their observation.")] = 420,
    engines: Annotated[
        Path | None, typer.Option(help="NASA's C-MAPSS files, clean data as well; default: within MILLWRIGHT_DATA.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Plant leaks and let the probe of onboarding find them; clean data must raise none."""
    from experiments.bench.leaks import measure_leaks  # lazy: other commands need none of it

    stages, root = Stages(), os.environ.get("MILLWRIGHT_DATA")
    if engines is None and root is not None and (Path(root) / "cmapss").is_dir():
        engines = Path(root) / "cmapss"
    with stages.stage("probing") as tell:
        result = measure_leaks(pumps, days, engines, tell)
    document = {**result.to_dict(), "seconds": sum(stages.seconds.values())}
    if json:
        print_result(document)
    else:
        stages.console.print(document)
