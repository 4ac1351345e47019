"""A search as part of a training: below its MLflow run, and not again when the training is resumed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.registry.tracking import Tracking
from pipelines.train.data import PreparedData
from pipelines.train.search import draw_settings, search

if TYPE_CHECKING:
    from models.prognosis.training import TrainingSettings

_FOUND = "search_found"


@dataclass(frozen=True, slots=True)
class Searching:
    """A search to be made.

    Attributes:
        tracking: Where every trial gets a run of its own.
        run_id: The training's run, above them.
        trials: How many.
        actors: Processes that they share.
    """

    tracking: Tracking
    run_id: str
    trials: int
    actors: int


def searched(searching: Searching, data: PreparedData, first: "TrainingSettings") -> "TrainingSettings":
    """Return the best settings of a search: of the one that this run made before it was cut off, if it came so far.

    Args:
        searching: What is to be made.
        data: Training rows.
        first: Settings that all trials share but for what is searched.
    """
    from pipelines.train.callback import TrialCallback  # lazy: ray takes seconds to import

    tracking, run_id = searching.tracking, searching.run_id
    drawn = draw_settings(first, searching.trials)
    known = tracking.known(run_id).parameters.get(_FOUND)
    if known is not None:
        return drawn[int(known) - 1]
    told = [TrialCallback(tracking, data.pack.id, run_id, drawn)]
    found = search(data.training, data.pack.grid, drawn, searching.actors, data.features.specification.layout, told)
    tracking.log_parameters(run_id, {_FOUND: found.number + 1})
    figures = {"blind_loss": found.blind_loss, "stopped_early": found.stopped, "actors": found.actors}
    tracking.log_metrics(run_id, {f"search_{name}": value for name, value in figures.items()})
    return drawn[found.number]
