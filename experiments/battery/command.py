"""`python -m experiments battery`: cycles left to 1.4 Ah, each cell judged by what the others taught."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from experiments.battery.reader import read_cells, write_folder
from experiments.data_sets import brought, data_folder, pack_of
from pipelines.progress import Stages, print_result

if TYPE_CHECKING:
    from pipelines.onboard.few_lives import FewLives

FIRST_CYCLES = (20, 50)


def battery(
    data: Annotated[
        Path | None, typer.Option(help="Folder with cycles.csv; default: nasa_battery within MILLWRIGHT_DATA.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Leave one NASA battery cell out at a time and forecast its cycles left to 1.4 Ah."""
    from pipelines.onboard.few_lives import learn_few  # lazy: torch

    stages, pack = Stages(), pack_of("battery")
    cells = read_cells(data or data_folder("nasa_battery"))
    with stages.stage("reading"), brought(pack, lambda folder: write_folder(cells, folder)) as folder:
        tracks = folder.tracks
    with stages.stage("leaving cells out") as tell:
        learnt = learn_few(pack, tracks, tell=tell)
    figures = {**figures_of(learnt, FIRST_CYCLES), "seconds": sum(stages.seconds.values())}
    if json:
        print_result(figures)
    else:
        stages.console.print(figures)


def figures_of(learnt: "FewLives", first_cycles: Sequence[int]) -> dict[str, object]:
    """Score the forecasts of cells left out, cycles, at every discharge from a cycle on up to the one before the end.

    Args:
        learnt: By the product, from lives of cells.
        first_cycles: From which cycle on, one figure each.
    """
    from features.transforms.survival import mean_life  # lazy: only this command pays
    from models.calibration.half_level import interval
    from models.prognosis.metrics import root_mean_square

    rows, step = learnt.unseen.rows, learnt.step
    cycle = learnt.unseen.time_us / 1e6
    mean = mean_life(learnt.curves, step)
    low, high = interval(learnt.curves, step, learnt.half_level)
    figures: dict[str, object] = {"model": learnt.kind, "protocol": learnt.protocol.words}
    for first in first_cycles:
        judged = rows.is_failure & (cycle >= first) & (rows.remaining > 0)
        error, truth = (mean - rows.remaining)[judged], rows.remaining[judged]
        figures[f"rmse_from_{first}"] = root_mean_square(error)
        figures[f"coverage90_from_{first}"] = float(np.mean((low[judged] <= truth) & (truth <= high[judged])))
        figures[f"width90_from_{first}"] = float(np.mean((high - low)[judged]))
        assets = learnt.unseen.asset[judged]
        by_cell = {str(name): root_mean_square(error[assets == name]) for name in np.unique(assets)}
        figures[f"by_cell_from_{first}"] = by_cell
    return figures
