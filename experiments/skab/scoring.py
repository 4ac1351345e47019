"""What came of alarms: row by row, and change by change (NAB).

NAB's score is that of Lavin & Ahmad 2015 ("Evaluating real-time anomaly detection algorithms: the Numenta anomaly
benchmark", ICMLA), standard profile, with SKAB's windows: the 60 seconds after each change. The first detection within
a window counts up to 1, the sooner the more; a detection outside counts up to -0.11, the less the nearer it follows a
window; a window without one counts -1. 100 is a detection at every change and none elsewhere, 0 is silence.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOW_SECONDS = 60.0
_FALSE, _MISSED = 0.11, 1.0
_STEEPNESS, _FAR = 5.0, 3.0


@dataclass(frozen=True, slots=True)
class RowFigures:
    """Rates are fractions.

    Attributes:
        false_alarm_rate: Of healthy rows.
        missing_alarm_rate: Of anomalous rows.
    """

    f1: float
    false_alarm_rate: float
    missing_alarm_rate: float

    def to_dict(self) -> dict[str, float]:
        """Return the figures by name."""
        return {name: getattr(self, name) for name in RowFigures.__slots__}


def row_figures(alarms: Sequence[NDArray[np.bool_]], truth: Sequence[NDArray[np.bool_]]) -> RowFigures:
    """Count rows of all recordings together.

    Args:
        alarms: Of each recording. Shape (row,).
        truth: Of each recording. Shape (row,).
    """
    told, true = np.concatenate(alarms), np.concatenate(truth)
    hits = int((told & true).sum())
    return RowFigures(
        2.0 * hits / max(int(told.sum() + true.sum()), 1),
        float((told & ~true).sum() / max(int((~true).sum()), 1)),
        1.0 - hits / max(int(true.sum()), 1),
    )


def nab_score(events: Sequence[NDArray[np.float64]], changes: Sequence[NDArray[np.float64]]) -> float:
    """Return NAB's normalised score over all recordings.

    Args:
        events: Seconds at which an alarm began, in each recording. Shape (event,).
        changes: Seconds of its changes, ascending. Shape (change,).
    """
    count = sum(map(len, changes))
    if count == 0:
        return math.nan
    total = sum(_recording_score(own, windows) for own, windows in zip(events, changes, strict=True))
    silent, perfect = -_MISSED * count, _position(-1.0) * count
    return 100.0 * (total - silent) / (perfect - silent)


def _recording_score(events: NDArray[np.float64], changes: NDArray[np.float64]) -> float:
    found: dict[int, float] = {}
    total = 0.0
    for event in np.sort(events).tolist():
        window = int(np.searchsorted(changes, event, side="right")) - 1
        since = (event - float(changes[window])) / WINDOW_SECONDS - 1.0 if window >= 0 else math.inf
        if since <= 0.0:
            found.setdefault(window, _position(since))
        else:
            total += _FALSE * _position(since)
    return total + sum(found.values()) - _MISSED * (len(changes) - len(found))


def _position(place: float) -> float:
    """Return NAB's weight of a detection: place -1 is the begin of a window, 0 its end, beyond that outside."""
    return -1.0 if place > _FAR else 2.0 / (1.0 + math.exp(_STEEPNESS * place)) - 1.0
