"""`python -m experiments fleet-prior`: what a new machine borrows, and what becomes of a baseline."""

from typing import Annotated

import typer

from experiments.fleet_prior.changes import follow_changes
from experiments.fleet_prior.fleet import healthy_pumps
from experiments.fleet_prior.protocol import DAYS, leave_one_out, members_of
from models.condition.alarms.budget import AlarmBudget
from pipelines.progress import Stages, print_result


def fleet_prior(
    pumps: Annotated[int, typer.Option(min=12, help="Machines of the simulated fleet.")] = 48,
    seed: Annotated[int, typer.Option(min=0, help="Of the simulated fleet.")] = 20250101,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Leave one simulated machine out: borrowed, own and pooled expectations; swaps, repairs and slow faults."""
    stages = Stages()
    figures = run(pumps, seed, stages) | {"seconds": sum(stages.seconds.values())}
    if json:
        print_result(figures)
    else:
        stages.console.print(figures)


def run(pumps: int, seed: int, stages: Stages) -> dict[str, object]:
    """Return every figure, by name."""
    with stages.stage("simulating"):
        pack, fleet = healthy_pumps(pumps, DAYS, seed)
    with stages.stage("summing up"):
        members = members_of(fleet)
    with stages.stage("leaving machines out") as tell:
        borrowed = leave_one_out(fleet, members, tell)
    with stages.stage("following changes") as tell:
        changes = follow_changes(pack.features.signals, fleet, members, AlarmBudget(pack.alarm_budget), tell)
    return {"pumps": pumps, "seed": seed, **borrowed, "changes": changes}
