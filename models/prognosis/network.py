"""An ensemble of networks with one head: a discrete-time hazard over the pack's life grid.

From hazards h_k follow survival S_k = Π (1 - h_j), and from it every horizon's failure probability, every
quantile and the mean (Gensheimer & Narasimhan 2019, "A scalable discrete-time survival model for neural
networks", PeerJ 7:e6257). Members are trained at once, each blind to its own fold of machines.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

_LARGEST_SCORE = 6.0
_FIRST_HAZARD_LOGIT = -3.0
_SMALLEST_SPREAD = 1e-6
_SMALLEST_PIECE = 1e-3


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """How large a network is; enough to build it anew before its weights are read.

    Attributes:
        features: Length of a feature vector.
        steps: Steps of the life grid.
        members: Networks in the ensemble.
        hidden: Widths of the hidden layers.
        dropout: Share of hidden units silenced in training.
        inputs: Combinations of features that the first layer sees (`HazardLogits.project_by`); 0 for the features
            themselves.
        clocks: Columns of features that tell time since something; the first layer sees them in pieces as well
            (`HazardLogits.cut_clocks_by`), because what falls due on certain days makes a narrow peak.
        pieces: Into how many each is cut.
    """

    features: int
    steps: int
    members: int
    hidden: tuple[int, ...] = (128, 64)
    dropout: float = 0.5
    inputs: int = 0
    clocks: tuple[int, ...] = ()
    pieces: int = 0


class HazardLogits(nn.Module):
    """Feature vectors to hazard logits, one row of networks for all members.

    Vectors are standardised inside, so raw feature values go in; NaN (unknown) becomes the training mean.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        pieces = len(shape.clocks) * shape.pieces
        sizes = ((shape.inputs or shape.features) + pieces, *shape.hidden, shape.steps)
        self.dropout = shape.dropout
        self.center = nn.Buffer(torch.zeros(shape.features))
        self.scale = nn.Buffer(torch.ones(shape.features))
        self.projection = nn.Buffer(torch.zeros(shape.features, shape.inputs)) if shape.inputs else None
        self.clocks = nn.Buffer(torch.tensor(shape.clocks, dtype=torch.int64)) if pieces else None
        self.edges = nn.Buffer(torch.zeros(len(shape.clocks), shape.pieces + 1)) if pieces else None
        pairs = list(itertools.pairwise(sizes))
        self.weights = nn.ParameterList(nn.Parameter(torch.empty(shape.members, *pair)) for pair in pairs)
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(shape.members, 1, pair[1])) for pair in pairs)
        self._initialise()

    def standardise_by(self, vectors: NDArray[np.float32]) -> None:
        """Take center and scale of every feature from training vectors. Shape (batch, feature)."""
        wide = vectors.astype(np.float64)
        is_known = ~np.isnan(wide)
        count = np.maximum(is_known.sum(axis=0), 1)
        center = np.where(is_known, wide, 0.0).sum(axis=0) / count
        variance = (np.where(is_known, wide - center, 0.0) ** 2).sum(axis=0) / count
        self.center.copy_(torch.from_numpy(center))
        spread = np.sqrt(variance)
        # A feature that never varied taught nothing: a later hair's breadth of change must not read as extreme.
        self.scale.copy_(torch.from_numpy(np.where(spread > _SMALLEST_SPREAD, spread, 1.0)))

    def project_by(self, matrix: NDArray[np.float64], vectors: NDArray[np.float32]) -> None:
        """Let the first layer see combinations of features instead of the features, each with a deviation of 1.

        Called after `standardise_by`.

        Args:
            matrix: From raw features to combinations, for example `models.prognosis.wear`. Shape (feature, input).
            vectors: Training vectors. Shape (batch, feature).
        """
        assert self.projection is not None, "the network must have been built with inputs"
        scaled = torch.from_numpy(matrix * self.scale.double().numpy()[:, None]).float()
        scores = self._scores(torch.from_numpy(np.ascontiguousarray(vectors)))
        spread = torch.sqrt(torch.mean((scores @ scaled).double() ** 2, dim=0)).float()
        self.projection.copy_(scaled / torch.where(spread > _SMALLEST_SPREAD, spread, torch.ones_like(spread)))

    def cut_clocks_by(self, vectors: NDArray[np.float32]) -> None:
        """Cut each clock at quantiles of training vectors: piecewise linear encoding of a number.

        Source: Gorishniy, Rubachev & Babenko 2022, "On embeddings for numerical features in tabular deep learning",
        NeurIPS, section 3.2.1.

        Args:
            vectors: Training vectors. Shape (batch, feature).
        """
        assert self.clocks is not None, "the network must have been built with clocks"
        assert self.edges is not None
        levels = np.linspace(0.0, 1.0, self.edges.shape[1])
        for place, column in enumerate(self.clocks.tolist()):
            known = vectors[:, column][np.isfinite(vectors[:, column])].astype(np.float64)
            if known.size:
                self.edges[place] = torch.from_numpy(np.quantile(known, levels))

    def forward(self, vectors: Tensor, beside: Tensor | None = None) -> Tensor:
        """Return logits. From (batch, feature) to (member, batch, time).

        Args:
            vectors: Raw feature vectors. Shape (batch, feature).
            beside: What the first layer is told beside the vectors, added to its sums (`models.prognosis.dilated`).
                Shape (member, batch, width).
        """
        scores = self._scores(vectors)
        if self.projection is not None:
            scores = (scores @ self.projection).clamp(-_LARGEST_SCORE, _LARGEST_SCORE)  # (batch, input)
        if self.clocks is not None and self.edges is not None:
            scores = torch.cat([scores, piecewise(torch.index_select(vectors, 1, self.clocks), self.edges)], dim=1)
        hidden = scores.unsqueeze(0)  # (1, batch, input)
        last = len(self.weights) - 1
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.matmul(hidden, weight) + bias  # (member, batch, width)
            if index == 0 and beside is not None:
                hidden = hidden + beside
            if index < last:
                hidden = nn.functional.silu(hidden)
                hidden = nn.functional.dropout(hidden, self.dropout, self.training)
        return hidden

    def _scores(self, vectors: Tensor) -> Tensor:
        scores = (vectors - self.center) / self.scale
        scores = torch.where(torch.isnan(scores), torch.zeros_like(scores), scores)
        return scores.clamp(-_LARGEST_SCORE, _LARGEST_SCORE)

    def _initialise(self) -> None:
        last = len(self.weights) - 1
        for index, weight in enumerate(self.weights):
            nn.init.normal_(weight, std=(2.0 / weight.shape[1]) ** 0.5 * (0.3 if index == last else 1.0))
        nn.init.constant_(self.biases[last], _FIRST_HAZARD_LOGIT)


class HazardEnsemble(nn.Module):
    """The model that a bundle carries: raw feature vectors in, mean survival of the members out."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        self.logits = HazardLogits(shape)

    def member_survival(self, vectors: Tensor) -> Tensor:
        """Return each member's survival. From (batch, feature) to (member, batch, time)."""
        return torch.exp(torch.cumsum(nn.functional.logsigmoid(-self.logits(vectors)), dim=-1))

    def forward(self, vectors: Tensor) -> Tensor:
        """Return survival at each step's end. From (batch, feature) to (batch, time)."""
        return self.member_survival(vectors).mean(dim=0)


def piecewise(times: Tensor, edges: Tensor) -> Tensor:
    """Return how much of each piece has passed, 0 where unknown. From (batch, clock) to (batch, clock · piece)."""
    width = (edges[:, 1:] - edges[:, :-1]).clamp_min(_SMALLEST_PIECE)
    passed = ((times.unsqueeze(2) - edges[:, :-1]) / width).clamp(0.0, 1.0)  # (batch, clock, piece)
    return torch.where(torch.isnan(passed), torch.zeros_like(passed), passed).flatten(1)


def survival_of(model: HazardEnsemble, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return every member's survival as arrays. From (batch, feature) to (member, batch, time)."""
    model.eval()
    with torch.no_grad():
        parts = [model.member_survival(torch.from_numpy(part)).numpy() for part in _chunks(vectors)]
    return np.concatenate(parts, axis=1).astype(np.float64)


def mean_survival(
    model: HazardEnsemble, vectors: NDArray[np.float32], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the mean survival over members, a few rows at a time, so that many members need no more memory than few.

    Args:
        model: The ensemble.
        vectors: Shape (batch, feature).
        weights: How much each member counts for each row; alike by default. Shape (member, batch).

    Returns:
        Shape (batch, time).
    """
    if weights is None:
        return np.concatenate([survival_of(model, part).mean(axis=0) for part in _chunks(vectors)])
    shares = weights / weights.sum(axis=0)
    cuts = np.cumsum([len(part) for part in _chunks(vectors)])[:-1]
    pairs = zip(_chunks(vectors), np.split(shares, cuts, axis=1), strict=True)
    return np.concatenate([(survival_of(model, part) * share[:, :, None]).sum(axis=0) for part, share in pairs])


def group_survival(model: HazardEnsemble, vectors: NDArray[np.float32], folds: int) -> NDArray[np.float64]:
    """Return the mean survival of each group of members that stands for one seed: one member per fold.

    Args:
        model: The ensemble, members of a seed side by side.
        vectors: Shape (batch, feature).
        folds: Members of a seed.

    Returns:
        Shape (seed, batch, time).
    """
    groups = model.shape.members // folds
    parts = [survival_of(model, part).reshape(groups, folds, len(part), -1).mean(axis=1) for part in _chunks(vectors)]
    return np.concatenate(parts, axis=1)


def _chunks(vectors: NDArray[np.float32], size: int = 4096) -> list[NDArray[np.float32]]:
    return [vectors[start : start + size] for start in range(0, len(vectors), size)] or [vectors]
