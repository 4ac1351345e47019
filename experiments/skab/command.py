"""`python -m experiments skab`: faults of a pump rig, told row by row and change by change."""

from pathlib import Path
from typing import Annotated

import typer

from experiments.data_sets import data_folder
from experiments.skab import protocol
from experiments.skab.baselines import BASELINES
from experiments.skab.reader import Rig, read_rig
from experiments.skab.scoring import nab_score
from models.condition.alarms.alarm import AlarmRule
from pipelines.progress import Stages, print_result


def skab(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with other, valve1, valve2, anomaly-free; default: skab within MILLWRIGHT_DATA."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Tell faults of a pump rig from healthy running, thresholds from healthy running alone."""
    stages = Stages()
    with stages.stage("reading"):
        rig = read_rig(data or data_folder("skab"))
    document = run(rig, stages)
    document["seconds"] = sum(stages.seconds.values())
    if json:
        print_result(document)
    else:
        stages.console.print(document)


def run(rig: Rig, stages: Stages) -> dict[str, object]:
    """Run the protocol and return what `--json` prints.

    Args:
        rig: All recordings.
        stages: Told of progress.
    """
    with stages.stage("alarms"):
        top, strict = _figures(rig, protocol.HEALTHY_RATE), _figures(rig, protocol.STRICT_HEALTHY_RATE)
    with stages.stage("changes"):
        told = protocol.tell_changes(rig)
    with stages.stage("baselines") as tell:
        baselines = {}
        for done, name in enumerate(BASELINES, start=1):
            baselines[name] = baseline_figures(name, rig)
            tell(done, len(BASELINES))
    return {
        **top,
        "strict": strict,
        "nab_standard": nab_score(told, protocol.changes_of(rig.recordings)),
        "events": sum(map(len, told)),
        "changes": sum(map(len, protocol.changes_of(rig.recordings))),
        "baselines": baselines,
    }


def baseline_figures(name: str, rig: Rig) -> dict[str, float]:
    """Judge a baseline at the threshold that as many healthy rows pass as pass the product's.

    Those that look at no sensor have no threshold: they are judged as they are.
    """
    score = BASELINES[name]
    looks = name not in ("flag_all", "clock")
    threshold = protocol.healthy_threshold(score, rig, protocol.HEALTHY_RATE) if looks else 0.5
    told = protocol.tell(score, rig, AlarmRule(threshold, release=0.0))
    return protocol.figures_of(told, rig.recordings).to_dict()


def _figures(rig: Rig, rate: float) -> dict[str, float]:
    score = protocol.product_score(rig)
    told = protocol.tell(score, rig, AlarmRule(protocol.healthy_threshold(score, rig, rate)))
    return protocol.figures_of(told, rig.recordings).to_dict()
