"""The training loop itself, the same on one process or many; distribution is the caller's concern."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from features.domain.packs import LifeGrid
from models.prognosis.loss import curve_loss
from models.prognosis.network import NetworkShape
from models.prognosis.targets import LabelledVectors, hazard_targets

BLIND_EVERY = 3
"""Each so-many-th row is looked at where members are judged on what they are blind to."""


class Inputs(StrEnum):
    """What the first layer sees: all features, or their statistics along wear directions (`models.prognosis.wear`)."""

    ALL = "all"
    WEAR = "wear"


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How a hazard ensemble is trained.

    Attributes:
        epochs: Passes over the rows; the one with the best loss on blind folds is kept.
        rows_per_epoch: The most rows of one pass, drawn anew each time: neighbours in a life tell almost the same.
        batch_rows: Rows per step, over all workers together.
        learning_rate: Peak of the one-cycle schedule (Smith & Topin 2018).
        weight_decay: Of AdamW.
        members_per_fold: Networks per fold of machines, each of its own deal of machines into folds.
        folds: Folds of machines; each member is blind to one.
        seed: Of everything random.
        hidden: Widths of the hidden layers.
        dropout: Share of hidden units silenced in training.
        inputs: What the first layer sees.
        likelihood: Weight of the likelihood in the loss (`models.prognosis.loss.curve_loss`).
        clocks: Columns that the first layer sees in pieces as well (`models.prognosis.network.NetworkShape`).
        pieces: Into how many each of them is cut.
    """

    epochs: int = 10
    rows_per_epoch: int = 25_000
    batch_rows: int = 512
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    members_per_fold: int = 1
    folds: int = 5
    seed: int = 0
    hidden: tuple[int, ...] = (128, 64)
    dropout: float = 0.5
    inputs: Inputs = Inputs.ALL
    likelihood: float = 0.01
    clocks: tuple[int, ...] = ()
    pieces: int = 0

    @property
    def label(self) -> str:
        """A short name of the network's inputs and size, for example "wear_128x64"."""
        return "_".join([self.inputs, "x".join(str(width) for width in self.hidden)])

    def shape(self, features: int, steps: int, combinations: int = 0) -> NetworkShape:
        """Return the network to train.

        Args:
            features: Length of a vector.
            steps: Steps of the life grid.
            combinations: Number of inputs along wear directions.
        """
        inputs = combinations if self.inputs is Inputs.WEAR else 0
        members, clocks = self.folds * self.members_per_fold, tuple(self.clocks)
        return NetworkShape(features, steps, members, self.hidden, self.dropout, inputs, clocks, self.pieces)


def candidates(seed: int = 0, epochs: int | None = None, members_per_fold: int = 1) -> tuple[TrainingSettings, ...]:
    """Return the settings that a training tries: wear directions for clear wear, a narrow network for noisy machines.

    The one with the best loss on folds it is blind to is kept. Widths and the rest were found by that same loss, on
    the training engines of C-MAPSS and on the training machines of the simulated fleet.
    """
    narrow = TrainingSettings(epochs=12, members_per_fold=members_per_fold, seed=seed, hidden=(32,))
    wear = replace(narrow, epochs=10, hidden=(128, 64), learning_rate=6e-3, dropout=0.1, inputs=Inputs.WEAR)
    return tuple(each if epochs is None else replace(each, epochs=epochs) for each in (wear, narrow))


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """Rows as tensors.

    Attributes:
        vectors: Shape (batch, feature).
        outlived: Shape (batch,).
        has_failed: Shape (batch,).
        weights: Weight of each row for each member, 0 where the member is blind. Shape (batch, member).
    """

    vectors: Tensor
    outlived: Tensor
    has_failed: Tensor
    weights: Tensor

    def __len__(self) -> int:
        return len(self.outlived)


def member_weights(fold: NDArray[np.int64], settings: TrainingSettings) -> NDArray[np.float32]:
    """Return 1 where a member may see a row and 0 where the row is of its own fold.

    Args:
        fold: Fold of each row in each deal (`models.prognosis.folds.machine_deals`); `folds` members after one another
            share a deal. Shape (batch, deal).
        settings: Say how many members there are.

    Returns:
        Shape (batch, member).
    """
    deal, blind_to = np.divmod(np.arange(settings.folds * settings.members_per_fold), settings.folds)
    return np.asarray(fold[:, deal] != blind_to[None, :], np.float32)


def training_rows(rows: LabelledVectors, weights: NDArray[np.float32], grid: LifeGrid) -> TrainingRows:
    """Turn labelled vectors into tensors."""
    targets = hazard_targets(rows.remaining, rows.is_failure, grid)
    return TrainingRows(
        torch.from_numpy(np.ascontiguousarray(rows.vectors)),
        torch.from_numpy(targets.outlived),
        torch.from_numpy(targets.has_failed),
        torch.from_numpy(weights),
    )


def steps_per_epoch(rows: int, settings: TrainingSettings) -> int:
    """Return the number of optimiser steps in one pass."""
    return max(1, min(rows, settings.rows_per_epoch) // settings.batch_rows)


def make_optimiser(
    logits: nn.Module, rows: int, settings: TrainingSettings
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """Return AdamW and its one-cycle schedule."""
    optimiser = torch.optim.AdamW(logits.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    total = settings.epochs * steps_per_epoch(rows, settings)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.learning_rate, total_steps=total)
    return optimiser, schedule


def train_epoch(
    logits: Callable[[Tensor], Tensor],
    rows: TrainingRows,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    settings: TrainingSettings,
    epoch: int,
    rank: int = 0,
    world: int = 1,
) -> float:
    """Pass once over this worker's share of the rows.

    Every worker shuffles alike from (seed, epoch) and takes its own part of each batch, so an epoch that is
    repeated after a crash sees the same batches.

    Args:
        logits: The network, wrapped for gradient exchange where there are several workers.
        rows: All rows; every worker holds them.
        optimiser: Stepped once per batch.
        schedule: Stepped once per batch.
        settings: How to train.
        epoch: Number of this pass, from 0.
        rank: This worker.
        world: All workers.

    Returns:
        Mean loss over the batches of this worker.
    """
    total = 0.0
    batches = list(_batches(len(rows), settings, epoch))
    torch.manual_seed(hash((settings.seed, epoch, rank)) % 2**31)
    for batch in batches:
        share, totals = batch[rank::world], rows.weights[batch].sum(dim=0) / world
        told = rows.outlived[share], rows.has_failed[share], rows.weights[share]
        loss = curve_loss(logits(rows.vectors[share]), *told, settings.likelihood, totals)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimiser.step()
        schedule.step()
        total += float(loss.detach())
    return total / max(1, len(batches))


def blind_loss(
    logits: nn.Module, rows: TrainingRows, likelihood: float, every: int = BLIND_EVERY, chunk: int = 512
) -> float:
    """Return the mean loss of members on rows they are blind to: what the epoch to keep is chosen by.

    Args:
        logits: The network; it is left in training mode.
        rows: All rows, those of a life one after the other.
        likelihood: Weight of the likelihood in the loss.
        every: Look at each so-many-th row; neighbours in a life tell almost the same.
        chunk: Rows at once: few enough that what lies between two layers stays in the processor's cache.
    """
    rows = TrainingRows(rows.vectors[::every], rows.outlived[::every], rows.has_failed[::every], rows.weights[::every])
    totals = (1.0 - rows.weights).sum(dim=0)
    logits.eval()
    total = 0.0
    with torch.no_grad():
        for start in range(0, len(rows), chunk):
            part = slice(start, start + chunk)
            told = rows.outlived[part], rows.has_failed[part], 1.0 - rows.weights[part]
            total += float(curve_loss(logits(rows.vectors[part]), *told, likelihood, totals))
    logits.train()
    return total


def _batches(rows: int, settings: TrainingSettings, epoch: int) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + epoch)
    order = torch.randperm(rows, generator=generator)
    for index in range(steps_per_epoch(rows, settings)):
        start = index * settings.batch_rows
        yield order[start : start + settings.batch_rows]
