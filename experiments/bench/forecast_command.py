"""`python -m experiments bench forecast`: forecasts a second and core."""

from typing import Annotated

import typer

from pipelines.progress import Stages, print_result


def forecast(
    assets: Annotated[int, typer.Option(min=50, help="Machines at a time.")] = 1_000,
    runs: Annotated[int, typer.Option(min=1, help="How often each way is timed.")] = 5,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Make forecasts one machine and a thousand at a time, by the runtime alone and all the way on record."""
    from experiments.bench.forecast import measure_forecasts  # lazy: torch

    stages = Stages()
    with stages.stage("making forecasts") as tell:
        found = measure_forecasts(assets, runs, tell)
    told = found.to_dict()
    one, many = (each.cpu_seconds for each in (found.issued_one, found.issued_many))
    stages.console.print(
        f"  on record: {50 / one:,.0f} forecasts/s and core one at a time, {assets / many:,.0f} {assets:,} at a time; "
        f"runtime alone: {50 / found.runtime_one.cpu_seconds:,.0f} and {assets / found.runtime_many.cpu_seconds:,.0f}"
    )
    if json:
        print_result({**told, "seconds": stages.seconds})
