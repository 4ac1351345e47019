"""From survival curves to the numbers of a forecast: one step for export, evaluation, centre and gateway."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_export.bundle.calibration import Calibration
from features.transforms.intervals import bounds
from features.transforms.survival import failure_probability, mean_life


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


def summarise(survival: NDArray[np.float32], calibration: Calibration, regime: NDArray[np.int64]) -> LifeSummary:
    """Turn survival curves into the numbers of a forecast.

    Args:
        survival: What the graph gave. Shape (batch, time).
        calibration: Grid, horizons and the levels of the interval.
        regime: Operating regime of each row, below 0 where unknown. Shape (batch,).

    Returns:
        One entry per curve; each depends on its own curve and regime alone.
    """
    within = np.minimum(np.maximum(survival.astype(np.float64), 0.0), 1.0)
    curve = np.minimum.accumulate(within, axis=1)
    step = calibration.grid_step
    low, median, high = bounds(curve, step, calibration.interval, regime)
    p_fail = failure_probability(curve, step, np.asarray(calibration.horizons))
    return LifeSummary(
        p_fail=np.maximum.accumulate(np.minimum(np.maximum(p_fail, 0.0), 1.0), axis=1),
        p05=low,
        p50=median,
        p95=high,
        mean=mean_life(curve, step),
    )
