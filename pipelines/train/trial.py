"""One trial of a search: a hazard ensemble, trained epoch by epoch in one process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray import tune

from models.prognosis.training import TrainingRows, TrainingSettings, blind_loss, make_optimiser, train_epoch
from pipelines.train.loop import combinations, new_ensemble


@dataclass(frozen=True, slots=True)
class Given:
    """What all trials of a search share.

    Attributes:
        drawn: Settings by number.
        arrays: Fields of `TrainingRows`.
        features: Length of a vector.
        steps: Of the life grid.
        projection: To wear directions; None without any.
    """

    drawn: Sequence[TrainingSettings]
    arrays: Mapping[str, NDArray[Any]]
    features: int
    steps: int
    projection: NDArray[np.float64] | None


class HazardTrial(tune.Trainable):
    """Trials follow one another in the same actor: starting a process for each would cost more than training it."""

    _best: float

    def setup(self, config: dict[str, Any], given: Given) -> None:  # type: ignore[override]  # `with_parameters`
        """Take what all trials share, once for all trials of this actor, and begin the first trial.

        Args:
            config: `number` of the settings to try.
            given: What all trials share.
        """
        torch.set_num_threads(1)
        self._given = given
        self._rows = TrainingRows(**{name: torch.from_numpy(array.copy()) for name, array in given.arrays.items()})
        self._begin(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begin another trial in this actor."""
        self._begin(new_config)
        return True

    def step(self) -> dict[str, float]:
        """Train one epoch and return its loss, and that of the folds that members are blind to."""
        epoch = self._epoch
        loss = train_epoch(self._ensemble.logits, self._rows, self._optimiser, self._schedule, self._settings, epoch)
        blind = blind_loss(self._ensemble.logits, self._rows, self._settings.likelihood)
        self._best = min(self._best, blind)
        self._epoch += 1
        return {"epoch": epoch, "train_loss": loss, "blind_loss": blind, "best_blind_loss": self._best}

    def _begin(self, config: dict[str, Any]) -> None:
        given, self._settings = self._given, self._given.drawn[int(config["number"])]
        shape = self._settings.shape(given.features, given.steps, combinations(given.projection))
        self._ensemble = new_ensemble(shape, self._settings.seed, self._rows, given.projection)
        self._ensemble.logits.train()
        self._optimiser, self._schedule = make_optimiser(self._ensemble.logits, len(self._rows), self._settings)
        self._epoch, self._best = 0, float("inf")
