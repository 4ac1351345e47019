"""`python -m experiments cmapss`: the whole protocol, from NASA's files to figures."""

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.cmapss import protocol, report, scoring
from experiments.cmapss.published import SUBSETS
from experiments.cmapss.reader import Subset, read_subset
from experiments.output import check_writable, write_whole
from pipelines.progress import Stages, print_result
from pipelines.quiet import hush_vendors

if TYPE_CHECKING:
    from models.prognosis.training import TrainingSettings


def cmapss(
    subset: Annotated[str, typer.Option(help="FD001, FD002, FD003 or FD004.")] = "FD001",
    data: Annotated[
        Path | None, typer.Option(help="Folder with NASA's files; default: cmapss within MILLWRIGHT_DATA.")
    ] = None,
    predictions: Annotated[Path | None, typer.Option(help="Write forecasts of the test engines here, as CSV.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Ray Train workers.")] = 2,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of weights and dropout, each with its own networks.")] = 5,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Train on a C-MAPSS subset, judge out of fold, and score the test engines once."""
    if subset not in SUBSETS:
        raise typer.BadParameter(f"must be one of {', '.join(SUBSETS)}; found {subset}", param_hint="--subset")
    if predictions is not None:
        check_writable(predictions)
    started, stages = time.perf_counter(), Stages()
    with stages.stage("reading"):
        engines = read_subset(data or data_folder("cmapss"), subset)
        protocol.check_enough(engines.training)
    for words in engines.departures:
        stages.console.print(f"[yellow]![/yellow] {words}", highlight=False)
    figures = run_on_ray(engines, workers, stages, predictions, seeds=seeds)
    figures["seconds"] = time.perf_counter() - started
    if json:
        print_result(figures)
    else:
        report.show(figures)


def run_on_ray(
    subset: Subset,
    workers: int,
    stages: Stages,
    predictions: Path | None = None,
    settings: "Sequence[TrainingSettings] | None" = None,
    seeds: int = 5,
) -> scoring.Figures:
    """Run the protocol with the product's own parts, in a scratch folder that is gone afterwards."""
    from experiments.cmapss.laboratory import RayLaboratory  # lazy: torch
    from features.packs.loader import load_pack
    from models.prognosis.training import candidates
    from pipelines.train.cluster import ray_cluster
    from pipelines.train.trainer import RayRun

    hush_vendors()
    with tempfile.TemporaryDirectory() as scratch, ray_cluster(workers):
        home = Path(scratch)
        laboratory = RayLaboratory(
            load_pack("turbofan"), home, settings or candidates(members_per_fold=seeds), RayRun(home / "runs", workers)
        )
        return run(laboratory, subset, stages, predictions)


def run(
    laboratory: protocol.Laboratory, subset: Subset, stages: Stages, predictions: Path | None = None
) -> scoring.Figures:
    """Run the protocol on one subset and return its figures.

    Args:
        laboratory: Learns.
        subset: All of its files.
        stages: Told of progress.
        predictions: Where forecasts of the test engines go.
    """
    cap, parts = laboratory.pack.grid.cap, []
    with stages.stage("out-of-fold forecasts") as tell:
        for fold in range(protocol.FOLDS):
            parts.append(protocol.out_of_fold(laboratory, subset.training, fold))
            tell(fold + 1, protocol.FOLDS)
    with stages.stage("test engines"):
        is_answered = subset.answers is not None
        forecasts = protocol.test_forecasts(laboratory, subset.training, subset.tests, with_baseline=is_answered)
    if predictions is not None:
        write_whole(predictions, report.predictions_csv(forecasts))
    judged = protocol.Judged.join(parts)
    oof = scoring.out_of_fold_figures(judged, cap, protocol.DRAW_SEED)
    model, baseline = scoring.test_figures(forecasts, subset.answers, cap)
    return {
        "subset": subset.name,
        **model,
        "oof": oof,
        "baseline": baseline,
        "seeds": scoring.seed_figures(judged, cap),
        "by_remaining": {
            "oof": scoring.band_figures(judged.forecasts, judged.truth, cap),
            "test": None if subset.answers is None else scoring.band_figures(forecasts, subset.answers, cap),
        },
    }


def data_folder(name: str) -> Path:
    """Return a data set's folder within MILLWRIGHT_DATA."""
    root = os.environ.get("MILLWRIGHT_DATA")  # read when the command runs, not at import
    if root is None:
        raise typer.BadParameter(
            f"must be given where MILLWRIGHT_DATA is not set; name the folder that holds {name}", param_hint="--data"
        )
    return Path(root) / name
