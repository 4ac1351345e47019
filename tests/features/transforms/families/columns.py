"""What the tests of families share: features by name, and rows written out by hand."""

import numpy as np
from numpy.typing import NDArray

from features.transforms.batch import LifeRows, compute
from features.transforms.specification import FeatureSpecification
from tests.features.transforms.fleet import RICH, life
from tests.features.transforms.oracle import is_idle, lives_of

HARD = [(RICH, life(RICH, 90, seed)) for seed in range(4)]
"""Lives with gaps, standstill, resets, unknown regimes and missing values."""


def columns_of(specification: FeatureSpecification, rows: LifeRows) -> dict[str, NDArray[np.float32]]:
    """Return the features of one life by name. Shape (time,) each."""
    (computed,) = compute(specification, [rows])
    return dict(zip(specification.names, computed.vectors.T, strict=True))


def runs_of(specification: FeatureSpecification, rows: LifeRows) -> NDArray[np.bool_]:
    """Return which rows were taken while the machine ran."""
    return np.array([not is_idle(specification, row) for row in rows.values])


def recent_mean(
    specification: FeatureSpecification, rows: LifeRows, values: NDArray[np.float64], window: float
) -> list[float]:
    """Return, for every row, the mean of what was seen up to it, each weighing exp(-age / window).

    Args:
        specification: Says how life is counted.
        rows: The life.
        values: NaN where nothing was seen. Shape (time,).
        window: Life units.
    """
    lives, means = np.array(lives_of(specification, rows)), []
    for row in range(len(lives)):
        seen = np.flatnonzero(~np.isnan(values[: row + 1]))
        weight = np.exp(-(lives[row] - lives[seen]) / window)
        means.append(float(np.average(values[seen], weights=weight)) if weight.sum() > 1e-12 else np.nan)
    return means
