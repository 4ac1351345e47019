"""`python -m experiments faults`: what is left of the telemetry when things go wrong."""

from typing import Annotated

import typer

from pipelines.progress import Stages, print_result

app = typer.Typer(help="Plant faults: killed processes, lost power, outages; count what is lost.", no_args_is_help=True)


@app.callback()
def faults() -> None:
    """Plant faults: killed processes, lost power, outages; count what is lost."""


@app.command()
def spool(
    kills: Annotated[int, typer.Option(min=1, help="Processes to kill.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Makes the plan repeatable, though not the clock.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Kill processes over the spool, at random and at every named point, and count what was lost."""
    from experiments.faults.trial import kill_trial  # lazy: polars, for every other command of the program

    stages = Stages()
    result = kill_trial(kills, seed, stages)
    _report(result.to_dict(), json, stages, is_sound=result.is_sound)


@app.command()
def power(
    states: Annotated[int, typer.Option(min=1, help="Crash states to open.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Makes the states repeatable, up to the order of threads.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Open the spool on files in which writes that were not synced are missing, and count what was lost."""
    from experiments.faults.trial import power_trial  # lazy: polars, for every other command of the program

    stages = Stages()
    result = power_trial(states, seed, stages)
    _report(result.to_dict(), json, stages, is_sound=result.is_sound)


@app.command()
def outage(
    seconds: Annotated[int, typer.Option(min=1, help="How long the store hangs; time is compressed 20 times.")] = 600,
    poison_readings: Annotated[int, typer.Option(min=1, help="Readings among which there is poison.")] = 1_000_000,
    lost_answers: Annotated[int, typer.Option(min=1, help="Writes whose answers are lost.")] = 1_000,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Hang the store, fill the disk, send poison, lose answers; count what is lost, doubled and set aside."""
    from experiments.faults.outage import OutagePlan, outage_trial  # lazy: polars, for every other command

    stages = Stages()
    result = outage_trial(OutagePlan(seconds, poison_readings, lost_answers), stages)
    _report(result.to_dict(), json, stages, is_sound=result.is_sound)


@app.command()
def orders(
    orders: Annotated[int, typer.Option(min=1, help="Random orders.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Makes them repeatable.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Write the same readings in random orders, with delays, duplicates and conflicts; compare where they end."""
    from experiments.faults.orders import orders_trial  # lazy: polars, for every other command

    stages = Stages()
    result = orders_trial(orders, seed, stages)
    _report(result.to_dict(), json, stages, is_sound=result.is_sound)


@app.command()
def features(
    permutations: Annotated[int, typer.Option(min=1, help="Random orders of readings and events.")] = 10_000,
    kills: Annotated[int, typer.Option(min=1, help="Workers to kill.")] = 2_000,
    seed: Annotated[int, typer.Option(min=0, help="Makes the plan repeatable, though not the clock.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Deliver readings in random orders and kill the worker; compare its vectors with those computed anew."""
    from experiments.faults.features import features_trial  # lazy: polars, for every other command

    stages = Stages()
    result = features_trial(permutations, kills, seed, stages)
    _report(result.to_dict(), json, stages, is_sound=result.is_sound)


def _report(document: dict[str, object], as_json: bool, stages: Stages, *, is_sound: bool) -> None:
    """Print the figures, and end with 1 if they are not what they must be."""
    if as_json:
        print_result(document)
    else:
        for name, value in document.items():
            stages.console.print(f"{name}: {value}", highlight=False)
    if not is_sound:
        stages.console.print("[red]✗[/red] something was broken, or a planted fault was not caught")
        raise typer.Exit(1)
