from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from features.transforms.survival import mean_life
from models.prognosis.folds import machine_deals, machine_folds
from models.prognosis.loss import curve_loss
from models.prognosis.network import HazardEnsemble, NetworkShape, survival_of
from models.prognosis.targets import LabelledVectors, hazard_targets
from models.prognosis.training import (
    TrainingSettings,
    blind_loss,
    candidates,
    make_optimiser,
    member_weights,
    steps_per_epoch,
    train_epoch,
    training_rows,
)
from tests.models.prognosis.toys import GRID, toy_rows

SETTINGS = TrainingSettings(epochs=12, batch_rows=64, folds=3, learning_rate=1e-2, hidden=(16,), dropout=0.1)


def trained(
    rows: LabelledVectors, fold: NDArray[np.int64], settings: TrainingSettings = SETTINGS
) -> tuple[HazardEnsemble, list[float]]:
    torch.manual_seed(settings.seed)
    ensemble = HazardEnsemble(settings.shape(rows.vectors.shape[1], GRID.steps))
    ensemble.logits.standardise_by(rows.vectors)
    optimiser, schedule = make_optimiser(ensemble.logits, len(rows), settings)
    tensors = training_rows(rows, member_weights(fold[:, None], settings), GRID)
    ensemble.train()
    losses = [train_epoch(ensemble.logits, tensors, optimiser, schedule, settings, e) for e in range(settings.epochs)]
    return ensemble, losses


def test_training_learns_and_orders_lives() -> None:
    rows = toy_rows()
    ensemble, losses = trained(rows, machine_folds(rows.machine, 3, 0))
    assert losses[-1] < 0.9 * losses[0]
    predicted = mean_life(survival_of(ensemble, rows.vectors).mean(axis=0), GRID.step)
    assert np.corrcoef(predicted, np.minimum(rows.remaining, GRID.cap))[0, 1] > 0.85


def test_same_seed_trains_the_same_network() -> None:
    rows = toy_rows(machines=9)
    fold = machine_folds(rows.machine, 3, 0)
    (one, _), (other, _) = trained(rows, fold), trained(rows, fold)
    for first, second in zip(one.state_dict().values(), other.state_dict().values(), strict=True):
        assert torch.equal(first, second)


def test_member_never_learns_from_its_own_fold() -> None:
    rows = toy_rows(machines=9)
    fold = machine_folds(rows.machine, 3, 0)
    mine = fold == 1
    lies = LabelledVectors(
        rows.vectors,
        np.where(mine, 1.0, rows.remaining),
        rows.is_failure | mine,
        rows.machine,
        rows.life_id,
        rows.age,
        rows.regime,
    )
    (honest, _), (told, _) = trained(rows, fold), trained(lies, fold)
    one, other = survival_of(honest, rows.vectors), survival_of(told, rows.vectors)
    np.testing.assert_array_equal(one[1], other[1])
    assert np.abs(one[0] - other[0]).max() > 0.01
    assert np.abs(one[2] - other[2]).max() > 0.01


def test_blind_loss_is_that_of_the_rows_a_member_may_not_see() -> None:
    rows = toy_rows(machines=9)
    fold = machine_folds(rows.machine, 3, 0)
    ensemble, _ = trained(rows, fold)
    tensors = training_rows(rows, member_weights(fold[:, None], SETTINGS), GRID)
    survival = survival_of(ensemble, rows.vectors)
    targets = hazard_targets(rows.remaining, rows.is_failure, GRID)
    losses = []
    for row in range(len(rows)):
        curve = np.concatenate([[1.0], survival[fold[row], row]])  # of the one member that is blind to it
        outlived = int(targets.outlived[row])
        likelihood = curve[outlived] - curve[outlived + 1] if targets.has_failed[row] else curve[outlived]
        happened = np.arange(GRID.steps) < outlived
        is_known = happened | bool(targets.has_failed[row])
        distance = np.sum((curve[1:] - happened) ** 2 * is_known) / GRID.steps
        losses.append(distance - 0.5 * np.log(likelihood))
    by_member = [np.mean(np.array(losses)[fold == index]) for index in range(3)]
    for chunk in (7, 4096):  # however rows are taken
        found = blind_loss(ensemble.logits, tensors, 0.5, every=1, chunk=chunk)
        assert found == pytest.approx(float(np.mean(by_member)), rel=1e-3)
    assert ensemble.logits.training


def test_candidates_are_alike_in_folds_and_seed_and_told_apart_by_their_label() -> None:
    tried = candidates(seed=3, epochs=2)
    assert len({each.label for each in tried}) == len(tried) > 1
    assert {(each.folds, each.seed, each.epochs) for each in tried} == {(5, 3, 2)}


def test_each_row_is_hidden_from_the_members_of_its_fold_alone() -> None:
    settings = TrainingSettings(folds=3, members_per_fold=2)
    weights = member_weights(np.array([[0, 2], [1, 2], [2, 0], [1, 1]]), settings)
    assert weights.shape == (4, 6)
    assert [np.flatnonzero(row == 0).tolist() for row in weights] == [[0, 5], [1, 5], [2, 3], [1, 4]]


@pytest.mark.parametrize(("rows", "steps"), [(1, 1), (63, 1), (64, 1), (127, 1), (128, 2)])
def test_pass_has_only_whole_batches_but_at_least_one(rows: int, steps: int) -> None:
    assert steps_per_epoch(rows, SETTINGS) == steps


def test_pass_over_many_rows_takes_no_more_than_it_may() -> None:
    assert steps_per_epoch(10_000, replace(SETTINGS, rows_per_epoch=640)) == 10


def test_workers_share_every_batch_without_overlap() -> None:
    seen: dict[int, list[int]] = {}
    rows = toy_rows(machines=12)
    tensors = training_rows(rows, member_weights(machine_deals(rows.machine, 3, 1, 0), SETTINGS), GRID)
    by_bytes = {row.tobytes(): index for index, row in enumerate(rows.vectors)}
    for rank, world in [(0, 1), (0, 2), (1, 2)]:
        logits = Watching(SETTINGS.folds)
        optimiser, schedule = make_optimiser(logits, len(rows), SETTINGS)
        train_epoch(logits, tensors, optimiser, schedule, SETTINGS, 4, rank, world)
        seen[10 * world + rank] = [by_bytes[row.tobytes()] for row in logits.seen]
    assert sorted(seen[20] + seen[21]) == sorted(seen[10])
    assert len(set(seen[10])) == len(seen[10]) == 2 * 64


def test_repeated_epoch_sees_the_same_batches_and_another_epoch_others() -> None:
    rows = toy_rows(machines=12)
    tensors = training_rows(rows, member_weights(machine_deals(rows.machine, 3, 1, 0), SETTINGS), GRID)

    def order(epoch: int) -> list[bytes]:
        logits = Watching(SETTINGS.folds)
        optimiser, schedule = make_optimiser(logits, len(rows), SETTINGS)
        train_epoch(logits, tensors, optimiser, schedule, SETTINGS, epoch)
        return [row.tobytes() for row in logits.seen]

    assert order(3) == order(3)
    assert order(3) != order(4)


class Watching(torch.nn.Module):
    """Constant hazards that remember which rows they were asked for."""

    def __init__(self, members: int) -> None:
        super().__init__()
        self.hazard = torch.nn.Parameter(torch.zeros(members, 1, GRID.steps))
        self.seen: list[NDArray[np.float32]] = []

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        self.seen += list(vectors.numpy())
        return self.hazard.expand(-1, len(vectors), -1)


@pytest.mark.parametrize("inputs", [0, 2])
def test_loss_and_gradients_stay_on_the_device_of_network_and_rows(inputs: int) -> None:
    elsewhere = torch.device("meta")  # refuses, as a GPU does, to work with what lies on the processor
    ensemble = HazardEnsemble(NetworkShape(3, 5, 2, (8,), 0.1, inputs)).to(elsewhere)
    batch = torch.arange(4)  # of numbers of rows, drawn on the processor
    vectors, weights = torch.zeros(16, 3, device=elsewhere), torch.ones(16, 2, device=elsewhere)
    outlived = torch.zeros(16, dtype=torch.int64, device=elsewhere)
    told = outlived[batch], outlived[batch] > 0, weights[batch]
    loss = curve_loss(ensemble.logits(vectors[batch]), *told, 0.1, weights[batch].sum(dim=0) / 2)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    assert loss.device == elsewhere
    assert all(part.grad is not None and part.grad.device == elsewhere for part in ensemble.logits.parameters())
