"""`python -m experiments bench condition`: state detection on a stream against scikit-learn."""

from typing import Annotated

import typer

from pipelines.progress import Stages, print_result


def condition(
    machines: Annotated[int, typer.Option(min=5, max=200, help="Machines on the stream.")] = 10,
    signals: Annotated[int, typer.Option(min=5, max=50, help="Signals of each.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    runs: Annotated[int, typer.Option(min=1, help="How often each way is timed.")] = 3,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Judge rows one at a time: readings per second and core, and what more machines and signals cost."""
    from experiments.bench.condition import ConditionLoad, growth, measure, step_microseconds  # lazy: numpy

    stages, load = Stages(), ConditionLoad(machines, signals, seed, runs)
    with stages.stage("three ways on one stream") as tell:
        measured = measure(load, tell)
    with stages.stage("one step"):
        step = step_microseconds(load)
    with stages.stage("ten times the machines, ten times the signals"):
        grown = growth(load)
    document = {**measured, "step_microseconds_p50": step, "growth": grown, "seconds": sum(stages.seconds.values())}
    if json:
        print_result(document)
    else:
        stages.console.print(document)
