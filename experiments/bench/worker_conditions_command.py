"""`python -m experiments bench worker-conditions`: what judging conditions adds to a round of the worker."""

from typing import Annotated

import typer

from pipelines.progress import Stages, print_result


def worker_conditions(
    machines: Annotated[int, typer.Option(min=1, max=10_000, help="Machines that send a row each round.")] = 50,
    rounds: Annotated[int, typer.Option(min=1, max=1_000, help="Rounds that are timed.")] = 30,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Time a worker's rounds with and without new readings: measurements and features, then conditions and alarms."""
    from experiments.bench.worker_conditions import RoundLoad, measure_rounds  # lazy: other commands need none of it

    stages = Stages()
    with stages.stage(f"{rounds} rounds of {machines:,} machines") as tell:
        result = measure_rounds(RoundLoad(machines, rounds), tell)
    if json:
        print_result({**result, "stages": stages.seconds})
    else:
        stages.console.print_json(data=result)
