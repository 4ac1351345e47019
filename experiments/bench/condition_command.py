"""`python -m experiments bench condition`: state detection on a stream against scikit-learn."""

from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.progress import Stages, print_result


def condition(
    machines: Annotated[int, typer.Option(min=5, max=500, help="Machines that send at the same times.")] = 50,
    signals: Annotated[int, typer.Option(min=5, max=50, help="Signals of each.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    runs: Annotated[int, typer.Option(min=1, help="How often each way is timed.")] = 3,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Judge rows as they come: readings per second and core, and what more machines and signals cost.

    `together` takes the rows of one moment of all machines in one go, `one_by_one` a row at a time; both say the same.
    scikit-learn has a model for each machine and takes its rows one at a time; `ratio` is how many times as long the
    quicker of its two models takes for a row as `together`. `pca_by_hand` is its principal components written in NumPy
    for all machines at once.
    """
    from experiments.bench.condition import growth, measure, step_microseconds  # lazy: numpy
    from experiments.bench.condition_stream import ConditionLoad

    stages, load = Stages(), ConditionLoad(machines, signals=signals, seed=seed, runs=runs)
    with stages.stage("five ways on one stream") as tell:
        measured = measure(load, tell)
    with stages.stage("one step"):
        steps = step_microseconds(load)
    with stages.stage("ten times the machines, ten times the signals"):
        grown = growth(load)
    document = {**measured, "step_microseconds_p50": asdict(steps), "growth": grown}
    document["seconds"] = sum(stages.seconds.values())
    if json:
        print_result(document)
    else:
        stages.console.print(document)
