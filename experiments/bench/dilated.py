"""Whether the recent readings, through a causal dilated network, tell what whole-history features do not.

On the same machines, in the same run: the network that the product's trainer would keep of its candidates, and the same
network told beside its features what a dilated stack makes of the readings up to the row. Both are trained on machines
of four folds and judged on those of the fifth. No test engine is opened.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.bench.dilated_lives import Machines, cmapss_machines, labelled_readings, pump_machines
from experiments.cmapss.protocol import DRAW_SEED, FOLDS
from features.domain.packs import LifeGrid
from features.transforms.survival import mean_life
from models.prognosis.comparison import paired_difference
from models.prognosis.dilated import dilated_survival
from models.prognosis.dilated_training import DilatedSettings, fit_dilated
from models.prognosis.folds import machine_deals, machine_folds
from models.prognosis.metrics import bootstrap_difference, ranked_probability, root_mean_square
from models.prognosis.network import HazardEnsemble, mean_survival
from models.prognosis.targets import LabelledVectors
from models.prognosis.training import (
    TrainingSettings,
    blind_loss,
    candidates,
    make_optimiser,
    member_weights,
    train_epoch,
    training_rows,
)
from models.prognosis.wear import wear_projection
from pipelines.building.build import fit_specification
from pipelines.building.tracks import LifeTrack
from pipelines.progress import Stages
from pipelines.simulate.settings import FleetSettings
from pipelines.train.loop import combinations, new_ensemble, use_one_thread

INTERVAL_MINUTES = 360
"""Of simulated readings: four a day, so that a stack reaches back a month."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Told:
    """What a network told of the judged rows, against what came true, clipped at the cap.

    Attributes:
        error: Mean forecast less true remaining life, life units. Shape (batch,).
        distance: Continuous ranked probability score of the curve, life units. Shape (batch,).
    """

    error: NDArray[np.float64]
    distance: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Errors:
    """Both networks on the same rows.

    Attributes:
        machine: Shape (batch,).
        present: The network without a stack.
        dilated: The network with one.
        blind: By fold the candidate that both were trained as, and the loss on blind folds without and with a stack:
            what a trainer would choose by.
    """

    machine: NDArray[np.int64]
    present: Told
    dilated: Told
    blind: tuple[tuple[str, float, float], ...]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form: both of either figure, the difference and its paired 95 % interval over machines."""
        present, dilated = root_mean_square(self.present.error), root_mean_square(self.dilated.error)
        low, high = bootstrap_difference(self.dilated.error, self.present.error, self.machine, DRAW_SEED)
        distance = paired_difference(self.present.distance, self.dilated.distance, self.machine, seed=DRAW_SEED)
        return {
            "machines": len(np.unique(self.machine)),
            "rows": len(self.machine),
            "rmse_present": present,
            "rmse_dilated": dilated,
            "difference": dilated - present,
            "difference_ci95": [low, high],
            "helps": high < 0,
            "crps_present": distance.champion,
            "crps_difference": distance.estimate,
            "crps_difference_ci95": [distance.low, distance.high],
            "folds": [
                {"candidate": label, "blind_loss_present": before, "blind_loss_dilated": after}
                for label, before, after in self.blind
            ],
        }


@dataclass(frozen=True, slots=True)
class DilatedLoad:
    """What to measure on.

    Attributes:
        folder: That holds NASA's files.
        subsets: Of C-MAPSS.
        engines: Only the first so many of each.
        pumps: Simulated machines; 0 for none.
        days: Length of each one's record.
        epochs: Passes over the rows; None for those of the product.
        seed: Of weights, dropout and the simulated fleet.
    """

    folder: Path
    subsets: tuple[str, ...]
    engines: int
    pumps: int
    days: int
    epochs: int | None
    seed: int


def measure_fleets(load: DilatedLoad, stages: Stages) -> dict[str, Errors]:
    """Compare both networks on every subset and on simulated pumps; by name."""
    settings = candidates(load.seed, load.epochs)
    found: dict[str, Errors] = {}
    for subset in load.subsets:
        engines = cmapss_machines(load.folder, subset, load.engines)
        with stages.stage(f"{subset}: training with and without, five folds") as tell:
            found[subset] = measure_dilated(engines, settings, tell)
    if load.pumps:
        fleet = FleetSettings(
            pumps=load.pumps, days=load.days, interval_minutes=INTERVAL_MINUTES, seed=load.seed, with_defects=False
        )
        with stages.stage(f"simulating {load.pumps} pumps") as tell:
            pumps = pump_machines(fleet, tell)
        with stages.stage("pumps: training with and without, five folds") as tell:
            found["pump"] = measure_dilated(pumps, settings, tell)
    return found


def measure_dilated(machines: Machines, settings: Sequence[TrainingSettings], progress: Progress) -> Errors:
    """Forecast every machine by networks that never saw it.

    Args:
        machines: To train on and to judge by.
        settings: Candidates of the network without a stack; the one with a stack is trained as the best of them.
        progress: Told of trainings done.
    """
    use_one_thread()
    names = np.array([str(track.epoch.asset) for track in machines.tracks])
    fold = machine_folds(np.unique(names, return_inverse=True)[1].astype(np.int64), FOLDS, DRAW_SEED)
    found, blind = list[_Judged](), list[tuple[str, float, float]]()
    for index in range(FOLDS):
        seen, judged = (
            [track for track, inside in zip(machines.tracks, is_in, strict=True) if inside]
            for is_in in (fold != index, fold == index)
        )

        def tell(done: int, index: int = index) -> None:
            progress(2 * index + done, 2 * FOLDS)

        errors, losses = _judge_fold(machines, seen, judged, settings, tell)
        found.append(errors)
        blind.append(losses)
    assets = np.concatenate([each.asset for each in found])
    number = np.unique(assets, return_inverse=True)[1].astype(np.int64)
    present, dilated = (_joined([each.told[place] for each in found]) for place in (0, 1))
    return Errors(number, present, dilated, tuple(blind))


@dataclass(frozen=True, slots=True)
class FittedPresent:
    """The network without a stack.

    Attributes:
        model: At its best epoch.
        settings: How it was trained.
        blind_loss: Loss on folds that members are blind to, by which candidate and epoch were chosen.
    """

    model: HazardEnsemble
    settings: TrainingSettings
    blind_loss: float


def fit_present(
    rows: LabelledVectors, projection: NDArray[np.float64], grid: LifeGrid, settings: TrainingSettings
) -> FittedPresent:
    """Train a network of the product in this process, and keep its best epoch."""
    fold = machine_deals(rows.machine, settings.folds, settings.members_per_fold, settings.seed)
    tensors = training_rows(rows, member_weights(fold, settings), grid)
    shape = settings.shape(rows.vectors.shape[1], grid.steps, combinations(projection))
    ensemble = new_ensemble(shape, settings.seed, tensors, projection)
    optimiser, schedule = make_optimiser(ensemble.logits, len(rows), settings)
    best, kept = float("inf"), ensemble.state_dict()
    ensemble.logits.train()
    for epoch in range(settings.epochs):
        train_epoch(ensemble.logits, tensors, optimiser, schedule, settings, epoch)
        unseen = blind_loss(ensemble.logits, tensors, settings.likelihood)
        if unseen < best:
            best, kept = unseen, copy.deepcopy(ensemble.state_dict())
    ensemble.load_state_dict(kept)
    return FittedPresent(ensemble, settings, best)


def told_of(survival: NDArray[np.float64], remaining: NDArray[np.float64], grid: LifeGrid) -> Told:
    """Hold curves against remaining lives that are known up to the cap, life units. Shapes (batch, time), (batch,)."""
    error = mean_life(survival, grid.step) - np.minimum(remaining, grid.cap)
    return Told(error, ranked_probability(survival, remaining, np.ones(len(remaining), np.bool_), grid))


@dataclass(frozen=True, slots=True)
class _Judged:
    asset: NDArray[np.str_]
    told: tuple[Told, Told]


def _judge_fold(
    machines: Machines,
    seen: Sequence[LifeTrack],
    judged: Sequence[LifeTrack],
    settings: Sequence[TrainingSettings],
    tell: Callable[[int], None],
) -> tuple[_Judged, tuple[str, float, float]]:
    specification, grid = fit_specification(machines.pack, seen), machines.pack.grid
    known = labelled_readings(specification, seen)
    rows = known.rows
    projection = wear_projection(rows, specification.layout)
    tried = [fit_present(rows, projection, grid, each) for each in settings]
    present = min(tried, key=lambda each: each.blind_loss)
    tell(1)
    dilated = fit_dilated(rows, known.readings, specification.layout, grid, DilatedSettings(present.settings))
    tell(2)
    others = labelled_readings(specification, judged)
    drawn, behind = machines.draw(others.rows, others.machines), others.readings
    part = others.rows.take(drawn)
    without = told_of(mean_survival(present.model, part.vectors), part.remaining, grid)
    where = behind.scores, behind.life[drawn], behind.place[drawn]
    beside = told_of(dilated_survival(dilated.model, part.vectors, *where), part.remaining, grid)
    losses = present.settings.label, present.blind_loss, dilated.blind_loss
    return _Judged(np.array(others.machines)[part.machine], (without, beside)), losses


def _joined(parts: Sequence[Told]) -> Told:
    return Told(np.concatenate([each.error for each in parts]), np.concatenate([each.distance for each in parts]))
