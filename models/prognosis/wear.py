"""Wear directions: the few combinations of sensors along which machines changed before they failed.

Sensors of one machine mostly tell the same story, each with its own noise. Here their z-scores are combined so that the
noise is even in all directions and independent, and of these only the directions are kept along which failed machines
had moved by more than noise. That is the transform of Green, Berman, Switzer & Craig 1988 ("A transformation for
ordering multispectral data in terms of image quality with implications for noise removal", IEEE Transactions on
Geoscience and Remote Sensing 26(1)): noise from differences of neighbours, principal directions of what is left. The
signal here is what failed lives show: the rise of their sensors from the beginning of the life to its end.

Every statistic of the feature vector is linear in the z-scores but the spread, so the directions apply to the vector
as a matrix. It is fitted on training machines and carried by the network as data.
"""

import numpy as np
from numpy.typing import NDArray

from features.transforms.families.family import Layout
from features.transforms.recent import LONG_STATISTICS, WINDOW_STATISTICS
from models.prognosis.targets import LabelledVectors

LEAST_RISE = 2.0
"""A direction is kept if failed machines moved along it by this many deviations of noise, as a root mean square."""

_RIDGE = 0.02
_MEAN, _SPREAD, _RISE = (len(LONG_STATISTICS) + WINDOW_STATISTICS.index(name) for name in ("mean", "spread", "rise"))
"""Places of statistics of the shortest window among those of a sensor."""


def wear_projection(rows: LabelledVectors, layout: Layout) -> NDArray[np.float64]:
    """Return the matrix that takes a feature vector to its age, its statistics along wear directions, and the rest.

    Args:
        rows: Training rows of machines of which some failed.
        layout: What the vectors are made of.

    Returns:
        Shape (feature, input).
    """
    directions = wear_directions(rows, layout)
    sensors, kept = directions.shape
    statistics = _statistics(layout)
    last = 1 + sensors * statistics
    others = rows.vectors.shape[1] - last
    matrix = np.zeros((rows.vectors.shape[1], 1 + statistics * kept + others))
    matrix[0, 0] = 1.0
    for statistic in range(statistics):
        # The spread of a sum is no sum of spreads; the sum of spreads, each by its share, is near enough.
        is_spread = (statistic - _SPREAD) % len(WINDOW_STATISTICS) == 0 and statistic >= _SPREAD
        columns = slice(1 + statistic * kept, 1 + (statistic + 1) * kept)
        matrix[1 + statistic : last : statistics, columns] = np.abs(directions) if is_spread else directions
    matrix[last:, 1 + statistics * kept :] = np.eye(others)
    return matrix


def wear_directions(rows: LabelledVectors, layout: Layout) -> NDArray[np.float64]:
    """Return how much each sensor's z-score counts in each direction, the strongest first.

    Args:
        rows: Training rows.
        layout: What the vectors are made of.

    Returns:
        Shape (sensor, direction); along each direction the noise of one reading has a deviation of about 1. There is
        at least one direction.
    """
    core = rows.vectors[:, 1 : 1 + len(layout.sensors) * _statistics(layout)]
    by_sensor = core.reshape(len(rows), len(layout.sensors), -1)
    order = np.lexsort((rows.age, rows.life_id))
    life, ended = rows.life_id[order], rows.is_failure[order]
    noise = _noise(by_sensor[order], np.diff(life) == 0)
    is_last = np.append(np.diff(life) != 0, True)
    rise = np.nan_to_num(by_sensor[order][is_last & ended][:, :, _RISE].astype(np.float64))
    values, vectors = np.linalg.eigh(noise)
    whitening = vectors @ np.diag(values**-0.5) @ vectors.T
    _, strength, turned = np.linalg.svd(rise @ whitening / np.sqrt(max(1, len(rise))), full_matrices=False)
    kept = max(1, int((strength > LEAST_RISE).sum()))
    return np.asarray(whitening @ turned[:kept].T, np.float64)


def _noise(by_sensor: NDArray[np.float32], has_neighbour: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the covariance of one reading's noise, from what changes between neighbouring rows of a life.

    Recent means change by a share of the noise that hangs on window and spacing; the spread of the same window, which
    sees single readings, tells how large that share is.
    """
    change = np.nan_to_num(np.diff(by_sensor[:, :, _MEAN].astype(np.float64), axis=0)[has_neighbour])
    covariance = change.T @ change / max(1, len(change))
    variance = np.nanmean(np.nan_to_num(by_sensor[:, :, _SPREAD].astype(np.float64)) ** 2, axis=0)
    is_noisy = (variance > 0) & (np.diag(covariance) > 0)
    share = float(np.median(np.diag(covariance)[is_noisy] / variance[is_noisy])) if is_noisy.any() else 1.0
    covariance = covariance / share
    ridge = _RIDGE * max(float(np.trace(covariance)) / len(covariance), 1e-9)
    return np.asarray(covariance + ridge * np.eye(len(covariance)), np.float64)


def _statistics(layout: Layout) -> int:
    return len(LONG_STATISTICS) + len(layout.windows) * len(WINDOW_STATISTICS)
