"""`python -m experiments bench dilated`: recent readings beside whole-history features."""

from pathlib import Path
from typing import Annotated

import typer

from experiments.cmapss.command import data_folder
from pipelines.progress import Stages, print_result


def dilated(
    subset: Annotated[list[str] | None, typer.Option(help="Of C-MAPSS; may be given more than once.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder with NASA's files; default: cmapss within MILLWRIGHT_DATA.")
    ] = None,
    pumps: Annotated[int, typer.Option(min=0, max=1_000, help="Simulated pumps; 0 for none.")] = 40,
    days: Annotated[int, typer.Option(min=250, help="Length of each pump's record.")] = 420,
    engines: Annotated[int, typer.Option(min=15, help="Only the first so many engines of each subset.")] = 60,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the rows; default: those of the product.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, dropout and the simulated fleet.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Train networks with and without a causal dilated stack over recent readings; judge both out of fold, paired."""
    from experiments.bench.dilated import DilatedLoad, measure_fleets  # lazy: torch takes seconds to import
    from pipelines.quiet import hush_vendors

    hush_vendors()
    subsets = ("FD001", "FD003") if subset is None else tuple(subset)
    folder = data or data_folder("cmapss")
    stages = Stages()
    found = measure_fleets(DilatedLoad(folder, subsets, engines, pumps, days, epochs, seed), stages)
    for name, errors in found.items():
        told = errors.to_dict()
        stages.console.print(
            f"  {name}: {told['rmse_dilated']:.2f} with, {told['rmse_present']:.2f} without, difference "
            f"{told['difference']:.2f} {told['difference_ci95']}",
            highlight=False,
        )
    if json:
        print_result({"fleets": {name: each.to_dict() for name, each in found.items()}, "seconds": stages.seconds})
