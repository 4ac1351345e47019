"""`python -m experiments bench drift`: false alarms of drift, and changes seen."""

from typing import Annotated

import typer

from pipelines.progress import Stages, print_result


def drift(
    pumps: Annotated[int, typer.Option(min=8, help="Pumps of each fleet.")] = 24,
    days: Annotated[int, typer.Option(min=250, help="Length of each record.")] = 420,
    fleets: Annotated[int, typer.Option(min=1, help="Fleets.")] = 8,
    seed: Annotated[int, typer.Option(help="Of the first fleet; the others follow.")] = 9001,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Look for drift in fleets that have not changed, and in fleets with a sensor shifted by 1, 2 and 3 sd."""
    from experiments.bench.drift import measure_drift  # lazy, with the rest

    stages = Stages()
    with stages.stage("fleets") as tell:
        found = measure_drift(pumps, days, range(seed, seed + fleets), tell)
    stages.console.print(f"  {found.alarmed} of {found.looks} looks at unchanged fleets raised an alarm")
    for name, (seen, planted) in found.seen.items():
        stages.console.print(f"  {name}: seen {seen} of {planted}")
    if json:
        print_result({**found.to_dict(), "pumps": pumps, "days": days, "seed": seed, "seconds": stages.seconds})
