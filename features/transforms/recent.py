"""The statistics that every pack has: of each sensor's whole life, and of its recent past.

z is a sensor's z-score in its regime (`features.transforms.regimes`). A row of age a, in life units, weighs
exp(-a / window) in the recent statistics of a window: exponential smoothing (Brown, "Statistical forecasting for
inventory control", 1959) with its time in life units, after Zumbach and Müller, "Operators on inhomogeneous time
series", International Journal of Theoretical and Applied Finance 4 (2001), for rows that do not come evenly.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from features.transforms.families.family import FeatureDescription, Layout, window_name

LONG_STATISTICS = ("life_mean", "base_mean")
WINDOW_STATISTICS = ("mean", "slope", "spread", "shift", "rise")

SUMS = ("weight", "value", "value_squared", "time", "time_value", "time_squared")
"""Names of the recent sums of a state, in the order in which they are computed."""

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


@dataclass(frozen=True, slots=True)
class Course:
    """The core statistics after every row of a stretch of rows.

    Attributes:
        count: Shape (time, sensor, batch), like the three after it.
        mean: Mean z-score of the life.
        base_count: Samples in the beginning of the life.
        base_mean: Mean z-score of the beginning.
        sums: In the order of `SUMS`. Shape (time, sum, sensor, window, batch).
    """

    count: NDArray[np.float64]
    mean: NDArray[np.float64]
    base_count: NDArray[np.float64]
    base_mean: NDArray[np.float64]
    sums: NDArray[np.float64]


def advance_core(
    state: Sums,
    scores: NDArray[np.float64],
    in_baseline: NDArray[np.bool_],
    elapsed: NDArray[np.float64],
    decay: NDArray[np.float64],
) -> Course:
    """Take a stretch of rows into the core statistics, one after the other.

    Args:
        state: Changed to what it is after the last row.
        scores: Shape (time, sensor, batch).
        in_baseline: Whether the row lies in the beginning of the life. Shape (time, batch).
        elapsed: Life since the row before, life units. Shape (time, batch).
        decay: exp(-elapsed / window). Shape (time, window, batch).
    """
    is_seen = ~np.isnan(scores)
    value = scores if is_seen.all() else np.where(is_seen, scores, 0.0)
    count, mean = _running_mean(state.count, state.mean, value, is_seen)
    base_count, base_mean = _running_mean(state.base_count, state.base_mean, value, is_seen & in_baseline[:, None, :])
    state.count, state.mean, state.base_count, state.base_mean = (
        each[-1].copy() for each in (count, mean, base_count, base_mean)
    )
    return Course(count, mean, base_count, base_mean, _running_sums(state, value, is_seen, elapsed, decay))


def _running_mean(
    count: NDArray[np.float64], mean: NDArray[np.float64], value: NDArray[np.float64], is_in: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return number and mean after every row. Shape (time, sensor, batch) each.

    The mean is kept as it is, not as a sum: mean += (z - mean) / n (Welford, Technometrics 4, 1962), which loses
    no digits however old the machine is.
    """
    counts, means = count + np.cumsum(is_in, axis=0), np.empty_like(value)
    if not is_in.any():
        means[...] = mean
        return counts, means
    divisor = np.maximum(counts, 1.0)
    are_all_in = [bool(row.all()) for row in is_in]
    for row in range(len(value)):
        gained = (value[row] - mean) / divisor[row]
        mean = np.add(mean, gained if are_all_in[row] else np.where(is_in[row], gained, 0.0), out=means[row])
    return counts, means


def _known(amount: NDArray[np.float64], value: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """Return the values, NaN where there is no more than the least amount of what they were made of."""
    is_known = amount > least
    return value if is_known.all() else np.where(is_known, value, np.nan)


def _running_sums(
    state: Sums,
    value: NDArray[np.float64],
    is_seen: NDArray[np.bool_],
    elapsed: NDArray[np.float64],
    decay: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Let what was seen grow older, then take a row in, row by row; return the sums after every row."""
    sums = np.stack([getattr(state, name) for name in SUMS])
    gained = np.stack([is_seen, value, value * value], axis=1)[:, :, :, None, :]
    double, square = 2.0 * elapsed, elapsed * elapsed
    course = np.empty((len(value), *sums.shape))
    for row in range(len(value)):
        now = course[row]
        np.subtract(sums[5], double[row] * sums[3], out=now[5])
        now[5] += square[row] * sums[0]
        np.subtract(sums[3:5], elapsed[row] * sums[:2], out=now[3:5])
        now[3:] *= decay[row]
        np.multiply(sums[:3], decay[row], out=now[:3])
        now[:3] += gained[row]
        sums = now
    for name, each in zip(SUMS, sums.copy(), strict=True):
        setattr(state, name, each)
    return course


def write_vectors(course: Course, windows: NDArray[np.float64], out: NDArray[np.float32]) -> None:
    """Write the features of every row of a stretch.

    By sensor: the mean of its life and of its beginning, then by window its recent mean; slope, by weighted least
    squares, times the window, so that it has the size of a z-score; spread, its standard deviation; shift, mean
    less that of the life; rise, mean less that of the beginning.

    Args:
        course: The statistics after every row.
        windows: Life units. Shape (window,).
        out: Shape (time, feature, batch), features of a sensor side by side.
    """
    rows, sensors, batch = course.mean.shape
    by_sensor = out.reshape(rows, sensors, len(LONG_STATISTICS) + len(windows) * len(WINDOW_STATISTICS), batch)
    recent = by_sensor[:, :, len(LONG_STATISTICS) :].reshape(rows, sensors, len(windows), len(WINDOW_STATISTICS), batch)
    weights, values, values_squared, times, time_values, times_squared = np.moveaxis(course.sums, 1, 0)
    wide = windows[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = _known(weights, weights, _TINY)
        mean = values / weight
        squared = values_squared / weight
        squared -= mean * mean
        np.sqrt(np.maximum(squared, 0.0, out=squared), out=squared)
        # A line through few samples is mostly noise: a prior as heavy as half a sample one window away holds it flat.
        time_sum = times_squared - times * (times / weight)
        time_sum += 0.5 * wide**2
        slope = time_values - times * mean
        slope /= time_sum
        slope *= wide
    life_mean, base_mean = _known(course.count, course.mean, 0.0), _known(course.base_count, course.base_mean, 0.0)
    by_sensor[:, :, 0], by_sensor[:, :, 1] = life_mean, base_mean
    recent[:, :, :, 0], recent[:, :, :, 1], recent[:, :, :, 2] = mean, slope, squared
    recent[:, :, :, 3] = mean - life_mean[:, :, None, :]
    recent[:, :, :, 4] = mean - base_mean[:, :, None, :]
