"""Pictures of a training run, for people who would rather look than read."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.prognosis.metrics import known_outcomes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BINS = 10


def calibration_picture(
    probability: NDArray[np.float64],
    remaining: NDArray[np.float64],
    is_failure: NDArray[np.bool_],
    horizons: tuple[float, ...],
    unit: str,
) -> "Figure":
    """Draw forecast probability against the share that failed, one line per horizon, on unseen machines."""
    from matplotlib.figure import Figure  # lazy: only training draws

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="perfect")
    for index, horizon in enumerate(horizons):
        outcome, is_known = known_outcomes(remaining, is_failure, horizon)
        forecast, seen = probability[is_known, index], outcome[is_known]
        groups = [group for group in np.array_split(np.argsort(forecast), _BINS) if group.size]
        pairs = np.array([(forecast[group].mean(), seen[group].mean()) for group in groups])
        axes.plot(*pairs.T, marker="o", label=f"{horizon:g} {unit}")
    axes.set(xlabel="forecast probability of failure", ylabel="share that failed", title="Calibration, unseen machines")
    axes.legend()
    return figure


def life_picture(truth: NDArray[np.float64], forecast: NDArray[np.float64], cap: float, unit: str) -> "Figure":
    """Draw forecast against true remaining life, both clipped at the cap, on unseen machines."""
    from matplotlib.figure import Figure  # lazy: only training draws

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot()
    axes.scatter(np.minimum(truth, cap), forecast, s=4, alpha=0.3)
    axes.plot([0, cap], [0, cap], color="0.7", linestyle="--")
    axes.set(xlabel=f"true remaining life, {unit}", ylabel=f"forecast mean, {unit}", title="Remaining life")
    return figure
