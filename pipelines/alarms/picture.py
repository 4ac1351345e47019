"""A replay of alarms as a picture: alarms of healthy machines week by week against the budget, and who raised them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines.alarms.outcome import AlarmReplay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MACHINES = 12


def write_picture(found: AlarmReplay, path: Path, moment: Callable[[float], str]) -> None:
    """Draw a replay and write it as PNG (or whatever the name ends in)."""
    from matplotlib.figure import Figure  # lazy: only whoever wants a picture pays

    figure = Figure(figsize=(11, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_weeks(left, found, moment)
    _draw_machines(right, found)
    figure.savefig(path, dpi=120)


def _draw_weeks(axes: "Axes", found: AlarmReplay, moment: Callable[[float], str]) -> None:
    week = found.order.budget.week
    at = np.array([each.raised for each in found.alarms])
    healthy = np.array([each.is_healthy for each in found.alarms], np.bool_)
    if len(at):
        start = float(at.min())
        place = ((at - start) // week).astype(np.int64)
        count = int(place.max()) + 1
        others, false = (np.bincount(place[which], minlength=count) for which in (~healthy, healthy))
        axes.bar(np.arange(count), others, color="0.75", label="other machines")
        axes.bar(np.arange(count), false, bottom=others, color="tab:red", label="known to be healthy")
        axes.legend()
        axes.set(xlabel=f"weeks since {moment(start)}")
    if found.all is not None:
        borne = found.order.budget.per_100_machine_weeks * found.all.machines / 100.0
        axes.axhline(borne, color="0.3", linestyle="--")
        axes.annotate("budget", (0.0, borne), color="0.3", va="bottom")
    axes.set(ylabel="alarms in the week", title="Alarms that would have been raised")


def _draw_machines(axes: "Axes", found: AlarmReplay) -> None:
    worst = list(found.by_asset.items())[:_MACHINES][::-1]
    axes.barh([asset for asset, _ in worst], [count for _, count in worst], color="0.5")
    axes.set(xlabel="alarms", title="Machines with most of them")
