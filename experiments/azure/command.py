"""`python -m experiments azure-pdm`: failures of a component, event by event, on machines not seen."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from experiments.azure.protocol import Judged, at_readings, judge, without_age
from experiments.azure.reader import Errors, write_folder
from experiments.data_sets import brought, data_folder, pack_of
from pipelines.progress import Stages, print_result


def azure_pdm(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with PdM_*.csv and features_12h.parquet; default: within MILLWRIGHT_DATA."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the rows.")] = 8,
    workers: Annotated[int, typer.Option(min=1, help="Ray Train workers.")] = 1,
    errors: Annotated[Errors, typer.Option(help="When errors are said to have happened.")] = Errors.BOOKED,
    at_errors: Annotated[
        bool, typer.Option("--at-errors/--at-readings", help="Forecast at once after an error, or at readings alone.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Warn of failures on machines not seen, with and without what tells the time since a replacement."""
    from pipelines.quiet import hush_vendors

    hush_vendors()
    stages, pack, source = Stages(), pack_of("azure"), data or data_folder("azure_pdm")
    pack = pack if at_errors else at_readings(pack)
    with stages.stage("reading"), brought(pack, lambda folder: write_folder(source, folder, errors)) as folder:
        tracks = folder.tracks
    with tempfile.TemporaryDirectory() as scratch:
        with stages.stage("learning, with the time since replacements"):
            found = judge(pack, tracks, Path(scratch), epochs, workers, with_age=True)
        with stages.stage("learning, without it"):
            ageless = judge(without_age(pack), tracks, Path(scratch), epochs, workers, with_age=False)
    document = {**figures_of(found, ageless), "seconds": sum(stages.seconds.values())}
    if json:
        print_result(document)
    else:
        stages.console.print(document)


def figures_of(found: Judged, ageless: Judged) -> dict[str, object]:
    """Return what `--json` prints."""
    return {
        "recall_24h": found.recall["24h"],
        "false_per_100_machine_weeks": found.false_per_100_machine_weeks["24h"],
        "recall_24h_without_age": ageless.recall["24h"],
        "recall_72h": found.recall["72h"],
        "pr_auc": found.pr_auc,
        "recall_12h": found.recall["12h"],
        "recall_12h_without_age": ageless.recall["12h"],
        "false_12h": found.false_per_100_machine_weeks["12h"],
        "false_12h_without_age": ageless.false_per_100_machine_weeks["12h"],
        "false_24h_without_age": ageless.false_per_100_machine_weeks["24h"],
        "false_72h": found.false_per_100_machine_weeks["72h"],
        "failures": found.failures,
    }
