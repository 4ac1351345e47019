"""`python -m experiments bench quality`: the judgement of measurements against ground truth."""

import os
from pathlib import Path
from typing import Annotated

import typer

from experiments.bench.quality import measure_quality
from pipelines.progress import Stages, print_result


def quality(
    pumps: Annotated[int, typer.Option(min=1, max=1_000, help="Simulated machines.")] = 96,
    seed: Annotated[int, typer.Option(min=0, max=1_000, help="Which of the seeds kept for reporting.")] = 0,
    data: Annotated[Path | None, typer.Option(help="Public data sets; default: MILLWRIGHT_DATA.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Judge measurements with known faults: recall, delay, clean readings set aside; simulated and real."""
    named = os.environ.get("MILLWRIGHT_DATA")  # read when the command runs, not at import
    folder = data if data is not None else Path(named) if named else None
    stages = Stages()
    with stages.stage("judging measurements") as tell:
        result = measure_quality(pumps, seed, folder, tell)
    if json:
        print_result({**result, "seconds": stages.seconds})
        return
    for name, figures in _simulated(result).items():
        stages.console.print(f"[bold]{name}[/bold]")
        stages.console.print_json(data=figures)


def _simulated(result: dict[str, object]) -> dict[str, object]:
    simulated, real = result["simulated"], result["real"]
    parts = {**simulated, **real} if isinstance(simulated, dict) and isinstance(real, dict) else {}
    return {str(name): figures for name, figures in parts.items()}
