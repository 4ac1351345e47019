"""Few failures: a Weibull hazard by life stage, with a few shrunk signs of wear, and all of its own doubt.

h(t) = (k / λ) (t / λ)^(k - 1) exp(β·z): three numbers and one weight for each sensor, under priors that keep them near
"wears out a little, no sensor says anything". What is forecast is the mean over draws from the posterior's normal
approximation (Laplace; MacKay 2003, "Information theory, inference and learning algorithms", chapter 27), so few lives
give wide intervals rather than bold ones.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from features.domain.packs import LifeGrid
from features.transforms.families.family import window_name
from features.transforms.specification import FeatureSpecification
from models.prognosis.targets import LabelledVectors

_SHAPE_PRIOR = (0.2, 0.3)
"""Mean and deviation of log k: k from 0.67 to 2.2 within two deviations. Few lives make wear-out look sharper than it
is, and a sharp law that is wrong costs more than a constant hazard."""

_SCALE_DEVIATION, _WEIGHT_DEVIATION = 1.5, 1.0
_DRAWS, _STEPS = 32, 40
_LARGEST_SCORE, _LARGEST_RISK = 4.0, 4.0
_SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True)
class LifeStageFit:
    """A fitted hazard.

    Attributes:
        columns: Features that count as signs of wear.
        center: Their means over training lives. Shape (column,).
        scale: Their deviations. Shape (column,).
        draws: log k, log λ (λ in life units), then weights; from the posterior. Shape (draw, 2 + column).
        largest_age: Beyond twice this age, hazards stay as they are there, life units.
    """

    columns: tuple[int, ...]
    center: NDArray[np.float64]
    scale: NDArray[np.float64]
    draws: NDArray[np.float64]
    largest_age: float


class LifeStageSurvival(nn.Module):
    """Survival from a vector, as the mean over draws of the hazard."""

    def __init__(self, fit: LifeStageFit, grid: LifeGrid) -> None:
        super().__init__()
        self.largest_age = fit.largest_age
        self.columns = nn.Buffer(torch.tensor(fit.columns, dtype=torch.int64))
        self.center, self.scale = _buffer(fit.center), _buffer(fit.scale)
        self.shape, self.log_life = nn.Buffer(_tensor(np.exp(fit.draws[:, 0]))), nn.Buffer(_tensor(fit.draws[:, 1]))
        self.weights = _buffer(fit.draws[:, 2:].T)
        self.ends = nn.Buffer(torch.arange(1, grid.steps + 1, dtype=torch.float64) * grid.step)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return survival at each step's end. From (batch, feature) to (batch, time)."""
        age = torch.nan_to_num(vectors[:, 0], 0.0).double().clamp(0.0, 2.0 * self.largest_age)
        scores = (torch.index_select(vectors, 1, self.columns) - self.center) / self.scale
        scores = torch.where(torch.isnan(scores), torch.zeros_like(scores), scores)
        scores = scores.clamp(-_LARGEST_SCORE, _LARGEST_SCORE)
        risk = torch.matmul(scores, self.weights).clamp(-_LARGEST_RISK, _LARGEST_RISK)  # (batch, draw)
        # The hazard of an old machine's next step is a small difference of large numbers: double precision.
        later = self._hazard(age[:, None] + self.ends)  # (batch, time, draw)
        gained = (later - self._hazard(age[:, None])).clamp_min(0.0) * torch.exp(risk.double())[:, None, :]
        return torch.exp(-gained).mean(dim=2).float()

    def _hazard(self, age: Tensor) -> Tensor:
        """Return the cumulative hazard by draw. From (batch, time) to (batch, time, draw)."""
        relative = torch.log(age.clamp_min(1e-6))[:, :, None] - self.log_life
        return torch.exp((relative * self.shape).clamp(-60.0, 60.0))


def wear_columns(specification: FeatureSpecification) -> tuple[int, ...]:
    """Return the columns of every sensor's recent mean less that of its beginning, over the window in the middle."""
    windows, names = specification.rule.windows, specification.names
    middle = windows[len(windows) // 2]
    return tuple(names.index(window_name(f"{sensor}__rise", middle)) for sensor in specification.sensors)


def fit_life_stage(rows: LabelledVectors, columns: tuple[int, ...], seed: int = 0) -> LifeStageFit:
    """Fit the hazard to what became of a machine after each of its rows.

    A row is a landmark (van Houwelingen 2007, "Dynamic prediction by landmarking in event history analysis",
    Scandinavian Journal of Statistics 34): given that it lived so long and looked so, how long did it last? Rows of a
    life say much the same, so all together weigh as much as there are lives, and each as much as any other: a weight
    that hung on how long a life lasted would distort the law.

    Args:
        rows: Labelled rows of training lives, the censored ones among them.
        columns: Features that may count as signs of wear; none means age alone.
        seed: Of the draws.

    Raises:
        ValueError: If no life failed.
    """
    if not rows.is_failure.any():
        raise ValueError("A hazard must be fitted on a failure at least; found none. Bring histories that end in one.")
    center, scale, scores = _standardised(rows.vectors[:, list(columns)])
    data = _Data.of(rows, scores)
    best = _maximise(data, len(columns))
    draws = _posterior(data, best, seed)
    return LifeStageFit(columns, center, scale, draws, float((rows.age + rows.remaining).max()))


def choose_columns(rows: LabelledVectors, columns: tuple[int, ...], folds: NDArray[np.int64]) -> tuple[int, ...]:
    """Return the columns, or none of them if lives left out are told as well without.

    Args:
        rows: Labelled rows of training lives.
        columns: Features that may count as signs of wear.
        folds: Fold of each row, whole machines together. Shape (batch,).
    """
    gained = 0.0
    for fold in np.unique(folds):
        training, other = rows.take(folds != fold), rows.take(folds == fold)
        if training.is_failure.any():
            gained += _log_likelihood(training, other, columns) - _log_likelihood(training, other, ())
    return columns if gained > 0 else ()


@dataclass(frozen=True, slots=True)
class _Data:
    begin: Tensor
    end: Tensor
    has_failed: Tensor
    scores: Tensor
    weight: float
    log_life: float

    @staticmethod
    def of(rows: LabelledVectors, scores: NDArray[np.float64]) -> "_Data":
        begin, end = np.maximum(rows.age, 0.0), np.maximum(rows.age + rows.remaining, 1e-6)
        lives = np.unique(rows.life_id)
        lengths = np.array([end[rows.life_id == each].max() for each in lives])
        failed = np.array([rows.is_failure[rows.life_id == each].any() for each in lives])
        mean = float(lengths.sum() / max(failed.sum(), 1))  # exposure for each failure
        return _Data(
            _tensor(begin),
            _tensor(end),
            torch.as_tensor(rows.is_failure, dtype=torch.float64),
            _tensor(scores),
            len(lives) / len(rows),
            float(np.log(mean)),
        )

    def likelihood(self, parameters: Tensor) -> Tensor:
        """Return the log likelihood of each row, in shares of a life. Shape (batch,)."""
        log_shape, log_life = parameters[0], parameters[1]
        shape = torch.exp(log_shape)
        risk = (self.scores @ parameters[2:]).clamp(-_LARGEST_RISK, _LARGEST_RISK)
        at_end = torch.log(self.end) - log_life
        begun = torch.where(self.begin > 0, torch.exp(shape * (torch.log(self.begin.clamp_min(1e-9)) - log_life)), 0.0)
        hazard = torch.exp(risk) * (torch.exp(shape * at_end) - begun)
        density = log_shape - log_life + (shape - 1.0) * at_end + risk
        return self.weight * (self.has_failed * density - hazard)

    def loss(self, parameters: Tensor) -> Tensor:
        """Return the negative log posterior."""
        middle, deviation = _SHAPE_PRIOR
        prior = ((parameters[0] - middle) / deviation) ** 2
        prior = prior + ((parameters[1] - self.log_life) / _SCALE_DEVIATION) ** 2
        weight_deviation = _WEIGHT_DEVIATION / max(1, self.scores.shape[1]) ** 0.5
        prior = prior + ((parameters[2:] / weight_deviation) ** 2).sum()
        loss: Tensor = 0.5 * prior - self.likelihood(parameters).sum()
        return loss


def _maximise(data: _Data, columns: int) -> Tensor:
    start = torch.zeros(2 + columns, dtype=torch.float64)
    start[1] = data.log_life
    parameters = start.requires_grad_()
    optimiser = torch.optim.LBFGS([parameters], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimiser.zero_grad()
        loss = data.loss(parameters)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return float(loss.detach())

    optimiser.step(closure)  # type: ignore[no-untyped-call]  # as above
    return parameters.detach()


def _posterior(data: _Data, best: Tensor, seed: int) -> NDArray[np.float64]:
    hessian = torch.autograd.functional.hessian(data.loss, best)  # type: ignore[no-untyped-call]  # as above
    values, vectors = np.linalg.eigh(np.asarray(hessian.numpy(), np.float64))
    root = vectors / np.sqrt(np.maximum(values, 1e-3))
    half = np.random.default_rng(seed).standard_normal((_DRAWS // 2, len(best)))
    draws = np.concatenate([half, -half]) @ root.T
    return np.asarray(best.numpy() + draws, np.float64)


def _log_likelihood(training: LabelledVectors, other: LabelledVectors, columns: tuple[int, ...]) -> float:
    center, scale, scores = _standardised(training.vectors[:, list(columns)])
    best = _maximise(_Data.of(training, scores), len(columns))
    data = _Data.of(other, _scores(other.vectors[:, list(columns)], center, scale))
    return float(data.likelihood(best).sum())


def _standardised(
    vectors: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    wide = vectors.astype(np.float64)
    known = ~np.isnan(wide)
    count = np.maximum(known.sum(axis=0), 1)
    center = np.where(known, wide, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, wide - center, 0.0) ** 2).sum(axis=0) / count)
    scale = np.where(spread > _SMALLEST_SPREAD, spread, 1.0)
    return center, scale, _scores(vectors, center, scale)


def _scores(
    vectors: NDArray[np.float32], center: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    scores = np.nan_to_num((vectors.astype(np.float64) - center) / scale)
    return np.clip(scores, -_LARGEST_SCORE, _LARGEST_SCORE)


def _tensor(values: NDArray[np.float64]) -> Tensor:
    return torch.as_tensor(np.ascontiguousarray(values), dtype=torch.float64)


def _buffer(values: NDArray[np.float64]) -> Tensor:
    return nn.Buffer(torch.as_tensor(np.ascontiguousarray(values), dtype=torch.float32))
