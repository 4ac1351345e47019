"""`python -m experiments alarms`: gateways that go away, scores that chatter, budgets that must be kept."""

from typing import Annotated

import typer

from experiments.alarms.budgets import keep_on_pumps, keep_on_scores
from experiments.alarms.chattering import chatter
from experiments.alarms.gateways import plant, watch
from experiments.alarms.mutants import BUDGET, MUTANTS, missed_mutants
from experiments.alarms.verdicts import keep_on_verdicts
from models.condition.alarms.budget import AlarmBudget
from pipelines.progress import Stages, print_result

PUMP_BUDGET = AlarmBudget(10.0)


def alarms(
    assets: Annotated[int, typer.Option(min=20, help="Machines, dealt to the gateways.")] = 1000,
    gateways: Annotated[int, typer.Option(min=8, help="One of them goes away.")] = 20,
    seeds: Annotated[int, typer.Option(min=1, help="Healthy fleets on which a budget must be kept.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Put alarms on trial, planted faults first."""
    stages = Stages()
    with stages.stage("planted faults"):
        missed = missed_mutants()
    with stages.stage("a gateway goes away"):
        outage = watch(plant(assets, gateways))
    with stages.stage("scores chatter"):
        chatters = chatter()
    with stages.stage("budget on drawn scores") as tell:
        scores = keep_on_scores(range(seeds), BUDGET, tell)
    with stages.stage("budget on healthy pumps") as tell:
        pumps = keep_on_pumps(range(seeds), PUMP_BUDGET, tell)
    with stages.stage("budget on healthy pumps, by verdicts") as tell:
        verdicts = keep_on_verdicts(range(seeds), PUMP_BUDGET, tell)
    document: dict[str, object] = {
        "planted_faults": {"found": len(MUTANTS) - len(missed), "missed": missed},
        "outage": outage.to_dict(),
        "chattering": chatters.to_dict(),
        "budget_on_scores": scores.to_dict(),
        "budget_on_pumps": pumps.to_dict(),
        "budget_by_verdicts": verdicts.to_dict(),
        "seconds": stages.seconds,
    }
    if json:
        print_result(document)
    else:
        stages.console.print(document)
    if missed:
        raise typer.Exit(1)
