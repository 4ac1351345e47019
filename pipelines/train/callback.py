"""Writes what Ray Train and Ray Tune report into MLflow, epoch by epoch. Train V2 has no such callback of its own."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ray.train import UserCallback
from ray.tune import Callback

from models.prognosis.training import TrainingSettings
from models.registry.tracking import PARENT, Tracking


class TrackingCallback(UserCallback):
    """Runs in Ray's controller. The run is made by the driver; a restart repeats no step that was written."""

    def __init__(self, tracking: Tracking, run_id: str) -> None:
        self._tracking, self._run_id = tracking, run_id
        self._last_epoch: dict[str, int] = {}

    def after_report(self, run_context: Any, metrics: list[dict[str, Any]], checkpoint: Any) -> None:  # Ray's types
        """Write an epoch's mean loss of the workers, and its loss on the folds that members are blind to."""
        label, epoch = f"{metrics[0]['candidate']}.{metrics[0]['label']}", int(metrics[0]["epoch"])
        if epoch <= self._last_epoch.get(label, -1):
            return
        loss = sum(float(each["loss"]) for each in metrics) / len(metrics)
        blind = next(float(each["blind_loss"]) for each in metrics if "blind_loss" in each)
        named = {f"train_loss_{label}": loss, f"blind_loss_{label}": blind}
        self._tracking.log_metrics(self._run_id, named, step=epoch)
        self._last_epoch[label] = epoch


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
    """Writes down, one line each, when an epoch of all workers was reported: what benchmarks take the time by."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def after_report(self, run_context: Any, metrics: list[dict[str, Any]], checkpoint: Any) -> None:  # Ray's types
        """Add the moment, in seconds of this machine's monotonic clock."""
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(f"{time.monotonic()}\n")
