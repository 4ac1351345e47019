"""Trains a hazard ensemble on Ray and calibrates it. The same for every machine type and every experiment."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import LifeGrid
from features.transforms.families.family import Layout
from models.calibration.levels import FittedLevels, LevelRule
from models.prognosis.folds import machine_deals
from models.prognosis.targets import LabelledVectors
from models.prognosis.wear import wear_projection
from pipelines.errors import NothingToTrain, TrainingFailed
from pipelines.train.intervals import calibrate
from pipelines.train.loop import combinations, train_worker
from pipelines.train.reporting import CHECKPOINT, EPOCHS, REPORT_SECONDS

if TYPE_CHECKING:
    from ray.train import ScalingConfig

    from models.prognosis.network import HazardEnsemble, NetworkShape
    from models.prognosis.training import TrainingSettings

_FEWEST_FAILURES = 10


@dataclass(frozen=True, slots=True)
class RayRun:
    """How Ray runs a training.

    Attributes:
        storage: Where checkpoints go.
        workers: Training workers.
        max_failures: How often a lost worker is replaced before the run gives up.
        callbacks: Ray Train callbacks, for example one that writes to MLflow.
        name: Of the run. A training whose name was used in this storage goes on where that one stopped; by default
            each has a name of its own.
        report_seconds: Between two reports, and so between two checkpoints, at least; 0 for one after every epoch.
    """

    storage: Path
    workers: int = 2
    max_failures: int = 3
    callbacks: Sequence[Any] = ()  # ray.train.UserCallback; ray is not imported here
    name: str | None = None
    report_seconds: float = REPORT_SECONDS


@dataclass(frozen=True, slots=True)
class TrainedPrognosis:
    """A trained and calibrated ensemble.

    Attributes:
        ensemble: The network of the best candidate.
        settings: How it was trained.
        fold: Fold of each training row in each deal. Shape (batch, deal).
        unseen: Each training row's survival by the members that had not seen its machine. Shape (batch, time).
        intervals: Levels of the interval, calibrated on `unseen`.
        last_metrics: What the last epoch reported.
    """

    ensemble: "HazardEnsemble"
    settings: "TrainingSettings"
    fold: NDArray[np.int64]
    unseen: NDArray[np.float64]
    intervals: FittedLevels
    last_metrics: dict[str, float]


def train_prognosis(
    rows: LabelledVectors,
    grid: LifeGrid,
    first_age: float,
    candidates: "Sequence[TrainingSettings]",
    run: RayRun,
    rule: LevelRule | None = None,
    layout: Layout | None = None,
) -> TrainedPrognosis:
    """Train ensembles, each member blind to a fold of machines, keep the best, calibrate it on what it had not seen.

    Args:
        rows: Training rows; no row of a machine that is to be judged later.
        grid: The pack's life grid.
        first_age: Calibrate on rows from this age on, life units.
        candidates: Settings to try, alike in folds, members and seed; the best loss on blind folds wins.
        run: How Ray runs them.
        rule: How intervals are calibrated; by default without regimes and stages.
        layout: What the vectors are made of; candidates that look along wear directions need it.

    Returns:
        The best ensemble with its calibration.

    Raises:
        NothingToTrain: If too few lives ended in a failure.
        TrainingFailed: If Ray gave up.
    """
    failed_lives = len(np.unique(rows.life_id[rows.is_failure]))
    if failed_lives < _FEWEST_FAILURES:
        raise NothingToTrain(
            f"Training must have at least {_FEWEST_FAILURES} lives that ended in a failure; found {failed_lives}. "
            "Bring more histories, or begin with detection, which needs no failures."
        )
    first = candidates[0]
    fold = machine_deals(rows.machine, first.folds, first.members_per_fold, first.seed)
    projection = None if layout is None else wear_projection(rows, layout)
    bests, metrics = _fit(rows, projection, fold, grid, candidates, run)
    chosen = min(range(len(bests)), key=lambda index: float(bests[index]["blind_loss"]))
    settings = candidates[chosen]
    ensemble = _ensemble(settings.shape(rows.vectors.shape[1], grid.steps, combinations(projection)), bests[chosen])
    metrics["best_epoch"] = bests[chosen]["epoch"]
    unseen = unseen_survival(ensemble, rows, fold, settings)
    intervals = calibrate(unseen, rows, grid, first_age, rule or LevelRule(), settings.seed)
    return TrainedPrognosis(ensemble, settings, fold, unseen, intervals, metrics)


def unseen_survival(
    ensemble: "HazardEnsemble", rows: LabelledVectors, fold: NDArray[np.int64], settings: "TrainingSettings"
) -> NDArray[np.float64]:
    """Return each row's mean survival by the members blind to its fold. Shape (batch, time)."""
    from models.prognosis.network import mean_survival  # lazy: torch takes seconds to import
    from models.prognosis.training import member_weights

    return mean_survival(ensemble, rows.vectors, 1.0 - member_weights(fold, settings).T.astype(np.float64))


def scaling(resources: Mapping[str, float], workers: int) -> "ScalingConfig":
    """Return what workers train on: GPUs if the cluster has one for each of them, else processors.

    Args:
        resources: Of the cluster, by Ray's names.
        workers: How many.
    """
    from ray.train import ScalingConfig  # lazy: takes seconds to import

    return ScalingConfig(num_workers=workers, use_gpu=resources.get("GPU", 0.0) >= workers)


def _fit(
    rows: LabelledVectors,
    projection: NDArray[np.float64] | None,
    fold: NDArray[np.int64],
    grid: LifeGrid,
    candidates: "Sequence[TrainingSettings]",
    run: RayRun,
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Return each candidate's best epoch, in the order given, and what the last epoch reported."""
    import ray  # lazy: takes seconds to import
    from ray.train import CheckpointConfig, FailureConfig, RunConfig
    from ray.train.torch import TorchTrainer

    from models.prognosis.training import member_weights, training_rows

    tensors = training_rows(rows, member_weights(fold, candidates[0]), grid)
    arrays = {name: getattr(tensors, name).numpy() for name in type(tensors).__slots__}
    trainer = TorchTrainer(
        train_worker,
        train_loop_config={
            "rows": ray.put(arrays),
            "projection": projection,
            "features": rows.vectors.shape[1],
            "steps": grid.steps,
            "candidates": [asdict(settings) for settings in candidates],
            "report_seconds": run.report_seconds,
        },
        scaling_config=scaling(ray.cluster_resources(), run.workers),  # type: ignore[no-untyped-call]  # Ray's
        run_config=RunConfig(
            name=run.name or f"prognosis-{uuid.uuid4().hex[:12]}",  # Ray resumes where a name was used before
            storage_path=str(run.storage.resolve()),
            failure_config=FailureConfig(max_failures=run.max_failures),
            checkpoint_config=CheckpointConfig(num_to_keep=2),
            callbacks=list(run.callbacks),
        ),
    )
    try:
        result = trainer.fit()
    except ray.train.TrainingFailedError as error:
        raise TrainingFailed(f"Training must finish on Ray; it gave up: {error}") from error
    if result.error is not None or result.checkpoint is None:
        raise TrainingFailed(f"Training must end with a checkpoint; Ray reported {result.error}.")
    return _bests(result.checkpoint), {name: value for name, value in (result.metrics or {}).items() if name != EPOCHS}


def _bests(checkpoint: Any) -> list[dict[str, Any]]:  # ray.train.Checkpoint
    import torch  # lazy: takes seconds to import

    with checkpoint.as_directory() as folder:
        state = torch.load(Path(folder) / CHECKPOINT, weights_only=True)
    return [*state["finished"], state["best"]]


def _ensemble(shape: "NetworkShape", best: dict[str, Any]) -> "HazardEnsemble":
    from models.prognosis.network import HazardEnsemble  # lazy: torch takes seconds to import

    ensemble = HazardEnsemble(shape)
    ensemble.load_state_dict(best["ensemble"])
    ensemble.eval()
    return ensemble
