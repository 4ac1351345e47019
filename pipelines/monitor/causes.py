"""Which cause a shift has: single assets, a site, a signal of the whole fleet, or the way machines are run."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.monitor.inputs import Shift
from pipelines.monitor.rows import WatchedRows

FAR = 4.0
"""Deviations from the usual, by the median absolute deviation, from which an asset is told apart."""
_FEW, _MOST = 0.35, 0.5


@dataclass(frozen=True, slots=True)
class DriftAlarm:
    """What has changed, in one notice for each cause.

    Attributes:
        cause: `assets` (a machine, or its instrument), `site`, `signal` (one for the whole fleet: recalibrated,
            renamed, another season), `operation` (most signals at once, or regimes nobody trained on),
            `predictions` or `calibration`.
        where: The assets or the site; "fleet" for all.
        signals: What shifted.
        found: The measure and what it had to stay within, for people.
        worst: How many times the limit the farthest of them is.
        since: Day on which it was noticed in the stream; None where it was not.
    """

    cause: str
    where: str
    signals: tuple[str, ...]
    found: str
    worst: float
    since: str | None = None


def group_shifts(
    rows: WatchedRows, shifts: Sequence[Shift], sensors: Sequence[str], span: float, sites: Mapping[str, str]
) -> list[DriftAlarm]:
    """Make one alarm of all shifts that have the same cause.

    Args:
        rows: What was watched.
        shifts: Features that shifted.
        sensors: Sensors of the specification.
        span: Length of the newest stretch, days.
        sites: Site by asset, where known.
    """
    by_signal: dict[str, list[Shift]] = defaultdict(list)
    for shift in shifts:
        by_signal[shift.feature.partition("__")[0]].append(shift)
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for signal in by_signal:
        places[_place(rows, signal, span, sites) if signal in sensors else ("signal", "fleet")].append(signal)
    if len(places.get(("signal", "fleet"), ())) > max(1.0, _MOST * len(sensors)):
        places[("operation", "fleet")] = places.pop(("signal", "fleet"))
    return [_alarm(cause, where, signals, by_signal) for (cause, where), signals in places.items()]


def far_assets(rows: WatchedRows, signal: str, span: float) -> tuple[set[str], set[str]]:
    """Return the assets whose recent level of a signal is far from their own levels before, and all that have some.

    Args:
        rows: What was watched.
        signal: A sensor.
        span: Days of a stretch.

    Returns:
        Far is more than `FAR` times what levels of stretches usually deviate from the asset's own middle.
    """
    level = recent_mean(rows, signal)
    stretch = np.ceil((rows.day - rows.day.max()) / span).astype(np.int64)
    now, usual = dict[int, float](), dict[int, list[float]]()
    known = ~np.isnan(level)
    for asset in np.unique(rows.asset[known]):
        own = known & (rows.asset == asset)
        for number in np.unique(stretch[own]):
            middle = float(np.median(level[own & (stretch == number)]))
            if number == 0:
                now[int(asset)] = middle
            else:
                usual.setdefault(int(asset), []).append(middle)
    both = sorted(now.keys() & usual.keys())
    apart = np.array([abs(each - np.median(usual[asset])) for asset in both for each in usual[asset]])
    spread = max(1.4826 * float(np.median(apart)), 1e-6) if len(apart) else np.inf
    far = {rows.assets[asset] for asset in both if abs(now[asset] - float(np.median(usual[asset]))) > FAR * spread}
    return far, {rows.assets[asset] for asset in both}


def _place(rows: WatchedRows, signal: str, span: float, sites: Mapping[str, str]) -> tuple[str, str]:
    far, present = far_assets(rows, signal, span)
    for site in sorted({sites[asset] for asset in far if asset in sites}):
        there = {asset for asset in present if sites.get(asset) == site}
        if far <= there and len(far) > _MOST * len(there) and there < present:
            return "site", site
    if far and len(far) <= max(1.0, _FEW * len(present)):
        return "assets", ", ".join(sorted(far))
    return "signal", "fleet"


def _alarm(cause: str, where: str, signals: list[str], by_signal: Mapping[str, list[Shift]]) -> DriftAlarm:
    every = [shift for signal in signals for shift in by_signal[signal]]
    worst = max(every, key=lambda shift: shift.index / shift.limit)
    found = f"{worst.feature}: stability index {worst.index:.2f} (limit {worst.limit:.2f}), distance {worst.ks:.2f}"
    return DriftAlarm(cause, where, tuple(sorted(signals)), found, worst.index / worst.limit)


def recent_columns(names: Sequence[str], sensors: Sequence[str]) -> list[int]:
    """Return the features that are watched: mean and spread of each sensor over its shortest window.

    What looks back over the whole life grows with the age of the fleet, and would tell of that alone.
    """
    found = []
    for sensor in sensors:
        for statistic in ("mean", "spread"):
            found += [place for place, name in enumerate(names) if name.startswith(f"{sensor}__{statistic}_")][:1]
    return found


def recent_mean(rows: WatchedRows, signal: str) -> NDArray[np.float64]:
    """Return the mean of a sensor over its shortest window. Shape (batch,)."""
    return rows.vectors[:, recent_columns(rows.names, (signal,))[0]].astype(np.float64)
