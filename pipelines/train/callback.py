"""Writes what Ray Train and Ray Tune report into MLflow, epoch by epoch. Train V2 has no such callback of its own."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from ray.train import UserCallback
from ray.tune import Callback

from models.prognosis.training import TrainingSettings
from models.registry.tracking import PARENT, Tracking
from pipelines.train.reporting import EPOCHS


class Figures(Protocol):
    """What keeps the figures of a run, such as `Tracking`."""

    def log_metrics(self, run_id: str, metrics: Mapping[str, float], step: int = 0) -> None:
        """Write the figures of one step."""


class TrackingCallback(UserCallback):
    """Runs in Ray's controller. The run is made by the driver; a restart repeats no step that was written."""

    def __init__(self, tracking: Figures, run_id: str) -> None:
        self._tracking, self._run_id = tracking, run_id
        self._last_epoch: dict[str, int] = {}

    def after_report(self, run_context: Any, metrics: list[dict[str, Any]], checkpoint: Any) -> None:  # Ray's types
        """Write, of each epoch since the last report, the mean loss of the workers and that of the blind members."""
        label = f"{metrics[0]['candidate']}.{metrics[0]['label']}"
        for each in mean_epochs([worker[EPOCHS] for worker in metrics]):
            epoch = int(each.pop("epoch"))
            if epoch <= self._last_epoch.get(label, -1):
                continue
            named = {f"{name}_{label}": value for name, value in each.items()}
            self._tracking.log_metrics(self._run_id, named, step=epoch)
            self._last_epoch[label] = epoch


def mean_epochs(told: Sequence[Sequence[Mapping[str, float]]]) -> list[dict[str, float]]:
    """Return the figures of each epoch over all workers.

    Args:
        told: Of each worker, of each epoch: `epoch`, `loss`, and from one worker `blind_loss`.

    Examples:
        >>> mean_epochs([[{"epoch": 3, "loss": 0.5, "blind_loss": 0.75}], [{"epoch": 3, "loss": 1.5}]])
        [{'epoch': 3, 'train_loss': 1.0, 'blind_loss': 0.75}]
    """
    found = []
    for same in zip(*told, strict=True):
        loss = sum(each["loss"] for each in same) / len(same)
        blind = next(each["blind_loss"] for each in same if "blind_loss" in each)
        found.append({"epoch": same[0]["epoch"], "train_loss": loss, "blind_loss": blind})
    return found


class TrialCallback(Callback):
    """Runs beside the search. Every trial is a run below that of the training."""

    def __init__(self, tracking: Tracking, experiment: str, parent: str, drawn: Sequence[TrainingSettings]) -> None:
        self._tracking, self._experiment, self._parent, self._drawn = tracking, experiment, parent, drawn
        self._run_by_trial: dict[str, str] = {}

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # Ray's types
        """Begin the run of a trial with its settings."""
        if trial.trial_id not in self._run_by_trial:
            number, tags = int(trial.config["number"]), {PARENT: self._parent}
            name, settings = f"trial {number + 1}", asdict(self._drawn[number])
            self._run_by_trial[trial.trial_id] = self._tracking.start(self._experiment, name, tags, settings)

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """Write an epoch of a trial."""
        figures = {name: float(result[name]) for name in ("train_loss", "blind_loss")}
        self._tracking.log_metrics(self._run_by_trial[trial.trial_id], figures, step=int(result["epoch"]))

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """End the run of a trial, whether it was stopped early or not."""
        self._tracking.finish(self._run_by_trial[trial.trial_id])

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """End the run of a trial that failed."""
        if trial.trial_id in self._run_by_trial:
            self._tracking.finish(self._run_by_trial[trial.trial_id], "FAILED")


class EpochClock(UserCallback):
    """Writes down, one line each, when every epoch ended and when reports were taken note of: for benchmarks."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def after_report(self, run_context: Any, metrics: list[dict[str, Any]], checkpoint: Any) -> None:  # Ray's types
        """Add moments, in seconds of this machine's monotonic clock; all workers must run on it."""
        moments = [each["ended"] for each in metrics[0][EPOCHS]]
        with self._file.open("a", encoding="utf-8") as lines:
            lines.writelines(f"ended {moment}\n" for moment in moments)
            lines.write(f"noted {time.monotonic()}\n")
