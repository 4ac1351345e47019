"""Forecasts over whole lives of machines that training never saw: what a person would have read, day after day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.transforms.intervals import IntervalTable, bounds
from features.transforms.specification import FeatureSpecification
from pipelines.building.tracks import LifeTrack
from pipelines.train.data import PreparedData, unseen_rows
from pipelines.train.evaluation import Survival

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_STORIES = 6


@dataclass(frozen=True, slots=True)
class LifeStory:
    """One life with the forecasts of each of its moments, life units. Arrays have shape (time,).

    Attributes:
        asset: Whose.
        age: Life at each forecast.
        remaining: True remaining life.
        low: Lower bound, p05.
        median: Median.
        high: Upper bound, p95.
    """

    asset: str
    age: NDArray[np.float64]
    remaining: NDArray[np.float64]
    low: NDArray[np.float64]
    median: NDArray[np.float64]
    high: NDArray[np.float64]


def life_stories(
    specification: FeatureSpecification, data: PreparedData, survival: Survival, table: IntervalTable
) -> list[LifeStory]:
    """Forecast whole lives that ended in a failure, one of each of a few unseen machines, short lives and long ones.

    Args:
        specification: Of the model's features.
        data: Says which machines are unseen.
        survival: The model.
        table: Levels of its interval.
    """
    stories = []
    for track in _spread(data):
        rows = unseen_rows(specification, replace(data, tracks=[track]))
        if not len(rows):
            continue
        low, median, high = bounds(survival(rows.vectors), data.pack.grid.step, table, rows.regime)
        stories.append(LifeStory(track.epoch.asset, rows.age, rows.remaining, low, median, high))
    return stories


def story_picture(story: LifeStory, cap: float, unit: str) -> "Figure":
    """Draw the band of the forecasts over a life against the truth, both clipped at the cap."""
    from matplotlib.figure import Figure  # lazy: only training draws

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.fill_between(story.age, story.low, story.high, alpha=0.25, linewidth=0, label="p05 to p95")
    axes.plot(story.age, story.median, label="median")
    axes.plot(story.age, np.minimum(story.remaining, cap), color="black", linestyle="--", label="truth")
    axes.set(xlabel=f"life, {unit}", ylabel=f"remaining life, {unit}", title=story.asset, ylim=(0, cap * 1.05))
    axes.legend()
    return figure


def _spread(data: PreparedData) -> Sequence[LifeTrack]:
    """Return the first failed life of unseen machines, evenly spread over the lengths of these lives."""
    first: dict[str, LifeTrack] = {}
    for track in data.tracks:
        if track.epoch.asset in data.unseen and track.epoch.is_failure:
            first.setdefault(track.epoch.asset, track)
    by_length = sorted(first.values(), key=lambda track: (len(track.time_us), track.epoch.asset))
    if not by_length:
        return []
    places = np.linspace(0, len(by_length) - 1, MOST_STORIES).astype(int)
    return [by_length[place] for place in np.unique(places).tolist()]
