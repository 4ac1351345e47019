"""The statistics that every pack has: of each sensor's whole life, and of its recent past.

z is a sensor's z-score in its regime (`features.transforms.regimes`). A row of age a, in life units, weighs
exp(-a / window) in the recent statistics of a window: exponential smoothing (Brown, "Statistical forecasting for
inventory control", 1959) with its time in life units, after Zumbach and Müller, "Operators on inhomogeneous time
series", International Journal of Theoretical and Applied Finance 4 (2001), for rows that do not come evenly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.transforms.courses import running_mean
from features.transforms.families.family import FeatureDescription, Layout, window_name

LONG_STATISTICS = ("life_mean", "base_mean")
WINDOW_STATISTICS = ("mean", "slope", "spread", "shift", "rise")

LONG = ("count", "mean", "base_count", "base_mean")
"""Names of the statistics of a whole life and of its beginning in a state, in their order."""

SUMS = ("weight", "time", "time_squared", "value", "value_squared", "time_value")
"""Names of the recent sums in a state, in their order: three of the weights alone, then three of the z-scores."""

_CLOCKS = 3
"""How many of `SUMS` hang on when a sensor was measured, and not on what it showed."""

_WORTH = 512
"""Numbers of a stretch from which it is worth asking whether all sensors were measured together."""

_TINY = 1e-12
_WELFORD = "Welford, Technometrics 4 (1962)"
_SMOOTHED = "Brown, Statistical forecasting for inventory control (1959); Zumbach and Müller (2001)"


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

    Where all sensors were always measured together, what hangs on that alone is the same for all of them, and there
    is one for all: its axis of sensors has the length 1.

    Attributes:
        count: Shape (time, sensor or 1, batch).
        mean: Mean z-score of the life. Shape (time, sensor, batch).
        base_count: Samples in the beginning of the life. Shape (time, sensor or 1, batch).
        base_mean: Mean z-score of the beginning. Shape (time, sensor, batch); as all of these with one time where the
            stretch changed nothing.
        clocks: Sums of weights and times, the first of `SUMS`. Shape (time, 3, sensor or 1, window, batch).
        sums: Sums of z-scores, the others of `SUMS`. Shape (time, 3, sensor, window, batch).
    """

    count: NDArray[np.float64]
    mean: NDArray[np.float64]
    base_count: NDArray[np.float64]
    base_mean: NDArray[np.float64]
    clocks: NDArray[np.float64]
    sums: NDArray[np.float64]


def advance_core(
    long: NDArray[np.float64],
    sums: NDArray[np.float64],
    scores: NDArray[np.float64],
    in_baseline: NDArray[np.bool_],
    elapsed: NDArray[np.float64],
    decay: NDArray[np.float64],
) -> Course:
    """Take a stretch of rows into the core statistics, one after the other.

    Args:
        long: `LONG` before the first row, changed to what it is after the last. Shape (4, sensor, batch).
        sums: `SUMS`, likewise. Shape (6, sensor, window, batch).
        scores: Shape (time, sensor, batch).
        in_baseline: Whether the row lies in the beginning of the life. Shape (time, batch).
        elapsed: Life since the row before, life units. Shape (time, batch).
        decay: exp(-elapsed / window). Shape (time, window, batch).
    """
    is_seen = ~np.isnan(scores)
    value = scores if is_seen.all() else np.where(is_seen, scores, 0.0)
    alike = slice(0, 1) if _are_alike(long, sums, is_seen) else slice(None)
    is_seen = is_seen[:, alike]
    count, mean = running_mean(long[0, alike], long[1], value, is_seen)
    base_count, base_mean = running_mean(long[2, alike], long[3], value, is_seen & in_baseline[:, None])
    clocks = _advance_clocks(sums[:_CLOCKS, alike], is_seen, elapsed, decay)
    values = _advance_values(sums[_CLOCKS:], value, elapsed, decay)
    for place, course in enumerate((count, mean, base_count, base_mean)):
        long[place] = course[-1]
    sums[:_CLOCKS], sums[_CLOCKS:] = clocks[-1], values[-1]
    return Course(count, mean, base_count, base_mean, clocks, values)


def _are_alike(long: NDArray[np.float64], sums: NDArray[np.float64], is_seen: NDArray[np.bool_]) -> bool:
    """Say whether all sensors were measured at the same rows, as far as the state and the stretch can tell."""
    if is_seen.size < _WORTH or not (is_seen == is_seen[:, :1]).all():
        return False
    counts, clocks = long[::2].view(np.int64), sums[:_CLOCKS].view(np.int64)  # the bits: there are two zeros
    return bool((counts == counts[:, :1]).all() and (clocks == clocks[:, :1]).all())


def _advance_clocks(
    start: NDArray[np.float64], is_seen: NDArray[np.bool_], elapsed: NDArray[np.float64], decay: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Let the sums of weights and times grow older, then take a row in, row by row; return them after every row."""
    gained, square = is_seen[:, :, None].astype(np.float64), elapsed * elapsed
    ages = np.empty((len(elapsed), 2, 1, *elapsed.shape[1:]))  # of times, and twice that of their squares
    ages[:, 0, 0], ages[:, 1, 0] = elapsed, elapsed
    ages[:, 1] *= 2.0
    course, before = np.empty((len(elapsed), *start.shape)), start
    for now, older, squared, fading, seen in zip(course, ages[:, :, None], square, decay, gained, strict=True):
        weight, new_weight, times = before[0], now[0], now[1:]
        np.multiply(older, before[:2], out=times)
        np.subtract(before[1:], times, out=times)
        times[1] += squared * weight
        times *= fading
        np.multiply(weight, fading, out=new_weight)
        new_weight += seen
        before = now
    return course


def _advance_values(
    start: NDArray[np.float64], value: NDArray[np.float64], elapsed: NDArray[np.float64], decay: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Do the same with the sums of z-scores."""
    gained = np.empty((len(value), 2, *value.shape[1:]))
    gained[:, 0] = value
    np.multiply(value, value, out=gained[:, 1])
    course, before = np.empty((len(elapsed), *start.shape)), start
    for now, older, fading, seen in zip(course, elapsed, decay, gained[:, :, :, None], strict=True):
        moment, recent = now[2], now[:2]
        np.multiply(older, before[0], out=moment)
        np.subtract(before[2], moment, out=moment)
        moment *= fading
        np.multiply(before[:2], fading, out=recent)
        recent += seen
        before = now
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
    rows, _, sensors, _, batch = course.sums.shape
    by_sensor = out.reshape(rows, sensors, len(LONG_STATISTICS) + len(windows) * len(WINDOW_STATISTICS), batch)
    recent = by_sensor[:, :, len(LONG_STATISTICS) :].reshape(rows, sensors, len(windows), len(WINDOW_STATISTICS), batch)
    weights, times, times_squared = course.clocks.swapaxes(0, 1)
    values, values_squared, time_values = course.sums.swapaxes(0, 1)
    wide = windows[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = _known(weights, weights, _TINY)
        mean = values / weight
        recent[:, :, :, 0] = mean
        # A line through few samples is mostly noise: a prior as heavy as half a sample one window away holds it flat.
        time_sum = times_squared - times * (times / weight)
        time_sum += 0.5 * wide**2
        number = times * mean
        np.subtract(time_values, number, out=number)
        number /= time_sum
        recent[:, :, :, 1] = np.multiply(number, wide, out=number)
        spread = np.divide(values_squared, weight, out=number)
        spread -= mean * mean
        recent[:, :, :, 2] = np.sqrt(np.maximum(spread, 0.0, out=spread), out=spread)
    life_mean, base_mean = _known(course.count, course.mean, 0.0), _known(course.base_count, course.base_mean, 0.0)
    by_sensor[:, :, 0], by_sensor[:, :, 1] = life_mean, base_mean
    recent[:, :, :, 3] = np.subtract(mean, life_mean[:, :, None], out=number)
    recent[:, :, :, 4] = np.subtract(mean, base_mean[:, :, None], out=number)


def _known(amount: NDArray[np.float64], value: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """Return the values, NaN where there is no more than the least amount of what they were made of."""
    if np.minimum.reduce(amount, axis=None, initial=np.inf) > least:
        return value
    return np.where(amount > least, value, np.nan)
