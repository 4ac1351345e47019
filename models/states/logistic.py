"""A multinomial logistic model with a ridge penalty: few stretches, many features, and still no bold answer.

Source: Hastie, Tibshirani & Friedman 2009, "The elements of statistical learning", sections 4.4 and 18.3; features are
rotated to as many directions as there are rows (section 18.3.5), which changes nothing but the time it takes.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.states.errors import TooFewStates

_LARGEST_SCORE = 6.0
_SMALLEST_SPREAD = 1e-6
_STEPS, _GAIN, _SMALLEST_STEP = 50, 1e-10, 1e-4
_BIAS_PENALTY = 1e-3
"""Nearly nothing; without any, states could all be shifted alike and the maximum would not be one point."""


@dataclass(frozen=True, slots=True)
class StateFit:
    """A fitted model.

    Attributes:
        values: Names of the states, in the order of the columns of `weights`.
        columns: Features that it looks at.
        center: Their means. Shape (column,).
        scale: Their deviations. Shape (column,).
        weights: Shape (column, state).
        bias: Shape (state,).
    """

    values: tuple[str, ...]
    columns: NDArray[np.int64]
    center: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def probability(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the probability of every state. From (batch, feature) to (batch, state)."""
        scores = _scores(vectors[:, self.columns], self.center, self.scale) @ self.weights + self.bias
        return _softmax(scores)


class StateNetwork(nn.Module):
    """The same model as a network, for export: raw feature vectors in, probabilities out."""

    def __init__(self, fit: StateFit) -> None:
        super().__init__()
        self.columns = nn.Buffer(torch.as_tensor(fit.columns))
        self.center, self.scale = _buffer(fit.center), _buffer(fit.scale)
        self.weights, self.bias = _buffer(fit.weights), _buffer(fit.bias)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return probabilities. From (batch, feature) to (batch, state)."""
        scores = (torch.index_select(vectors, 1, self.columns) - self.center) / self.scale
        scores = torch.where(torch.isnan(scores), torch.zeros_like(scores), scores)
        scores = scores.clamp(-_LARGEST_SCORE, _LARGEST_SCORE)
        return torch.softmax(torch.matmul(scores, self.weights) + self.bias, dim=1)


def fit_states(
    vectors: NDArray[np.float32],
    labels: NDArray[np.str_],
    columns: NDArray[np.int64],
    penalty: float,
    *,
    weight: NDArray[np.float64] | None = None,
    directions: int | None = None,
) -> StateFit:
    """Fit the model.

    Args:
        vectors: NaN where unknown. Shape (batch, feature).
        labels: Names of the states. Shape (batch,).
        columns: Features that may be looked at.
        penalty: Of half the squared weights, against the sum of log likelihoods.
        weight: How much each row counts in that sum; alike by default. Shape (batch,).
        directions: The most directions that are kept of the rotated features, the widest first. A ridge makes little of
            the narrow ones, and time goes with the third power of their number. None for all.

    Raises:
        TooFewStates: If there are not two different labels.
    """
    values, place = np.unique(labels, return_inverse=True)
    if len(values) < 2:
        raise TooFewStates(f"States must have two values at least; found {len(values)}. Label stretches of others.")
    weight = np.ones(len(labels)) if weight is None else weight
    center, scale = _spread(vectors[:, columns])
    scores = _scores(vectors[:, columns], center, scale)
    left, singular, right = np.linalg.svd(scores, full_matrices=False)
    kept = singular > 1e-9 * max(float(singular.max(initial=0.0)), 1.0)
    kept[len(kept) if directions is None else directions :] = False
    rotated = left[:, kept] * singular[kept]
    weights, bias = _maximise(rotated, np.eye(len(values))[place], weight, penalty)
    return StateFit(tuple(map(str, values)), columns, center, scale, right[kept].T @ weights, bias)


def _maximise(
    scores: NDArray[np.float64], hits: NDArray[np.float64], weight: NDArray[np.float64], penalty: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights and bias at the maximum, by Newton's method with halved steps where a whole one overshoots."""
    design = np.concatenate([scores, np.ones((len(scores), 1))], axis=1)
    states = hits.shape[1]
    ridge = np.full((design.shape[1], states), float(penalty))
    ridge[-1] = _BIAS_PENALTY
    weights = np.zeros_like(ridge)
    loss = _loss(design, hits, weight, weights, ridge)
    for _ in range(_STEPS):
        odds = _softmax(design @ weights)
        gradient = design.T @ (weight[:, None] * (odds - hits)) + ridge * weights
        step = np.linalg.solve(_hessian(design, odds, weight, ridge), gradient.T.ravel()).reshape(states, -1).T
        size = 1.0
        while (new := _loss(design, hits, weight, weights - size * step, ridge)) > loss and size > _SMALLEST_STEP:
            size /= 2
        weights, gained, loss = weights - size * step, loss - new, new
        if gained < _GAIN * (1.0 + abs(loss)):
            break
    return weights[:-1], weights[-1]


def _hessian(
    design: NDArray[np.float64], odds: NDArray[np.float64], weight: NDArray[np.float64], ridge: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return second derivatives, state by state. Shape (state · column, state · column)."""
    columns, states = ridge.shape
    found = np.zeros((states, columns, states, columns))
    for first in range(states):
        for second in range(states):
            curvature = weight * odds[:, first] * ((first == second) - odds[:, second])
            found[first, :, second] = design.T @ (design * curvature[:, None])
    whole = found.reshape(states * columns, states * columns)
    whole[np.diag_indices_from(whole)] += ridge.T.ravel()
    return whole


def _loss(
    design: NDArray[np.float64],
    hits: NDArray[np.float64],
    weight: NDArray[np.float64],
    weights: NDArray[np.float64],
    ridge: NDArray[np.float64],
) -> float:
    scores = design @ weights
    top = scores.max(axis=1, keepdims=True)
    log_odds = scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
    return float(-(weight[:, None] * hits * log_odds).sum() + 0.5 * (ridge * weights**2).sum())


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float64)


def _spread(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    wide = vectors.astype(np.float64)
    known = np.isfinite(wide)
    count = np.maximum(known.sum(axis=0), 1)
    center = np.where(known, wide, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, wide - center, 0.0) ** 2).sum(axis=0) / count)
    return center, np.where(spread > _SMALLEST_SPREAD, spread, 1.0)


def _scores(
    vectors: NDArray[np.float32], center: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    scores = (vectors.astype(np.float64) - center) / scale
    return np.clip(np.where(np.isnan(scores), 0.0, scores), -_LARGEST_SCORE, _LARGEST_SCORE)


def _buffer(values: NDArray[np.float64]) -> Tensor:
    return nn.Buffer(torch.as_tensor(np.ascontiguousarray(values), dtype=torch.float32))
