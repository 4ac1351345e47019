"""`python -m experiments cmapss`: the whole protocol, from NASA's files to figures."""

import csv
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.cmapss.reader import SUBSETS, read_answers, read_engines
from pipelines.progress import Stages, print_result

if TYPE_CHECKING:
    from experiments.cmapss.protocol import Forecasts

Figures = dict[str, object]


def cmapss(
    subset: Annotated[str, typer.Option(help="FD001, FD002, FD003 or FD004.")] = "FD001",
    data: Annotated[
        Path | None, typer.Option(help="Folder with NASA's files; default: cmapss within MILLWRIGHT_DATA.")
    ] = None,
    predictions: Annotated[Path | None, typer.Option(help="Write forecasts of the test engines here, as CSV.")] = None,
    workers: Annotated[int, typer.Option(help="Ray Train workers.")] = 2,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Train on a C-MAPSS subset, judge out of fold, and score the test engines once."""
    folder = data or data_folder("cmapss")
    if subset not in SUBSETS:
        raise typer.BadParameter(f"must be one of {', '.join(SUBSETS)}; found {subset}", param_hint="--subset")
    figures = run(subset, folder, predictions, workers, Stages())
    if json:
        print_result(figures)
    else:
        _print(figures)


def run(subset: str, folder: Path, predictions: Path | None, workers: int, stages: Stages) -> Figures:
    """Run the protocol on one subset and return its figures."""
    from experiments.cmapss import protocol, scoring  # lazy: torch, feast
    from features.packs.loader import load_pack
    from models.prognosis.training import TrainingSettings
    from pipelines.train.cluster import ray_cluster
    from pipelines.train.trainer import RayRun

    started = time.perf_counter()
    engines = read_engines(folder / f"train_{subset}.txt")
    pack = load_pack("turbofan")
    with tempfile.TemporaryDirectory() as scratch, ray_cluster(workers):
        home = Path(scratch)
        laboratory = protocol.Laboratory(pack, home, TrainingSettings(), RayRun(home / "runs", workers))
        parts = []
        with stages.stage("out-of-fold forecasts") as tell:
            for fold in range(protocol.OUTER_FOLDS):
                parts.append(protocol.out_of_fold(laboratory, engines, fold))
                tell(fold + 1, protocol.OUTER_FOLDS)
        with stages.stage("test engines"):
            tests = read_engines(folder / f"test_{subset}.txt")
            answers = read_answers(folder / f"RUL_{subset}.txt", len(tests))
            forecasts = protocol.test_forecasts(laboratory, engines, tests, answers)
    if predictions is not None:
        write_predictions(predictions, forecasts)
    oof = scoring.out_of_fold_figures(protocol.Forecasts.join(parts), pack.grid.cap, protocol.DRAW_SEED)
    figures = scoring.test_figures(forecasts, pack.grid.cap)
    baseline = figures.pop("baseline")
    seconds = time.perf_counter() - started
    return {"subset": subset, **figures, "oof": oof, "baseline": baseline, "seconds": seconds}


def write_predictions(path: Path, forecasts: "Forecasts") -> None:
    """Write one line per test engine: unit, mean, p05, p50, p95, in cycles."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["unit", "mean", "p05", "p50", "p95"])
        columns = (forecasts.unit, forecasts.mean, forecasts.p05, forecasts.p50, forecasts.p95)
        for row in zip(*(column.tolist() for column in columns), strict=True):
            writer.writerow(row)


def data_folder(name: str) -> Path:
    """Return a data set's folder within MILLWRIGHT_DATA."""
    import os  # the environment is read when the command runs, not at import

    root = os.environ.get("MILLWRIGHT_DATA")
    if root is None:
        raise typer.BadParameter(
            f"must be given where MILLWRIGHT_DATA is not set; name the folder that holds {name}", param_hint="--data"
        )
    return Path(root) / name


def _print(figures: Figures) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("figure", "value", title=f"C-MAPSS {figures['subset']} (labels clipped at 125 unless raw)")
    for name, value in figures.items():
        if isinstance(value, dict):
            for inner, each in value.items():
                table.add_row(f"{name}.{inner}", _show(each))
        else:
            table.add_row(name, _show(value))
    Console().print(table)


def _show(value: object) -> str:
    if isinstance(value, list):
        return " to ".join(_show(each) for each in value)
    return "not known" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
