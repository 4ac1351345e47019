"""`python -m experiments bench train`: Ray Train against a plain loop of PyTorch."""

import os
from typing import Annotated

import typer

from pipelines.progress import Stages, print_result

_FACTORS = (1, 10, 100)


def train(
    machines: Annotated[int, typer.Option(min=16, help="Machines of the smallest fleet; then 10 and 100 times.")] = 20,
    rows: Annotated[int, typer.Option(min=2, help="Rows of each machine.")] = 20,
    epochs: Annotated[int, typer.Option(min=2, help="Passes over the rows, the first of which is the start.")] = 12,
    repeats: Annotated[int, typer.Option(min=1, help="Trainings on Ray of each fleet; the median counts.")] = 3,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Train on one Ray worker and in a plain loop: the same loss first, then samples per second as the fleet grows."""
    from experiments.bench.train import measure_training  # lazy: torch takes seconds to import
    from models.prognosis.training import TrainingSettings
    from pipelines.train.cluster import ray_cluster

    os.environ.setdefault("RAY_worker_niceness", "0")  # Ray's own 15 would measure how busy the machine is
    stages = Stages()
    with stages.stage("starting Ray"), ray_cluster(1):
        settings = TrainingSettings(epochs=epochs)
        with stages.stage("training both ways") as tell:
            measured = measure_training(machines, rows, _FACTORS, settings, repeats, tell)
        found = [each.to_dict() for each in measured]
    for fleet in found:
        speeds = fleet["samples_per_second"]
        assert isinstance(speeds, dict)
        stages.console.print(
            f"  {fleet['machines']:,} machines: {speeds['ray']:,.0f} samples/s on Ray, {speeds['plain']:,.0f} in a "
            f"plain loop, overhead {fleet['overhead']:.1%}"
        )
    if json:
        heads = {name: found[-1][name] for name in ("samples_per_second", "overhead", "overhead_seconds_per_epoch")}
        print_result({**heads, "fleets": found, "seconds": stages.seconds})
