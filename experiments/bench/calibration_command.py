"""`python -m experiments bench calibration`: intervals and probabilities against a simulated truth."""

from typing import Annotated

import typer

from pipelines.progress import Stages, print_result


def calibration(
    machines: Annotated[int, typer.Option(min=24, max=10_000, help="Simulated machines to train on.")] = 400,
    judged: Annotated[int, typer.Option(min=16, max=10_000, help="Simulated machines to judge by.")] = 600,
    days: Annotated[int, typer.Option(min=180, max=3_660, help="Length of each machine's record.")] = 420,
    seed: Annotated[int, typer.Option(min=0, max=999, help="Of everything random.")] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the rows.")] = 8,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Train on a simulated fleet: coverage by regime and calibration error on machines whose truth is known."""
    from experiments.bench.calibration import CalibrationLoad, measure_calibration  # lazy: other commands need none
    from pipelines.quiet import hush_vendors

    hush_vendors()
    stages = Stages()
    result = measure_calibration(CalibrationLoad(machines, judged, days, seed, epochs), stages)
    if json:
        print_result({**result, "seconds": stages.seconds})
    else:
        stages.console.print_json(data=result)
