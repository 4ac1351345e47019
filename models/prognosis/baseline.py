"""The yardstick that runs beside every network: a fixed LightGBM on the same features."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from models.prognosis.targets import LabelledVectors

TREES, LEARNING_RATE, LEAVES = 500, 0.03, 31
_GROUPS = 5
_FITS_AT_ONCE = 2


class Regressor(Protocol):
    """What the baseline needs of a fitted regression."""

    def predict(self, X: NDArray[np.float32]) -> NDArray[np.float64]:  # noqa: N803 - the name that LightGBM uses
        """Return one value per row."""
        ...


@dataclass(frozen=True, slots=True)
class Baseline:
    """One LightGBM per fold, blind to it, and the residuals they left on what they had not seen.

    Attributes:
        models: Fitted without their own fold.
        edges: Bounds between up to five groups of like size by predicted life, life units. Shape (group - 1,).
        residuals: True minus predicted remaining life by group, sorted, life units.
        cap: Longest remaining life, life units.
    """

    models: tuple[Regressor, ...]
    edges: NDArray[np.float64]
    residuals: tuple[NDArray[np.float64], ...]
    cap: float

    def mean(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the forecast of remaining life, life units. Shape (batch,)."""
        return _mean_of(self.models, vectors, self.cap)

    def failure_probability(self, predicted: NDArray[np.float64], horizons: tuple[float, ...]) -> NDArray[np.float64]:
        """Return the share of residuals that would put the end within each horizon. Shape (batch, horizon)."""
        group = np.searchsorted(self.edges, predicted)
        wanted = np.asarray(horizons)[None, :] - predicted[:, None]
        probability = np.empty_like(wanted)
        for index, residuals in enumerate(self.residuals):
            rows = group == index
            probability[rows] = np.searchsorted(residuals, wanted[rows], side="right") / len(residuals)
        return probability

    def bounds(self, predicted: NDArray[np.float64], coverage: float = 0.9) -> NDArray[np.float64]:
        """Return lower and upper bound from the residuals' quantiles, life units. Shape (2, batch)."""
        tail = (1.0 - coverage) / 2.0
        group = np.searchsorted(self.edges, predicted)
        by_group = np.array([np.quantile(residuals, [tail, 1.0 - tail]) for residuals in self.residuals])
        return np.asarray(np.clip(predicted[None, :] + by_group[group].T, 0.0, self.cap), np.float64)


def fit_tree_ensemble(vectors: NDArray[np.float32], remaining: NDArray[np.float64], seed: int = 0) -> Regressor:
    """Fit the fixed LightGBM: 500 trees, rate 0.03, 31 leaves, on remaining lives already clipped."""
    import torch  # noqa: F401 - brings the OpenMP library that LightGBM's wheel expects of the system
    from lightgbm import LGBMRegressor  # lazy: only training pays for it

    model = LGBMRegressor(
        n_estimators=TREES, learning_rate=LEARNING_RATE, num_leaves=LEAVES, random_state=seed, n_jobs=1, verbose=-1
    )
    model.fit(vectors, remaining)
    return cast(Regressor, model)  # LightGBM ships no types


def fit_baseline(rows: LabelledVectors, fold: NDArray[np.int64], cap: float) -> Baseline:
    """Fit one LightGBM per fold on rows whose clipped remaining life is known.

    Args:
        rows: Training rows.
        fold: Fold of each row. Shape (batch,).
        cap: Life units.

    Returns:
        The fitted baseline with its out-of-fold residuals.
    """
    is_known = rows.is_known_within(cap)
    known, fold = rows.take(is_known), fold[is_known]
    truth = np.minimum(known.remaining, cap)
    predicted = np.empty(len(known))
    folds = np.unique(fold)

    def fit(index: int) -> Regressor:
        return fit_tree_ensemble(known.vectors[fold != index], truth[fold != index])

    # One thread each, two at a time: LightGBM's own threads wait for each other busily on a shared machine.
    with ThreadPoolExecutor(_FITS_AT_ONCE) as pool:
        models = list(pool.map(fit, folds.tolist()))
    for index, model in zip(folds, models, strict=True):
        predicted[fold == index] = _mean_of((model,), known.vectors[fold == index], cap)
    # Many forecasts lie exactly at the cap: edges that coincide would leave groups without a residual.
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, _GROUPS + 1)[1:-1], method="lower"))
    edges = edges[edges < predicted.max()]
    group = np.searchsorted(edges, predicted)
    residuals = tuple(np.sort((truth - predicted)[group == index]) for index in range(len(edges) + 1))
    return Baseline(tuple(models), edges, residuals, cap)


def _mean_of(models: tuple[Regressor, ...], vectors: NDArray[np.float32], cap: float) -> NDArray[np.float64]:
    values = np.mean([model.predict(vectors) for model in models], axis=0)
    return np.asarray(np.clip(values, 0.0, cap), np.float64)
