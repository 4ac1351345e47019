"""What every Ray Train worker runs: the loop of `models.prognosis.training`, with checkpoints and resume."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

CHECKPOINT = "state.pt"


def train_worker(config: dict[str, Any]) -> None:
    """Train on this worker's share, reporting and checkpointing each epoch, and remember the best epoch.

    Args:
        config: `rows` (reference to arrays in the object store), `shape` and `settings` as plain values.
            Ray hands it over as a dictionary.
    """
    import ray  # lazy: only a worker imports it
    import ray.train.torch
    import torch

    from models.prognosis.network import HazardEnsemble, NetworkShape
    from models.prognosis.training import TrainingRows, TrainingSettings, blind_loss, make_optimiser, train_epoch

    torch.set_num_threads(1)
    settings, shape = TrainingSettings(**config["settings"]), NetworkShape(**config["shape"])
    arrays: dict[str, np.ndarray[Any, Any]] = ray.get(config["rows"])
    rows = TrainingRows(**{name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    context = ray.train.get_context()
    rank, world = context.get_world_rank(), context.get_world_size()
    torch.manual_seed(settings.seed)
    ensemble = HazardEnsemble(shape)
    ensemble.logits.standardise_by(arrays["vectors"])
    optimiser, schedule = make_optimiser(ensemble.logits, len(rows), settings)
    first, best = _resume(ensemble, optimiser, schedule)
    logits = ray.train.torch.prepare_model(ensemble.logits)
    logits.train()
    for epoch in range(first, settings.epochs):
        loss = train_epoch(logits, rows, optimiser, schedule, settings, epoch, rank, world)
        metrics = {"epoch": epoch, "loss": loss, "workers": world, "resumed_at": first}
        if rank != 0:
            ray.train.report(metrics)
            continue
        unseen = blind_loss(ensemble.logits, rows)
        if best is None or unseen < best["blind_loss"]:
            weights = {name: value.clone() for name, value in ensemble.state_dict().items()}
            best = {"blind_loss": unseen, "epoch": epoch, "ensemble": weights}
        state = {
            "ensemble": ensemble.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
            "epoch": epoch,
            "best": best,
        }
        _report(state, {**metrics, "blind_loss": unseen, "best_epoch": best["epoch"], "best_loss": best["blind_loss"]})


def _resume(
    ensemble: Any, optimiser: Any, schedule: Any
) -> tuple[int, dict[str, Any] | None]:  # torch objects; torch is imported by the worker
    """Return the epoch to begin with, and the best state so far."""
    import ray.train
    import torch

    checkpoint = ray.train.get_checkpoint()
    if checkpoint is None:
        return 0, None
    with checkpoint.as_directory() as folder:
        state = torch.load(Path(folder) / CHECKPOINT, weights_only=True)
    ensemble.load_state_dict(state["ensemble"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    return int(state["epoch"]) + 1, state["best"]


def _report(state: dict[str, Any], metrics: dict[str, float]) -> None:
    import ray.train
    import torch

    with tempfile.TemporaryDirectory() as folder:
        torch.save(state, Path(folder) / CHECKPOINT)
        ray.train.report(metrics, checkpoint=ray.train.Checkpoint.from_directory(folder))
