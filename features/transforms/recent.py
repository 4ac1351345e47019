"""The statistics that every pack has: of each sensor's whole life, and of its recent past.

z is a sensor's z-score in its regime (`features.transforms.regimes`). A row of age a, in life units, weighs
exp(-a / window) in the recent statistics of a window: exponential smoothing (Brown, "Statistical forecasting for
inventory control", 1959) with its time in life units, after Zumbach and Müller, "Operators on inhomogeneous time
series", International Journal of Theoretical and Applied Finance 4 (2001), for rows that do not come evenly.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from features.transforms.families.family import FeatureDescription, Layout, window_name

LONG_STATISTICS = ("life_mean", "base_mean")
WINDOW_STATISTICS = ("mean", "slope", "spread", "shift", "rise")

_TINY = 1e-12
_WELFORD = "Welford, Technometrics 4 (1962)"
_SMOOTHED = "Brown, Statistical forecasting for inventory control (1959); Zumbach and Müller (2001)"


class Sums(Protocol):
    """The running sums of the core statistics, as `features.transforms.state.FeatureState` has them."""

    life: NDArray[np.float64]
    count: NDArray[np.float64]
    mean: NDArray[np.float64]
    base_count: NDArray[np.float64]
    base_mean: NDArray[np.float64]
    weight: NDArray[np.float64]
    time: NDArray[np.float64]
    time_squared: NDArray[np.float64]
    value: NDArray[np.float64]
    value_squared: NDArray[np.float64]
    time_value: NDArray[np.float64]


def describe_core(layout: Layout) -> tuple[FeatureDescription, ...]:
    """Describe the age of the machine and the statistics of every sensor, in the order of the vector."""
    age = FeatureDescription(
        "age",
        "life so far",
        layout.life_unit,
        "life",
        "ISO 14224:2016, 3.2 (time in use)",
        layout.lineage(running=False),
    )
    return (age, *(each for sensor in layout.sensors for each in _of_sensor(layout, sensor)))


def _of_sensor(layout: Layout, sensor: str) -> list[FeatureDescription]:
    signals, unit = layout.lineage(sensor, conditions=True), layout.life_unit
    long = (
        (f"mean z-score of {sensor} since the life began", "Σ z / n"),
        (f"mean z-score of {sensor} in the first {layout.baseline:g} {unit}", "Σ z / n, life <= baseline"),
    )
    found = [
        FeatureDescription(f"{sensor}__{name}", meaning, "sd", formula, _WELFORD, signals)
        for name, (meaning, formula) in zip(LONG_STATISTICS, long, strict=True)
    ]
    for window in layout.windows:
        recent = f"of recent z-scores of {sensor} ({window:g} {unit})"
        words = (
            (f"mean {recent}", "Σ w z / Σ w, w = exp(-age / window)"),
            (f"slope {recent}, per window", "window · Σ w (t - t̄)(z - z̄) / (Σ w (t - t̄)² + window² / 2)"),
            (f"standard deviation {recent}", "sqrt(Σ w z² / Σ w - z̄²)"),
            (f"mean {recent}, less that of its life", "z̄ - life_mean"),
            (f"mean {recent}, less that of its beginning", "z̄ - base_mean"),
        )
        found += [
            FeatureDescription(
                window_name(f"{sensor}__{statistic}", window), meaning, "sd", formula, _SMOOTHED, signals
            )
            for statistic, (meaning, formula) in zip(WINDOW_STATISTICS, words, strict=True)
        ]
    return found


def advance_long(state: Sums, scores: NDArray[np.float64], baseline: float) -> None:
    """Take a row into the statistics of the whole life and of its beginning.

    The mean is kept as it is, not as a sum: mean += (z - mean) / n (Welford, Technometrics 4, 1962), which loses
    no digits however old the machine is.

    Args:
        state: Changed in place; its life is that of the row.
        scores: Shape (sensor, batch).
        baseline: Length of the beginning, life units.
    """
    is_seen = ~np.isnan(scores)
    value = np.where(is_seen, scores, 0.0)
    state.count += is_seen
    state.mean += np.where(is_seen, (value - state.mean) / np.maximum(state.count, 1.0), 0.0)
    in_baseline = is_seen & (state.life <= baseline)
    if in_baseline.any():
        state.base_count += in_baseline
        gained = (value - state.base_mean) / np.maximum(state.base_count, 1.0)
        state.base_mean += np.where(in_baseline, gained, 0.0)


def advance_windows(
    state: Sums,
    scores: NDArray[np.float64],
    elapsed: NDArray[np.float64],
    decay: NDArray[np.float64],
) -> None:
    """Let what was seen grow older, then take a row into the recent statistics.

    Args:
        state: Changed in place.
        scores: Shape (sensor, batch).
        elapsed: Life since the row before, life units. Shape (batch,).
        decay: exp(-elapsed / window). Shape (window, batch).
    """
    is_seen = ~np.isnan(scores)[:, None, :]
    value = np.where(is_seen, scores[:, None, :], 0.0)
    state.time_squared -= (2.0 * elapsed) * state.time
    state.time_squared += (elapsed * elapsed) * state.weight
    state.time -= elapsed * state.weight
    state.time_value -= elapsed * state.value
    for each in (state.time_squared, state.time, state.time_value, state.weight, state.value, state.value_squared):
        each *= decay
    state.weight += is_seen
    state.value += value
    state.value_squared += value * value


def write_vectors(state: Sums, windows: NDArray[np.float64], out: NDArray[np.float32]) -> None:
    """Write the features of the newest row.

    By sensor: the mean of its life and of its beginning, then by window its recent mean; slope, by weighted least
    squares, times the window, so that it has the size of a z-score; spread, its standard deviation; shift, mean
    less that of the life; rise, mean less that of the beginning.

    Args:
        state: After the row.
        windows: Life units. Shape (window,).
        out: Shape (feature, batch), features of a sensor side by side.
    """
    sensors, batch = state.mean.shape
    by_sensor = out.reshape(sensors, -1, batch)
    recent = by_sensor[:, 2:].reshape(sensors, len(windows), -1, batch)
    wide = windows[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.where(state.weight > _TINY, state.weight, np.nan)
        mean = state.value / weight
        squared = state.value_squared / weight
        squared -= mean * mean
        time = state.time / weight
        # A line through few samples is mostly noise: a prior as heavy as half a sample one window away holds it flat.
        time_sum = state.time_squared - state.time * time
        time_sum += 0.5 * wide**2
        slope = state.time_value - state.time * mean
        slope /= time_sum
        slope *= wide
        life_mean = np.where(state.count > 0, state.mean, np.nan)
        base_mean = np.where(state.base_count > 0, state.base_mean, np.nan)
    by_sensor[:, 0], by_sensor[:, 1] = life_mean, base_mean
    recent[:, :, 0], recent[:, :, 1] = mean, slope
    recent[:, :, 2] = np.sqrt(np.maximum(squared, 0.0, out=squared), out=squared)
    recent[:, :, 3] = mean - life_mean[:, None, :]
    recent[:, :, 4] = mean - base_mean[:, None, :]
