"""`python -m experiments cnc`: worn or not, each experiment told by what the others taught."""

from pathlib import Path
from typing import Annotated

import typer

from experiments.cnc.reader import write_folder
from experiments.data_sets import brought, data_folder, pack_of
from pipelines.progress import Stages, print_result


def cnc(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with experiment_01.csv and on; default: cnc_mill within MILLWRIGHT_DATA."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Leave one milling experiment out at a time and tell whether its tool was worn."""
    from pipelines.onboard.states.learning import learn_state  # lazy: torch

    stages, pack, source = Stages(), pack_of("cnc"), data or data_folder("cnc_mill")
    with stages.stage("reading"), brought(pack, lambda folder: write_folder(source, folder)) as folder:
        stretches = folder.stretches["tool_condition"]
    with stages.stage("leaving experiments out") as tell:
        learnt = learn_state(pack, "tool_condition", stretches, tell, each=True)
    figures = learnt.figures
    document: dict[str, object] = {
        "experiments": figures.stretches,
        "right": figures.right,
        "right_by_guessing": figures.majority,
        "chance": figures.chance,
        "can_be_told": figures.is_told,
        "log_loss": figures.log_loss,
        "features": learnt.chosen.group,
        "protocol": figures.protocol,
        "told": list(learnt.told),
        "seconds": sum(stages.seconds.values()),
    }
    if json:
        print_result(document)
    else:
        stages.console.print(document)
