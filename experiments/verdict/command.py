"""`python -m experiments verdict`: is it the machine, the instrument, the data path or another way of running?"""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from experiments.errors import DataSetUnusable
from experiments.verdict.real import run_real
from experiments.verdict.simulated import (
    BUDGET_SEEDS,
    REPORTED_SEEDS,
    TUNED_SEEDS,
    FleetSize,
    run_faulty,
    run_healthy,
    taught_model,
)
from pipelines.progress import Stages, print_result


def verdict(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of public data sets; default: MILLWRIGHT_DATA; without it, no real ones."),
    ] = None,
    pumps: Annotated[int, typer.Option(min=4, max=400, help="Machines of each simulated fleet with faults.")] = 16,
    fleets: Annotated[int, typer.Option(min=1, max=2, help="Simulated fleets with faults, a seed each.")] = 2,
    healthy: Annotated[int, typer.Option(min=2, max=20, help="Simulated fleets without faults, a seed each.")] = 20,
    tuning: Annotated[bool, typer.Option("--tuning", help="Use the seeds that settings were chosen on.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Judge simulated fleets and real telemetry with known causes of deviation, and healthy fleets by the budget."""
    stages, size = Stages(), FleetSize(pumps=pumps)
    with stages.stage("learning what is normal"):
        model = taught_model(size)
    with stages.stage("fleets with faults") as tell:
        document = run_faulty(model, size, (TUNED_SEEDS if tuning else REPORTED_SEEDS)[:fleets], tell)
    with stages.stage("healthy fleets") as tell:
        alarms = run_healthy(model, size, BUDGET_SEEDS[:healthy], tell)
    document |= {"budget_kept": alarms["budget_kept"], "alarms": alarms}
    named = os.environ.get("MILLWRIGHT_DATA")  # read when the command runs, not at import
    document["real"] = _real(data or (Path(named) if named else None), stages)
    document["seconds"] = stages.seconds
    if json:
        print_result(document)
        return
    stages.console.print(confusion_table(document["confusion"]))
    stages.console.print({name: each for name, each in document.items() if name not in ("confusion", "by_cause")})


def confusion_table(confusion: object) -> Table:
    """Return the confusion as a table: what was true below each other, what was said side by side."""
    table = Table(title="What was true, and what was said")
    rows = confusion if isinstance(confusion, dict) else {}
    table.add_column("true")
    for name in next(iter(rows.values()), {}):
        table.add_column(name, justify="right")
    for truth, answers in rows.items():
        table.add_row(truth, *(str(count) for count in answers.values()))
    return table


def _real(folder: Path | None, stages: Stages) -> dict[str, object]:
    from experiments.injection.streams import cmapss_streams, nab_streams, skab_streams

    if folder is None:
        return {"reason": "MILLWRIGHT_DATA names no folder of public data sets"}
    sets = {
        "skab": (skab_streams, "skab", 2),
        "nab": (nab_streams, "nab_machine_temperature", 0),
        "cmapss": (cmapss_streams, "cmapss", 0),
    }
    found: dict[str, object] = {}
    for name, (read, place, apart) in sets.items():
        with stages.stage(f"faults put into {name}") as tell:
            try:
                found[name] = run_real(read(folder / place), 0, apart, tell)
            except DataSetUnusable as error:
                found[name] = {"reason": str(error)}
    return found
