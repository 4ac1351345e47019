"""From survival curves to the numbers of a forecast: one step for export, evaluation, centre and gateway."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_export.bundle.calibration import Calibration
from features.transforms.survival import failure_probability, mean_life, quantile


@dataclass(frozen=True, slots=True)
class LifeSummary:
    """The numbers of a batch of forecasts.

    Attributes:
        p_fail: Probability of failure within each horizon, 0 to 1, never falling. Shape (batch, horizon).
        p05: Lower end of the calibrated 90 % interval of remaining life, life units. Shape (batch,).
        p50: Median remaining life, life units. Shape (batch,).
        p95: Upper end of the interval, life units. Shape (batch,).
        mean: Mean remaining life up to the cap, life units. Shape (batch,).
    """

    p_fail: NDArray[np.float64]
    p05: NDArray[np.float64]
    p50: NDArray[np.float64]
    p95: NDArray[np.float64]
    mean: NDArray[np.float64]


def summarise(survival: NDArray[np.float32], calibration: Calibration) -> LifeSummary:
    """Turn survival curves into the numbers of a forecast.

    Args:
        survival: What the graph gave. Shape (batch, time).
        calibration: Grid, horizons and the level of the interval.

    Returns:
        One entry per curve; each depends on its own curve alone.
    """
    within = np.minimum(np.maximum(survival.astype(np.float64), 0.0), 1.0)
    curve = np.minimum.accumulate(within, axis=1)
    step, half = calibration.grid_step, calibration.interval_half_level
    levels = np.array([0.5 - half, 0.5, 0.5 + half])
    # One call for the three levels: for a single asset the calls cost more than the arithmetic.
    lives = quantile(np.repeat(curve, 3, axis=0), step, np.tile(levels, len(curve))).reshape(-1, 3)
    p_fail = failure_probability(curve, step, np.asarray(calibration.horizons))
    return LifeSummary(
        p_fail=np.maximum.accumulate(np.minimum(np.maximum(p_fail, 0.0), 1.0), axis=1),
        p05=lives[:, 0],
        p50=lives[:, 1],
        p95=lives[:, 2],
        mean=mean_life(curve, step),
    )
