"""What every Ray Train worker runs: the loop of `models.prognosis.training`, with checkpoints and resume."""

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.train.reporting import EPOCHS, ReportClock, agreed, last_state, report

if TYPE_CHECKING:
    from models.prognosis.network import HazardEnsemble, NetworkShape
    from models.prognosis.training import TrainingRows, TrainingSettings


def train_worker(config: dict[str, Any]) -> None:
    """Train every candidate in turn on this worker's share, and remember each one's best epoch.

    What was reached is reported and saved now and then; a worker that was lost goes on at the candidate and epoch that
    were saved last, and comes to the same end.

    Args:
        config: `rows` (reference to arrays in the object store), `projection` (to wear directions, or None),
            `features`, `steps`, `candidates` and `report_seconds` as plain values. Ray hands it over as a dictionary.
    """
    import ray.train.torch  # lazy: only a worker imports it
    import torch

    from models.prognosis.training import TrainingRows, TrainingSettings

    use_one_thread()
    arrays: dict[str, np.ndarray[Any, Any]] = ray.get(config["rows"])
    device = ray.train.torch.get_device()
    rows = TrainingRows(**{name: torch.from_numpy(array.copy()).to(device) for name, array in arrays.items()})
    state = last_state()
    finished: list[dict[str, Any]] = list(state["finished"]) if state else []
    for plain in config["candidates"][len(finished) :]:
        settings = TrainingSettings(**plain)
        network = settings.shape(config["features"], config["steps"], combinations(config["projection"]))
        given = network, settings, rows, config["projection"], state, finished
        finished.append(_train_candidate(*given, config["report_seconds"]))
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
        seed: Of its weights, which are drawn on the processor: the same wherever the training goes on.
        rows: Training rows; the ensemble is put where they are.
        projection: To wear directions, for a shape that looks along them.
    """
    import torch  # lazy: only a worker imports it

    from models.prognosis.network import HazardEnsemble

    torch.manual_seed(seed)
    ensemble, vectors = HazardEnsemble(shape), rows.vectors.cpu().numpy()
    ensemble.logits.standardise_by(vectors)
    if shape.inputs and projection is not None:
        ensemble.logits.project_by(projection, vectors)
    if shape.clocks:
        ensemble.logits.cut_clocks_by(vectors)
    return ensemble.to(rows.vectors.device)


def _train_candidate(
    shape: "NetworkShape",
    settings: "TrainingSettings",
    rows: "TrainingRows",
    projection: "np.ndarray[Any, Any] | None",
    state: dict[str, Any] | None,
    finished: list[dict[str, Any]],
    report_seconds: float,
) -> dict[str, Any]:
    """Train one candidate, from a state if there is one, and return its best epoch."""
    import ray.train.torch  # lazy: only a worker imports it

    from models.prognosis.training import blind_loss, train_epoch

    context = ray.train.get_context()
    rank, world = context.get_world_rank(), context.get_world_size()
    ensemble = new_ensemble(shape, settings.seed, rows, projection)
    parts = _parts(ensemble, rows, settings, state)
    first, best = (int(state["epoch"]) + 1, state["best"]) if state else (0, {"blind_loss": float("inf")})
    logits = ray.train.torch.prepare_model(ensemble.logits)
    logits.train()
    metrics = {"candidate": len(finished), "label": settings.label, "workers": world, "resumed_at": first}
    clock, epochs = ReportClock(report_seconds), list[dict[str, float]]()
    for epoch in range(first, settings.epochs):
        loss = train_epoch(logits, rows, parts["optimiser"], parts["schedule"], settings, epoch, rank, world)
        epochs.append({"epoch": epoch, "loss": loss})
        if rank == 0:
            epochs[-1]["blind_loss"] = blind_loss(ensemble.logits, rows, settings.likelihood)
            best = _better(best, epochs[-1], ensemble)
        epochs[-1]["ended"] = time.monotonic()
        if agreed(clock.is_due(epoch + 1 == settings.epochs), rows.vectors.device):
            now = {name: part.state_dict() for name, part in parts.items()}
            saved = {**now, "epoch": epoch, "best": best, "finished": finished} if rank == 0 else None
            report({**metrics, **epochs[-1], EPOCHS: epochs}, saved)
            epochs = []
    return best


def _parts(
    ensemble: "HazardEnsemble", rows: "TrainingRows", settings: "TrainingSettings", state: dict[str, Any] | None
) -> dict[str, Any]:  # torch's own
    """Return all that has a state while a candidate is trained, as it was saved if it was."""
    from models.prognosis.training import make_optimiser  # lazy: only a worker imports it

    optimiser, schedule = make_optimiser(ensemble.logits, len(rows), settings)
    parts: dict[str, Any] = {"ensemble": ensemble, "optimiser": optimiser, "schedule": schedule}
    for name, part in parts.items():
        if state is not None:
            part.load_state_dict(state[name])
    return parts


def _better(best: dict[str, Any], epoch: dict[str, float], ensemble: "HazardEnsemble") -> dict[str, Any]:
    """Return the best epoch so far with its weights, which are kept on the processor."""
    if epoch["blind_loss"] >= best["blind_loss"]:
        return best
    weights = {name: value.detach().cpu().clone() for name, value in ensemble.state_dict().items()}
    return {"blind_loss": epoch["blind_loss"], "epoch": int(epoch["epoch"]), "ensemble": weights}
