"""Whether the newest stretch of time is unlike the stretches before it, feature by feature."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.monitor.distance import bin_edges, bin_numbers, kolmogorov_smirnov, shares, stability_index

FEWEST_STRETCHES = 5
"""With fewer to compare, nobody knows how much stretches differ of themselves."""
LEAST_INDEX, FACTOR = 0.25, 2.0
"""Siddiqi's "much changed"; and twice what stretches differ by of themselves, which simulated fleets never reached."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One feature whose newest stretch is unlike those before.

    Attributes:
        index: Population stability index of the newest stretch against the reference.
        ks: Largest distance of the distribution functions.
        limit: What the index had to exceed.
    """

    feature: str
    index: float
    ks: float
    limit: float


@dataclass(frozen=True, slots=True)
class Compared:
    """The newest stretch against the reference.

    Attributes:
        stretches: Stretches of the reference; with fewer than `FEWEST_STRETCHES` nothing is said.
        shifts: Features that shifted, the one farthest beyond its limit first.
        index: Stability index of every feature, in order. Shape (feature,).
    """

    stretches: int
    shifts: tuple[Shift, ...]
    index: NDArray[np.float64]

    @property
    def is_known(self) -> bool:
        """Whether there was enough to compare with."""
        return self.stretches >= FEWEST_STRETCHES


def compare_stretches(
    day: NDArray[np.float64],
    asset: NDArray[np.int64],
    values: NDArray[np.float32],
    names: tuple[str, ...],
    span: float,
    learned: float | None = None,
) -> Compared:
    """Compare the last `span` days with the equally long stretches before.

    A feature shifted if its stability index exceeds .25 and twice the largest index that any stretch of
    the reference has against the others: fleets age, seasons change, and what stretches always differed by is no drift.
    Every asset counts alike within a stretch.

    Args:
        day: Days since 1970. Shape (batch,).
        asset: Shape (batch,).
        values: NaN where unknown. Shape (batch, feature).
        names: Of the features.
        span: Days.
        learned: The day up to which the model learned; the reference ends there. None ends it at the newest stretch.
    """
    last = float(day.max(initial=0.0))
    stretch = np.floor((day - last) / span).astype(np.int64)
    stretch[day == last] = -1
    newest = stretch == -1
    numbers = _whole(np.unique(stretch[~newest]), span, float(day.min(initial=0.0)) - last, (learned or last) - last)
    is_reference = np.isin(stretch, numbers)
    nothing = np.full(len(names), np.nan)
    if len(numbers) < FEWEST_STRETCHES:
        return Compared(len(numbers), (), nothing)
    bins = bin_numbers(values, bin_edges(values[is_reference]))
    weight = _alike(stretch, asset)
    parts = np.stack([shares(bins[stretch == each], weight[stretch == each]) for each in numbers])
    reference, current = parts.mean(axis=0), shares(bins[newest], weight[newest])
    others = (parts.sum(axis=0) - parts) / (len(parts) - 1)
    usual = np.max([stability_index(rest, part) for rest, part in zip(others, parts, strict=True)], axis=0)
    index, ks = stability_index(reference, current), kolmogorov_smirnov(reference, current)
    limit = np.maximum(LEAST_INDEX, FACTOR * usual)
    beyond = [place for place in np.argsort(limit / np.maximum(index, 1e-12)) if index[place] > limit[place]]
    shifts = (Shift(names[place], float(index[place]), float(ks[place]), float(limit[place])) for place in beyond)
    return Compared(len(numbers), tuple(shifts), index)


def _whole(numbers: NDArray[np.int64], span: float, first: float, learned: float) -> NDArray[np.int64]:
    """Return the stretches that lie between the first day and the last learned one, but for a day at either end."""
    return numbers[(numbers * span >= first - 1.0) & ((numbers + 1) * span <= learned + 1.0)]


def _alike(stretch: NDArray[np.int64], asset: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a weight of each row by which every asset counts alike in a stretch."""
    _, group, count = np.unique(np.stack([stretch, asset]), axis=1, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / count[group.ravel()], np.float64)
