"""Search for better settings: Ray Tune with ASHA, cheap trials one after the other in few actors."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from features.domain.packs import LifeGrid
from features.transforms.families.family import Layout
from models.prognosis.folds import machine_deals
from models.prognosis.targets import LabelledVectors
from pipelines.errors import TrainingFailed

if TYPE_CHECKING:
    from models.prognosis.training import TrainingSettings

_WIDTHS = ((32,), (64,), (128,), (128, 64), (256, 128))
_DROPOUT, _LEARNING_RATE, _WEIGHT_DECAY = (0.1, 0.6), (1e-3, 1e-2), (1e-3, 1e-1)
_FEWEST_EPOCHS, _KEPT = 2, 3
"""No trial ends before two epochs; then the better third of those that came as far go on
(Li et al. 2020, "A system for massively parallel hyperparameter tuning", MLSys)."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        number: Which of the settings drawn was the best of all trials.
        blind_loss: Its loss on the folds that members are blind to, at its best epoch.
        trials: How many there were.
        stopped: How many of them ended early.
        actors: How many processes they shared.
    """

    number: int
    blind_loss: float
    trials: int
    stopped: int
    actors: int


def draw_settings(first: "TrainingSettings", trials: int) -> "list[TrainingSettings]":
    """Draw settings to try; the first trial tries the settings given.

    Args:
        first: Gives epochs, folds, members, rows per step and seed to all; its seed is that of the draw too.
        trials: How many to draw, the first included.
    """
    from models.prognosis.training import Inputs  # lazy: torch takes seconds to import

    generator, choices = np.random.default_rng(first.seed), list(Inputs)
    drawn = [first]
    for _ in range(trials - 1):
        rate, decay = (float(np.exp(generator.uniform(*np.log(bounds)))) for bounds in (_LEARNING_RATE, _WEIGHT_DECAY))
        hidden = _WIDTHS[int(generator.integers(len(_WIDTHS)))]
        dropout, inputs = float(generator.uniform(*_DROPOUT)), choices[int(generator.integers(len(choices)))]
        other = replace(first, hidden=hidden, dropout=dropout, inputs=inputs)
        drawn.append(replace(other, learning_rate=rate, weight_decay=decay))
    return drawn


def search(
    rows: LabelledVectors,
    grid: LifeGrid,
    drawn: "Sequence[TrainingSettings]",
    actors: int,
    layout: Layout | None = None,
    callbacks: Sequence[Any] = (),  # ray.tune.Callback; ray is not imported here
) -> Found:
    """Try settings on a Ray that runs already and return the best.

    Args:
        rows: Training rows, as for the training that follows; their folds are the same.
        grid: The pack's life grid.
        drawn: Settings to try, alike in epochs, folds, members and seed.
        actors: Processes that trials share.
        layout: What the vectors are made of; None where none of the settings looks along wear directions.
        callbacks: Told of every trial and epoch.

    Raises:
        TrainingFailed: If no trial came to an end.
    """
    from ray import tune  # lazy: takes seconds to import
    from ray.tune.schedulers import ASHAScheduler

    from models.prognosis.training import member_weights, training_rows
    from models.prognosis.wear import wear_projection
    from pipelines.train.trial import Given, HazardTrial

    first = drawn[0]
    fold = machine_deals(rows.machine, first.folds, first.members_per_fold, first.seed)
    tensors = training_rows(rows, member_weights(fold, first), grid)
    arrays = {name: getattr(tensors, name).numpy() for name in type(tensors).__slots__}
    projection = None if layout is None else wear_projection(rows, layout)
    given = Given(list(drawn), arrays, rows.vectors.shape[1], grid.steps, projection)
    halving = ASHAScheduler(max_t=first.epochs, grace_period=min(_FEWEST_EPOCHS, first.epochs), reduction_factor=_KEPT)
    with tempfile.TemporaryDirectory() as storage:
        tuner = tune.Tuner(
            tune.with_parameters(HazardTrial, given=given),
            param_space={"number": tune.grid_search(list(range(len(drawn))))},
            tune_config=tune.TuneConfig(
                metric="blind_loss",
                mode="min",
                scheduler=halving,
                max_concurrent_trials=actors,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                storage_path=storage,
                stop={"training_iteration": first.epochs},
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),  # a cheap trial is simply repeated
                callbacks=list(callbacks),
                verbose=0,
            ),
        )
        fitted = tuner.fit()
        results = [fitted[index] for index in range(len(fitted))]
    return _best(results, first.epochs)


def _best(results: "Sequence[Any]", epochs: int) -> Found:
    ended = [each for each in results if each.error is None and each.metrics]
    if not ended:
        errors = "; ".join(sorted({str(each.error) for each in results}))
        raise TrainingFailed(f"A search must end with a trial that worked; none did: {errors}")
    best = min(ended, key=lambda each: float(each.metrics["best_blind_loss"]))
    return Found(
        int(best.config["number"]),
        float(best.metrics["best_blind_loss"]),
        len(results),
        sum(int(each.metrics["training_iteration"]) < epochs for each in ended),
        len({each.metrics["pid"] for each in ended}),
    )
