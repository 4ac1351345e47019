"""`python -m experiments nab-machine`: four faults of one machine, found in its temperature."""

from pathlib import Path
from typing import Annotated

import typer

from experiments.data_sets import data_folder
from experiments.nab.protocol import judge
from experiments.nab.reader import read_machine
from pipelines.progress import Stages, print_result


def nab_machine(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with NAB's files; default: nab_machine_temperature within MILLWRIGHT_DATA."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Find the faults of one machine early, with few false alarms."""
    stages = Stages()
    with stages.stage("reading"):
        machine = read_machine(data or data_folder("nab_machine_temperature"))
    with stages.stage("judging"):
        document = judge(machine).to_dict()
    document["seconds"] = sum(stages.seconds.values())
    if json:
        print_result(document)
    else:
        stages.console.print(document)
