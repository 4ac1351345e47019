"""How far apart two samples of a feature are, over bins taken from a reference."""

import numpy as np
from numpy.typing import NDArray

BINS = 20
_LEAST_SHARE = 1e-3


def bin_edges(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return inner edges of bins that hold equal parts of a reference.

    Args:
        values: NaN where unknown. Shape (batch, feature).

    Returns:
        Shape (feature, BINS - 1); 0 where a feature was never known.
    """
    shares = np.linspace(0.0, 1.0, BINS + 1)[1:-1]
    edges = np.zeros((values.shape[1], BINS - 1))
    for place, column in enumerate(values.T):
        known = column[~np.isnan(column)]
        if len(known):
            edges[place] = np.quantile(known.astype(np.float64), shares)
    return edges


def bin_numbers(values: NDArray[np.float32], edges: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the bin of each value; the last one, number BINS, holds what is unknown. Shape (batch, feature)."""
    numbers = np.empty(values.shape, np.uint8)
    for place, column in enumerate(values.T):
        found = np.searchsorted(edges[place], column.astype(np.float64), side="left")
        numbers[:, place] = np.where(np.isnan(column), BINS, found)
    return numbers


def shares(numbers: NDArray[np.uint8], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of weight in each bin. From (batch, feature) to (feature, BINS + 1)."""
    total = max(float(weight.sum()), 1e-300)
    return np.stack([np.bincount(column, weight, BINS + 1) for column in numbers.T]) / total


def stability_index(reference: NDArray[np.float64], current: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the population stability index of each feature: Σ (p - q) ln(p / q).

    Siddiqi, "Credit risk scorecards", 2006: below .1 nothing changed, above .25 much did. Pairs of bins are joined, so
    that there are ten besides the one for unknown values; a share counts as .001 at least.

    Args:
        reference: Shares by bin. Shape (feature, BINS + 1).
        current: The same.
    """
    p, q = (np.maximum(_joined(each), _LEAST_SHARE) for each in (current, reference))
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=1), np.float64)


def kolmogorov_smirnov(reference: NDArray[np.float64], current: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest distance of the distribution functions at the edges of the bins, for each feature.

    Kolmogorov 1933, Smirnov 1939, on values rounded to bins: never more than the distance of the samples themselves.

    Args:
        reference: Shares by bin. Shape (feature, BINS + 1).
        current: The same.
    """
    return np.asarray(np.abs(np.cumsum(current - reference, axis=1)).max(axis=1), np.float64)


def _joined(by_bin: NDArray[np.float64]) -> NDArray[np.float64]:
    known = by_bin[:, :BINS].reshape(len(by_bin), BINS // 2, 2).sum(axis=2)
    return np.concatenate([known, by_bin[:, BINS:]], axis=1)
