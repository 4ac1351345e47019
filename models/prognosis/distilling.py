"""One small network that answers as an ensemble does, for where every byte and microsecond counts.

Distillation after Hinton, Vinyals & Dean 2015 ("Distilling the knowledge in a neural network", arXiv:1503.02531): the
student learns the whole survival curve that the ensemble gives, not what became of the machine, so it needs no labels
and may be asked about vectors that no machine ever sent. It is: about training vectors, the same with noise and with
features left out, and mixtures of two of them (Zhang, Cissé, Dauphin & Lopez-Paz 2018, "mixup: beyond empirical risk
minimization", ICLR), so that it follows its teacher off the data as well (Buciluă, Caruana & Niculescu-Mizil 2006,
"Model compression", KDD).

Beside the student grow students of every member, each taught by that member alone, on machines that the member saw.
What they say of the machines that it did not see is what calibration needs: answers of such a student about machines
that neither it nor its teacher saw. The epoch is chosen by them as well, without a label.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import logsigmoid

from models.prognosis.errors import FoldsUnfit
from models.prognosis.network import HazardEnsemble, survival_of
from models.prognosis.weights import ensemble_of, member_of

_FIRST_COOLING, _COOLING = 2, 0.4
_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class DistillingSettings:
    """How a student is taught.

    Attributes:
        hidden: Widths of its hidden layers.
        epochs: The most passes over the rows.
        patience: Passes without a better answer on unseen machines after which it ends.
        rows_per_epoch: The most rows of one pass, drawn anew each time.
        batch_rows: Rows per step; each is shown as it is, disturbed, and mixed with another.
        learning_rate: Of Adam; it falls to two fifths whenever a pass and the one before it gave no better answer.
        noise: Largest deviation of noise, in standard deviations of a feature over the training rows.
        left_out: Largest share of features that are made unknown in a disturbed row.
        likelihood: Weight of the likelihood beside the distance of curves, as in the teacher's own loss.
        seed: Of everything random.
    """

    hidden: tuple[int, ...] = (64, 32)
    epochs: int = 60
    patience: int = 6
    rows_per_epoch: int = 20_000
    batch_rows: int = 128
    learning_rate: float = 3e-3
    noise: float = 0.5
    left_out: float = 0.2
    likelihood: float = 0.01
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Distilled:
    """A student.

    Attributes:
        student: An ensemble of one member.
        unseen: Each training row's mean survival by the students that saw no row of its machine, one of each deal.
            Shape (batch, time).
        epoch: The pass that was kept, from 0.
        distance: Root mean square distance of the students of members from their teachers on machines that neither saw.
    """

    student: HazardEnsemble
    unseen: NDArray[np.float64]
    epoch: int
    distance: float


def distil(
    teacher: HazardEnsemble,
    vectors: NDArray[np.float32],
    fold: NDArray[np.int64],
    folds: int,
    settings: DistillingSettings = DistillingSettings(),  # frozen
    progress: Callable[[int, int], None] | None = None,
) -> Distilled:
    """Teach one small network to answer as an ensemble does. The same arguments give the same network.

    Args:
        teacher: `folds` members after one another share a deal of machines; each is blind to one fold of it, in order.
        vectors: Training vectors, NaN where unknown. Shape (batch, feature).
        fold: Fold of each row's machine in each deal (`models.prognosis.folds.machine_deals`). Shape (batch, deal).
        folds: Number of folds of a deal.
        settings: How to teach.
        progress: Told of passes done, and of how many there may be.

    Raises:
        FoldsUnfit: If there is not one member for each fold of each deal, or no row stands in some fold.
    """
    _check(teacher, fold, folds)
    teacher.eval()
    class_room = _ClassRoom(teacher, vectors, fold, folds, settings)
    best: tuple[float, int, dict[str, Tensor]] = (np.inf, -1, {})
    waited = 0
    for epoch in range(settings.epochs):
        class_room.teach(epoch)
        found = class_room.distance()
        waited = waited + 1 if found >= best[0] else 0
        if found < best[0]:
            best = found, epoch, {name: value.clone() for name, value in class_room.students.state_dict().items()}
        class_room.cool(found)
        if progress is not None:
            progress(epoch + 1, settings.epochs)
        if waited >= settings.patience:
            break
    students = ensemble_of({name: value.numpy() for name, value in best[2].items()})
    student = member_of(students, teacher.shape.members)
    return Distilled(student, _unseen(students, vectors, fold, folds), best[1], float(np.sqrt(best[0])))


def curve_distance(logits: Tensor, wanted: Tensor, weights: Tensor, likelihood: float) -> Tensor:
    """Return the mean squared distance of survival curves, and a share of the cross-entropy of their steps.

    It is the loss of `models.prognosis.loss.curve_loss` with the teacher's distribution in the place of what happened.

    Args:
        logits: Of the students. Shape (member, batch, time).
        wanted: Survival by the teacher of each. Shape (member, batch, time).
        weights: Weight of a row for a member, 0 where the member may not see it. Shape (member, batch).
        likelihood: Weight of the cross-entropy.

    Returns:
        A scalar; members count alike.
    """
    survives = logsigmoid(-logits)
    distance = (torch.exp(torch.cumsum(survives, dim=-1)) - wanted).square().mean(dim=-1)
    before = torch.cat([torch.ones_like(wanted[..., :1]), wanted[..., :-1]], dim=-1)
    surprise = -((before - wanted) * (logits + survives) + wanted * survives).sum(dim=-1)
    by_member = ((distance + likelihood * surprise) * weights).sum(dim=1) / weights.sum(dim=1).clamp_min(1e-9)
    return by_member.mean()


def disturbed(rows: Tensor, spread: Tensor, settings: DistillingSettings, generator: torch.Generator) -> Tensor:
    """Return rows with noise and with features left out, each row by a share of its own.

    Args:
        rows: NaN where unknown. Shape (batch, feature).
        spread: Standard deviation of each feature. Shape (feature,).
        settings: How much at most.
        generator: Of everything random.
    """
    share = torch.rand((2, len(rows), 1), generator=generator)
    noise = torch.randn(rows.shape, generator=generator) * spread * settings.noise * share[0]
    is_left_out = torch.rand(rows.shape, generator=generator) < settings.left_out * share[1]
    return torch.where(is_left_out, torch.full_like(rows, torch.nan), rows + noise)


def mixed(rows: Tensor, others: Tensor, generator: torch.Generator) -> Tensor:
    """Return a point between each row and another, unknown where either is. Shapes (batch, feature)."""
    share = torch.rand((len(rows), 1), generator=generator)
    return share * rows + (1.0 - share) * others


class _ClassRoom:
    """The students of all members and of the whole, taught together: one row of networks."""

    def __init__(
        self,
        teacher: HazardEnsemble,
        vectors: NDArray[np.float32],
        fold: NDArray[np.int64],
        folds: int,
        settings: DistillingSettings,
    ) -> None:
        self._teacher, self._settings = teacher, settings
        self._rows = torch.from_numpy(np.ascontiguousarray(vectors))
        blind_to = [fold[:, deal] == index for deal in range(fold.shape[1]) for index in range(folds)]
        # What a member did not see its student may not see either; the last student sees every row.
        self._may_see = torch.from_numpy(~np.stack([*blind_to, np.zeros(len(fold), np.bool_)]))  # (member, batch)
        self.students = _students(teacher, len(self._may_see), settings)
        self._optimiser = torch.optim.Adam(self.students.logits.parameters(), lr=settings.learning_rate)
        self._schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self._optimiser, factor=_COOLING, patience=_FIRST_COOLING - 1, threshold=1e-3
        )

    def teach(self, epoch: int) -> None:
        """Pass once over the rows."""
        generator = torch.Generator().manual_seed(self._settings.seed * 1_000_003 + epoch)
        self.students.train()
        for batch in self._batches(generator):
            rows, weights = self._shown(batch, generator)
            loss = curve_distance(self.students.logits(rows), self._wanted(rows), weights, self._settings.likelihood)
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            self._optimiser.step()

    def distance(self) -> float:
        """Return the mean squared distance of members' students from their teachers on machines that neither saw."""
        self.students.eval()
        total = 0.0
        with torch.no_grad():
            for start in range(0, len(self._rows), _CHUNK):
                part = slice(start, start + _CHUNK)
                apart = self.students.member_survival(self._rows[part]) - self._wanted(self._rows[part])
                total += float(apart.square().mean(dim=-1)[~self._may_see[:, part]].sum())
        return total / int((~self._may_see).sum())

    def cool(self, distance: float) -> None:
        """Let the schedule know how far off the students are."""
        self._schedule.step(distance)

    def _batches(self, generator: torch.Generator) -> Iterator[Tensor]:
        size, count = self._settings.batch_rows, min(len(self._rows), self._settings.rows_per_epoch)
        order = torch.randperm(len(self._rows), generator=generator)[:count]
        yield from (order[start : start + size] for start in range(0, count, size))

    def _shown(self, batch: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return rows in all three forms, and who may see them."""
        other = batch[torch.randperm(len(batch), generator=generator)]
        rows, spread = self._rows[batch], self._teacher.logits.scale
        shown = [rows, disturbed(rows, spread, self._settings, generator), mixed(rows, self._rows[other], generator)]
        may_see, may_see_other = self._may_see[:, batch], self._may_see[:, other]
        return torch.cat(shown), torch.cat([may_see, may_see, may_see & may_see_other], dim=1).float()

    def _wanted(self, rows: Tensor) -> Tensor:
        """Return the survival by each student's teacher. Shape (member, batch, time)."""
        with torch.no_grad():
            survival = self._teacher.member_survival(rows)
            return torch.cat([survival, survival.mean(dim=0, keepdim=True)])


def _students(teacher: HazardEnsemble, count: int, settings: DistillingSettings) -> HazardEnsemble:
    """Return untaught networks that look at vectors as the teacher does: same scales, wear directions and pieces."""
    shape, seen = teacher.shape, teacher.logits
    torch.manual_seed(settings.seed)
    students = HazardEnsemble(replace(shape, members=count, hidden=settings.hidden, dropout=0.0))
    students.logits.center.copy_(seen.center)
    students.logits.scale.copy_(seen.scale)
    if students.logits.projection is not None and seen.projection is not None:
        students.logits.projection.copy_(seen.projection)
    if students.logits.edges is not None and seen.edges is not None:
        students.logits.edges.copy_(seen.edges)
    return students


def _unseen(
    students: HazardEnsemble, vectors: NDArray[np.float32], fold: NDArray[np.int64], folds: int
) -> NDArray[np.float64]:
    found = np.empty((len(vectors), students.shape.steps))
    for start in range(0, len(vectors), _CHUNK):
        part = slice(start, start + _CHUNK)
        curves = survival_of(students, vectors[part])
        blind = fold[part] + folds * np.arange(fold.shape[1])  # (batch, deal)
        found[part] = curves[blind, np.arange(curves.shape[1])[:, None]].mean(axis=1)
    return found


def _check(teacher: HazardEnsemble, fold: NDArray[np.int64], folds: int) -> None:
    members, deals = teacher.shape.members, fold.shape[1]
    standing = [np.unique(each).tolist() for each in fold.T]
    if members != folds * deals or any(each != list(range(folds)) for each in standing):
        raise FoldsUnfit(
            f"An ensemble must have one member for each fold of each deal, and machines in each; found {members} "
            f"members for {folds} folds in {deals} deals, and rows in folds {standing}. Train the model again."
        )
