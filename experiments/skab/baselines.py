"""What a figure on SKAB has to be compared with, in the same run and at thresholds chosen in the same way.

Two of them look at no sensor: one alarms always, one by the clock alone (faults of this benchmark begin after about
the same time). They show what a score is worth that beats them by little.
"""

import numpy as np
from numpy.typing import NDArray

from experiments.skab.protocol import TRAINED_ROWS, Score
from models.condition.history import History, Level

FAULTS_BEGIN_SECONDS, FAULTS_LAST_SECONDS = 570.0, 410.0
"""When faults of this benchmark mostly begin, and how long they last: no model may know it, the clock does."""

_KEPT = 0.9
_TREES = 200


def flag_all(history: History) -> NDArray[np.float64]:
    """Score every row alike, above any threshold."""
    return np.ones(len(history))


def clock(history: History) -> NDArray[np.float64]:
    """Score by the time since the recording began, and by nothing else."""
    since = history.seconds - history.seconds[0] - FAULTS_BEGIN_SECONDS
    return np.where((since >= 0.0) & (since < FAULTS_LAST_SECONDS), 1.0, 0.0)


def principal_components(history: History) -> NDArray[np.float64]:
    """Score by Hotelling's T² and the squared prediction error of a principal component model, each to its own scale.

    Source: Jackson & Mudholkar 1979, "Control procedures for residuals associated with principal component analysis".
    """
    level = Level.of(history.part(slice(None, TRAINED_ROWS)))
    scores = level.z_scores(history.readings)
    values, vectors = np.linalg.eigh(np.cov(scores[:TRAINED_ROWS].T))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = int(np.searchsorted(np.cumsum(values) / values.sum(), _KEPT)) + 1
    projected = scores @ vectors
    within = (projected[:, :kept] ** 2 / np.maximum(values[:kept], 1e-12)).sum(axis=1)
    outside = (projected[:, kept:] ** 2).sum(axis=1)
    scaled = (each / max(float(np.quantile(each[:TRAINED_ROWS], _KEPT)), 1e-12) for each in (within, outside))
    return np.asarray(np.maximum(*scaled), np.float64)


def isolation_forest(history: History) -> NDArray[np.float64]:
    """Score by scikit-learn's isolation forest, fitted on the first rows."""
    from sklearn.ensemble import IsolationForest  # type: ignore[import-untyped]  # lazy; ships no types

    forest = IsolationForest(n_estimators=_TREES, random_state=0).fit(history.readings[:TRAINED_ROWS])
    return np.asarray(-forest.score_samples(history.readings), np.float64)


BASELINES: dict[str, Score] = {
    "flag_all": flag_all,
    "clock": clock,
    "t2_spe": principal_components,
    "isolation_forest": isolation_forest,
}
