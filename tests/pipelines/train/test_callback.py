from collections.abc import Mapping
from typing import Any

from pipelines.train.callback import TrackingCallback
from pipelines.train.reporting import EPOCHS


class Written:
    """A store that remembers what was written: run, epoch and figures."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, dict[str, float]]] = []

    def log_metrics(self, run_id: str, metrics: Mapping[str, float], step: int = 0) -> None:
        self.steps.append((run_id, step, dict(metrics)))


def told(*epochs: int) -> list[dict[str, Any]]:
    """Return what two workers report of some epochs: their losses are the epoch and its double."""
    first = [{"epoch": epoch, "loss": 1.0 * epoch, "blind_loss": 0.5, "ended": 7.0} for epoch in epochs]
    second = [{"epoch": epoch, "loss": 2.0 * epoch, "ended": 8.0} for epoch in epochs]
    return [{"candidate": 1, "label": "all_16", EPOCHS: each} for each in (first, second)]


def test_every_epoch_is_written_with_the_mean_of_the_workers_and_none_again_after_a_restart() -> None:
    store = Written()
    callback = TrackingCallback(store, "run")
    callback.after_report(None, told(0, 1), None)
    callback.after_report(None, told(1, 2, 3), None)  # resumed behind epoch 0
    assert store.steps == [
        ("run", epoch, {"train_loss_1.all_16": 1.5 * epoch, "blind_loss_1.all_16": 0.5}) for epoch in range(4)
    ]
