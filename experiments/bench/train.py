"""Training on Ray against a plain loop of PyTorch: the same rows, settings and result, as the fleet grows."""

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from experiments.bench.errors import OutputsDiffer
from features.domain.packs import LifeGrid
from models.prognosis.folds import machine_deals
from models.prognosis.targets import LabelledVectors
from models.prognosis.training import (
    TrainingSettings,
    blind_loss,
    make_optimiser,
    member_weights,
    steps_per_epoch,
    train_epoch,
    training_rows,
)
from pipelines.train.loop import new_ensemble, use_one_thread
from pipelines.train.trainer import RayRun, train_prognosis

GRID = LifeGrid(step=5.0, steps=60)
TOLERANCE = 1e-4
"""Largest difference of the final losses of both ways."""
_FEATURES = 120

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast one way trains.

    Attributes:
        seconds: Of an epoch, wall time: the mean from the end of the first to when the last is taken note of, so that
            every report between and the last one are in it.
        loss: Loss on blind folds after the last epoch.
        start_seconds: Until the end of the first epoch, start included.
        end_seconds: From the end of the last epoch to when it is taken note of; it is in `seconds`, too.
    """

    seconds: float
    loss: float
    start_seconds: float
    end_seconds: float


Way = Callable[[LabelledVectors, TrainingSettings], Pace]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both ways on the same rows, by turns.

    Attributes:
        machines: How many.
        rows: Training rows.
        samples: Rows that an epoch goes through.
        plain: The loop of PyTorch, once before and once after each of the others.
        ray: One worker of Ray Train, which reports and saves as the product's do.
    """

    machines: int
    rows: int
    samples: int
    plain: tuple[Pace, ...]
    ray: tuple[Pace, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form; figures are medians."""
        plain, ray = (statistics.median(each.seconds for each in way) for way in (self.plain, self.ray))
        return {
            "machines": self.machines,
            "rows": self.rows,
            "samples_per_second": {"plain": self.samples / plain, "ray": self.samples / ray},
            "overhead": ray / plain - 1.0,
            "overhead_seconds_per_epoch": ray - plain,
            "end_seconds": statistics.median(each.end_seconds for each in self.ray),
            "loss": {"plain": self.plain[0].loss, "ray": self.ray[0].loss},
            "plain": [asdict(each) for each in self.plain],
            "ray": [asdict(each) for each in self.ray],
        }


def synthetic_rows(machines: int, rows: int, seed: int = 0) -> LabelledVectors:
    """Make rows of machines of which every fourth was replaced in time: some features tell wear, the others nothing.

    Args:
        machines: How many.
        rows: Of each machine.
        seed: Of everything random.
    """
    generator = np.random.default_rng(seed)
    machine = np.repeat(np.arange(machines), rows)
    length = np.repeat(generator.uniform(80.0, 280.0, machines), rows)
    age = length * np.tile(np.linspace(0.02, 0.98, rows), machines)
    vectors = generator.standard_normal((len(age), _FEATURES)).astype(np.float32)
    vectors[:, :10] += (3.0 * age / length).astype(np.float32)[:, None]
    return LabelledVectors(
        vectors, length - age, machine % 4 > 0, machine, machine.copy(), age, np.zeros(len(age), np.int64)
    )


def measure_training(
    machines: int, rows: int, factors: Sequence[int], settings: TrainingSettings, repeats: int, progress: Progress
) -> list[Comparison]:
    """Train both ways on fleets that grow; a Ray that runs already is used.

    Args:
        machines: Of the smallest fleet.
        rows: Of each machine.
        factors: How many times as many machines.
        settings: How to train; all rows are gone through in each epoch.
        repeats: How often on Ray.
        progress: Told of fleets done.

    Raises:
        OutputsDiffer: If both ways do not come to the same loss.
    """
    found: list[Comparison] = []
    for factor in factors:
        fleet = synthetic_rows(machines * factor, rows)
        found.append(compare(fleet, replace(settings, rows_per_epoch=len(fleet)), repeats))
        progress(len(found), len(factors))
    return found


def compare(
    rows: LabelledVectors, settings: TrainingSettings, repeats: int = 1, on_ray: Way | None = None
) -> Comparison:
    """Train the plain way, on Ray, and the plain way again, so that a machine busy in between is busy for both.

    Raises:
        OutputsDiffer: If both ways do not come to the same loss.
    """
    plain, ray = [plain_pace(rows, settings)], list[Pace]()
    for _ in range(repeats):
        ray.append((on_ray or ray_pace)(rows, settings))
        plain.append(plain_pace(rows, settings))
    if not all(abs(plain[0].loss - each.loss) <= TOLERANCE for each in ray):
        found = f"losses {plain[0].loss:.6f} and {ray[0].loss:.6f}, further apart than {TOLERANCE}"
        raise OutputsDiffer("The plain loop", "one Ray worker", found)
    samples = steps_per_epoch(len(rows), settings) * settings.batch_rows
    return Comparison(len(np.unique(rows.machine)), len(rows), samples, tuple(plain), tuple(ray))


def plain_pace(rows: LabelledVectors, settings: TrainingSettings) -> Pace:
    """Train in this process, by one thread as each worker does; nothing is reported or saved."""
    use_one_thread()
    began, ended = time.monotonic(), list[float]()
    fold = machine_deals(rows.machine, settings.folds, settings.members_per_fold, settings.seed)
    tensors = training_rows(rows, member_weights(fold, settings), GRID)
    ensemble = new_ensemble(settings.shape(rows.vectors.shape[1], GRID.steps), settings.seed, tensors, None)
    optimiser, schedule = make_optimiser(ensemble.logits, len(rows), settings)
    ensemble.logits.train()
    loss = float("inf")
    for epoch in range(settings.epochs):
        train_epoch(ensemble.logits, tensors, optimiser, schedule, settings, epoch)
        loss = blind_loss(ensemble.logits, tensors, settings.likelihood)
        ended.append(time.monotonic())
    return pace(began, ended, ended[-1], loss)


def ray_pace(rows: LabelledVectors, settings: TrainingSettings) -> Pace:
    """Train on one worker of a Ray that runs already, as the product does."""
    from pipelines.train.callback import EpochClock  # lazy: ray takes seconds to import

    with tempfile.TemporaryDirectory() as folder:
        clock = Path(folder) / "epochs"
        began = time.monotonic()
        run = RayRun(Path(folder) / "runs", workers=1, callbacks=[EpochClock(clock)])
        trained = train_prognosis(rows, GRID, 0.0, [settings], run)
        moments = [line.split() for line in clock.read_text(encoding="utf-8").splitlines()]
    ended = [float(moment) for what, moment in moments if what == "ended"]
    return pace(began, ended, float(moments[-1][1]), trained.last_metrics["blind_loss"])


def pace(began: float, ended: Sequence[float], noted: float, loss: float) -> Pace:
    """Return how fast a training was.

    Args:
        began: When it began, seconds.
        ended: When each epoch ended; of two or more.
        noted: When the end was taken note of.
        loss: After the last epoch.
    """
    return Pace((noted - ended[0]) / (len(ended) - 1), loss, ended[0] - began, noted - ended[-1])
