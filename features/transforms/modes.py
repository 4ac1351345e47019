"""Of machines that fail, which failure mode: shares from a feature vector, as bundles carry them (ADR 0015)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.errors import InvalidValue

LARGEST_SCORE = 6.0
"""A feature further from its mean counts as so many deviations."""


@dataclass(frozen=True, slots=True, eq=False)
class ModeShares:
    """A multinomial logistic model with everything it needs: raw vectors in, shares of failure modes out.

    Attributes:
        modes: Failure modes, in the order of the columns.
        center: Mean of each feature, in its unit. Shape (feature,).
        scale: Deviation of each feature, in its unit. Shape (feature,).
        weights: Shape (feature, mode).
        bias: Shape (mode,).

    Raises:
        InvalidValue: If the parts do not fit each other, or there are fewer than two modes.
    """

    modes: tuple[str, ...]
    center: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check that the parts fit each other."""
        _check(len(set(self.modes)) == len(self.modes) >= 2, "modes", "be two or more, each once", self.modes)
        width, count = len(self.center), len(self.modes)
        shapes = (self.center.shape, self.scale.shape, self.weights.shape, self.bias.shape)
        expected = ((width,), (width,), (width, count), (count,))
        _check(shapes == expected, "mode shares", f"have the shapes {expected}", shapes)
        _check(bool((self.scale > 0).all()), "scale", "be greater than 0", float(self.scale.min(initial=1.0)))

    @property
    def features(self) -> int:
        """Length of a vector."""
        return len(self.center)

    def of(self, vector: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the share of each mode for one vector, NaN where unknown. From (feature,) to (mode,)."""
        scores = (vector.astype(np.float64) - self.center) / self.scale
        scores = np.clip(np.where(np.isnan(scores), 0.0, scores), -LARGEST_SCORE, LARGEST_SCORE)
        # Not a matrix product: it rounds differently from one library to the next.
        logits = (scores[:, None] * self.weights).sum(axis=0) + self.bias
        odds = np.exp(logits - logits.max())
        return np.asarray(odds / odds.sum(), np.float64)

    def of_rows(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the shares of each row alone, to the bit as `of`. From (batch, feature) to (batch, mode)."""
        shares = np.empty((len(vectors), len(self.modes)))
        for index, vector in enumerate(vectors):
            shares[index] = self.of(vector)
        return shares


def _check(holds: bool, name: str, must: str, found: object) -> None:
    if not holds:
        raise InvalidValue(name, must=must, found=found, remedy="Train again.")
