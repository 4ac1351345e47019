"""Writes what Ray Train reports into MLflow, epoch by epoch. Ray Train V2 has no such callback of its own."""

from typing import Any

from ray.train import UserCallback

from models.registry.tracking import Tracking


class TrackingCallback(UserCallback):
    """Runs in Ray's controller. The run is made by the driver; a restart repeats no step that was written."""

    def __init__(self, tracking: Tracking, run_id: str) -> None:
        self._tracking, self._run_id = tracking, run_id
        self._last_epoch: dict[str, int] = {}

    def after_report(self, run_context: Any, metrics: list[dict[str, Any]], checkpoint: Any) -> None:  # Ray's types
        """Write an epoch's mean loss of the workers, and its loss on the folds that members are blind to."""
        label, epoch = str(metrics[0]["label"]), int(metrics[0]["epoch"])
        if epoch <= self._last_epoch.get(label, -1):
            return
        loss = sum(float(each["loss"]) for each in metrics) / len(metrics)
        blind = next(float(each["blind_loss"]) for each in metrics if "blind_loss" in each)
        named = {f"train_loss_{label}": loss, f"blind_loss_{label}": blind}
        self._tracking.log_metrics(self._run_id, named, step=epoch)
        self._last_epoch[label] = epoch
