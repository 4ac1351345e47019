"""Trains a network with a dilated stack: the loss, schedule and blind folds of `models.prognosis.training`, by lives.

A batch is drawn from few lives at a time, so that the stack runs once over each of them whatever the rows taken.

Only the benchmark `bench dilated` and tests use it (docs/adr/0014).
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from features.domain.packs import LifeGrid
from features.transforms.families.family import Layout
from models.prognosis.dilated import DilatedHazards, DilatedShape
from models.prognosis.folds import machine_deals
from models.prognosis.loss import curve_loss
from models.prognosis.targets import LabelledVectors
from models.prognosis.training import (
    BLIND_EVERY,
    TrainingRows,
    TrainingSettings,
    make_optimiser,
    member_weights,
    steps_per_epoch,
    training_rows,
)
from models.prognosis.wear import wear_directions, wear_projection


@dataclass(frozen=True, slots=True)
class LifeReadings:
    """The readings behind labelled vectors.

    Attributes:
        scores: z-scores, one life after the other, each filled up with NaN after its end. Shape (life, time, sensor).
        life: Life of each labelled vector, an index into the readings. Shape (batch,).
        place: The reading at which it stands. Shape (batch,).
    """

    scores: NDArray[np.float32]
    life: NDArray[np.int64]
    place: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DilatedSettings:
    """How a network with a stack is trained.

    Attributes:
        training: As of the network without one, which it is compared with.
        channels: Width of a block.
        dilations: Of each block, readings.
        lives_at_once: Lives that a batch is drawn from.
    """

    training: TrainingSettings
    channels: int = 8
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    lives_at_once: int = 16


@dataclass(frozen=True, slots=True)
class FittedDilated:
    """A trained network with a stack.

    Attributes:
        model: At its best epoch.
        blind_loss: Loss on folds that members are blind to, by which the epoch was chosen.
        epoch: Number of that epoch, from 0.
    """

    model: DilatedHazards
    blind_loss: float
    epoch: int


@dataclass(frozen=True, slots=True)
class _Data:
    rows: TrainingRows
    scores: Tensor
    life: Tensor
    place: Tensor
    by_life: list[Tensor]


def fit_dilated(
    rows: LabelledVectors,
    readings: LifeReadings,
    layout: Layout,
    grid: LifeGrid,
    settings: DilatedSettings,
    progress: Callable[[int, int], None] | None = None,
) -> FittedDilated:
    """Train, each member blind to its fold of machines, and keep the epoch with the best loss on what is not seen.

    Args:
        rows: Training rows.
        readings: Behind these rows.
        layout: What the vectors are made of.
        grid: The pack's life grid.
        settings: How.
        progress: Told of epochs done.
    """
    training = settings.training
    data, model = _data(rows, readings, grid, training), _new_model(rows, readings, layout, grid, settings)
    optimiser, schedule = make_optimiser(model, len(rows), training)
    best: tuple[float, int, dict[str, Any]] = (float("inf"), -1, {})
    for epoch in range(training.epochs):
        torch.manual_seed(hash((training.seed, epoch)) % 2**31)
        model.train()
        for batch in _batches(data, settings, epoch):
            loss = _loss(model, data, batch, data.rows.weights[batch], training.likelihood)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimiser.step()
            schedule.step()
        unseen = _blind_loss(model, data, settings)
        if unseen < best[0]:
            best = unseen, epoch, copy.deepcopy(model.state_dict())
        if progress is not None:
            progress(epoch + 1, training.epochs)
    model.load_state_dict(best[2])
    return FittedDilated(model.eval(), best[0], best[1])


def _new_model(
    rows: LabelledVectors, readings: LifeReadings, layout: Layout, grid: LifeGrid, settings: DilatedSettings
) -> DilatedHazards:
    torch.manual_seed(settings.training.seed)
    projection, directions = wear_projection(rows, layout), wear_directions(rows, layout)
    head = settings.training.shape(rows.vectors.shape[1], grid.steps, projection.shape[1])
    shape = DilatedShape(directions.shape[0], directions.shape[1], head.members, settings.channels, settings.dilations)
    model = DilatedHazards(head, shape)
    model.head.standardise_by(rows.vectors)
    if head.inputs:
        model.head.project_by(projection, rows.vectors)
    if head.clocks:
        model.head.cut_clocks_by(rows.vectors)
    model.stack.mix_by(directions, readings.scores)
    return model


def _data(rows: LabelledVectors, readings: LifeReadings, grid: LifeGrid, settings: TrainingSettings) -> _Data:
    fold = machine_deals(rows.machine, settings.folds, settings.members_per_fold, settings.seed)
    by_life = [torch.from_numpy(np.flatnonzero(readings.life == life)) for life in np.unique(readings.life)]
    scores, life, place = map(torch.from_numpy, (readings.scores, readings.life, readings.place))
    return _Data(training_rows(rows, member_weights(fold, settings), grid), scores, life, place, by_life)


def _batches(data: _Data, settings: DilatedSettings, epoch: int) -> Iterator[Tensor]:
    """Draw batches as many and as large as without a stack, each from a few lives."""
    training = settings.training
    generator = torch.Generator().manual_seed(training.seed * 1_000_003 + epoch)
    for _ in range(steps_per_epoch(len(data.rows), training)):
        lives = torch.randperm(len(data.by_life), generator=generator)[: settings.lives_at_once]
        rows = torch.cat([data.by_life[int(life)] for life in lives])
        yield rows[torch.randperm(len(rows), generator=generator)[: training.batch_rows]]


def _loss(
    model: DilatedHazards,
    data: _Data,
    batch: Tensor,
    weights: Tensor,
    likelihood: float,
    totals: Tensor | None = None,
) -> Tensor:
    lives, index = torch.unique(data.life[batch], return_inverse=True)
    scores = data.scores[lives][:, : int(data.place[batch].max()) + 1]
    logits = model(data.rows.vectors[batch], scores, index, data.place[batch])
    return curve_loss(logits, data.rows.outlived[batch], data.rows.has_failed[batch], weights, likelihood, totals)


def _blind_loss(model: DilatedHazards, data: _Data, settings: DilatedSettings) -> float:
    """Return the mean loss of members on rows they are blind to, on the same rows as without a stack."""
    model.eval()
    seen = [rows[rows % BLIND_EVERY == 0] for rows in data.by_life]
    seen = [rows for rows in seen if len(rows)]
    totals = (1.0 - data.rows.weights[torch.cat(seen)]).sum(dim=0)
    total = 0.0
    with torch.no_grad():
        for first in range(0, len(seen), settings.lives_at_once):
            batch = torch.cat(seen[first : first + settings.lives_at_once])
            blind = 1.0 - data.rows.weights[batch]
            total += float(_loss(model, data, batch, blind, settings.training.likelihood, totals))
    return total
