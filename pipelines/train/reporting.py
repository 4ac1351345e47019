"""When the workers of a training tell what they have come to: not after every epoch, for a report makes them wait."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

CHECKPOINT = "state.pt"
EPOCHS = "epochs"
"""Name, among what is reported, of the figures of every epoch since the last report: `epoch`, `loss`, from the first
worker `blind_loss`, and when it `ended`, in seconds of its machine's monotonic clock."""
REPORT_SECONDS = 2.0
"""Ray's controller looks every 0.2 s for what was reported, and until then no worker can report again."""


class ReportClock:
    """Says when to report: after the last epoch of a candidate, and as soon as some time has passed since the last.

    What is reported is also saved, so a training that is cut off loses no more than that time and an epoch.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        """Begin to count.

        Args:
            seconds: Between two reports at least; 0 for one after every epoch.
            now: A clock, in seconds.
        """
        self._seconds, self._now = seconds, now
        self._since = now()

    def is_due(self, is_last: bool) -> bool:
        """Say whether this worker would report now, and if so begin anew.

        Args:
            is_last: Whether this was the last epoch of a candidate.
        """
        due = is_last or self._now() - self._since >= self._seconds
        if due:
            self._since = self._now()
        return due


def agreed(due: bool, device: "torch.device") -> bool:
    """Return what the first worker says, to all of them alike: a report waits until every worker has made it.

    Args:
        due: What this worker says.
        device: Where this worker trains.
    """
    import torch  # lazy: only a worker imports it

    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return due
    word = torch.tensor([float(due)], device=device)
    torch.distributed.broadcast(word, src=0)
    return bool(word.item() > 0)


def report(metrics: dict[str, Any], state: dict[str, Any] | None) -> None:
    """Tell Ray what this worker has come to, with what there is to save if it is the first.

    Args:
        metrics: Plain values.
        state: What a training is resumed from; None from every worker but the first.
    """
    import ray.train  # lazy: only a worker imports it
    import torch

    if state is None:
        ray.train.report(metrics)
        return
    with tempfile.TemporaryDirectory() as folder:
        torch.save(state, Path(folder) / CHECKPOINT)
        ray.train.report(metrics, checkpoint=ray.train.Checkpoint.from_directory(folder))


def last_state() -> dict[str, Any] | None:
    """Return what the newest report saved, on the processor; None at the beginning."""
    import ray.train  # lazy: only a worker imports it
    import torch

    checkpoint = ray.train.get_checkpoint()
    if checkpoint is None:
        return None
    with checkpoint.as_directory() as folder:
        state: dict[str, Any] = torch.load(Path(folder) / CHECKPOINT, map_location="cpu", weights_only=True)
    return state
