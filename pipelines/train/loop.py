"""What every Ray Train worker runs: the loop of `models.prognosis.training`, with checkpoints and resume."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from models.prognosis.network import HazardEnsemble, NetworkShape
    from models.prognosis.training import TrainingRows, TrainingSettings

CHECKPOINT = "state.pt"


def train_worker(config: dict[str, Any]) -> None:
    """Train every candidate in turn on this worker's share, and remember each one's best epoch.

    Each epoch is reported and checkpointed; a worker that was lost goes on at the candidate and epoch it was at.

    Args:
        config: `rows` (reference to arrays in the object store), `projection` (to wear directions, or None),
            `features`, `steps` and `candidates` as plain values. Ray hands it over as a dictionary.
    """
    import ray  # lazy: only a worker imports it
    import torch

    from models.prognosis.training import TrainingRows, TrainingSettings

    use_one_thread()
    arrays: dict[str, np.ndarray[Any, Any]] = ray.get(config["rows"])
    rows = TrainingRows(**{name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    state = _last_state()
    finished: list[dict[str, Any]] = list(state["finished"]) if state else []
    for plain in config["candidates"][len(finished) :]:
        settings = TrainingSettings(**plain)
        network = settings.shape(config["features"], config["steps"], combinations(config["projection"]))
        finished.append(_train_candidate(network, settings, rows, config["projection"], state, finished))
        state = None


def use_one_thread() -> None:
    """Let this process train by one thread: several workers share a machine, and threads would wait for each other."""
    import torch  # lazy: only a worker imports it

    torch.set_num_threads(1)


def combinations(projection: "np.ndarray[Any, Any] | None") -> int:
    """Return the number of network inputs that a projection gives, 0 without one."""
    return 0 if projection is None else int(projection.shape[1])


def new_ensemble(
    shape: "NetworkShape", seed: int, rows: "TrainingRows", projection: "np.ndarray[Any, Any] | None"
) -> "HazardEnsemble":
    """Return an ensemble that has learnt nothing but the center and scale of its inputs.

    Args:
        shape: Its size.
        seed: Of its weights.
        rows: Training rows.
        projection: To wear directions, for a shape that looks along them.
    """
    import torch  # lazy: only a worker imports it

    from models.prognosis.network import HazardEnsemble

    torch.manual_seed(seed)
    ensemble = HazardEnsemble(shape)
    ensemble.logits.standardise_by(rows.vectors.numpy())
    if shape.inputs and projection is not None:
        ensemble.logits.project_by(projection, rows.vectors.numpy())
    return ensemble


def _train_candidate(
    shape: "NetworkShape",
    settings: "TrainingSettings",
    rows: "TrainingRows",
    projection: "np.ndarray[Any, Any] | None",
    state: dict[str, Any] | None,
    finished: list[dict[str, Any]],
) -> dict[str, Any]:
    """Train one candidate, from a state if there is one, and return its best epoch."""
    import ray.train.torch  # lazy: only a worker imports it

    from models.prognosis.training import blind_loss, make_optimiser, train_epoch

    context = ray.train.get_context()
    rank, world = context.get_world_rank(), context.get_world_size()
    ensemble = new_ensemble(shape, settings.seed, rows, projection)
    optimiser, schedule = make_optimiser(ensemble.logits, len(rows), settings)
    parts: dict[str, Any] = {"ensemble": ensemble, "optimiser": optimiser, "schedule": schedule}  # torch's own
    for name, part in parts.items():
        if state is not None:
            part.load_state_dict(state[name])
    first = int(state["epoch"]) + 1 if state else 0
    best: dict[str, Any] = state["best"] if state else {"blind_loss": float("inf")}
    logits = ray.train.torch.prepare_model(ensemble.logits)
    logits.train()
    for epoch in range(first, settings.epochs):
        loss = train_epoch(logits, rows, optimiser, schedule, settings, epoch, rank, world)
        metrics = {"candidate": len(finished), "label": settings.label, "epoch": epoch, "loss": loss}
        metrics |= {"workers": world, "resumed_at": first}
        if rank != 0:
            ray.train.report(metrics)
            continue
        unseen = blind_loss(ensemble.logits, rows, settings.likelihood)
        if unseen < best["blind_loss"]:
            weights = {name: value.clone() for name, value in ensemble.state_dict().items()}
            best = {"blind_loss": unseen, "epoch": epoch, "ensemble": weights}
        now = {name: part.state_dict() for name, part in parts.items()}
        _report({**now, "epoch": epoch, "best": best, "finished": finished}, {**metrics, "blind_loss": unseen})
    return best


def _last_state() -> dict[str, Any] | None:
    import ray.train
    import torch

    checkpoint = ray.train.get_checkpoint()
    if checkpoint is None:
        return None
    with checkpoint.as_directory() as folder:
        state: dict[str, Any] = torch.load(Path(folder) / CHECKPOINT, weights_only=True)
    return state


def _report(state: dict[str, Any], metrics: dict[str, Any]) -> None:
    import ray.train
    import torch

    with tempfile.TemporaryDirectory() as folder:
        torch.save(state, Path(folder) / CHECKPOINT)
        ray.train.report(metrics, checkpoint=ray.train.Checkpoint.from_directory(folder))
