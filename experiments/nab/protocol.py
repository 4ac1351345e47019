"""The first days teach what is normal and how far a healthy score goes; whatever goes beyond is an alarm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.errors import DataSetUnusable
from experiments.nab.reader import Machine
from models.condition.alarms.alarm import AlarmRule, alarms
from models.condition.normal import NormalSettings, learn_normal

TAUGHT_DAYS = 7.0
"""NAB's first window opens after 7.4 days."""

_DAY, _WEEK = 86_400.0, 604_800.0


@dataclass(frozen=True, slots=True)
class Found:
    """What came of alarms.

    Attributes:
        windows_found: Windows in which an alarm began.
        windows: All of them.
        false_per_week: Alarms that began outside of every window, per week judged.
        lead_hours: Hours from the first alarm in each window to the window's middle, where NAB puts the fault; None
            for a window without one.
        threshold: Highest score of the days that taught, in units of what is usual.
    """

    windows_found: int
    windows: int
    false_per_week: float
    lead_hours: tuple[float | None, ...]
    threshold: float

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name."""
        return {name: getattr(self, name) for name in Found.__slots__}


def judge(machine: Machine) -> Found:
    """Learn from the first days and alarm in the rest.

    Raises:
        DataSetUnusable: If a window opens within the days that teach.
    """
    history, windows, settings = machine.history, machine.windows, NormalSettings()
    until = history.seconds[0] + TAUGHT_DAYS * _DAY
    if len(windows) and windows.min() < until:
        raise DataSetUnusable(f"The first {TAUGHT_DAYS:g} days must be healthy; a window opens within. Take NAB's own.")
    taught = int(np.searchsorted(history.seconds, until))
    normal = learn_normal(history.part(slice(None, taught)), settings=settings)
    scores = normal.scores(history)
    threshold = float(scores[settings.settling : taught].max())
    told = alarms(scores[taught:], AlarmRule(threshold))
    begun = history.seconds[taught:][told & ~np.concatenate([[False], told[:-1]])]
    inside = (begun[:, None] >= windows[:, 0]) & (begun[:, None] <= windows[:, 1])  # (alarm, window)
    weeks = float(history.seconds[-1] - until) / _WEEK
    leads = [_lead(begun[hits], windows[place]) for place, hits in enumerate(inside.T)]
    found = sum(lead is not None for lead in leads)
    return Found(found, len(windows), float((~inside.any(axis=1)).sum()) / weeks, tuple(leads), threshold)


def _lead(begun: NDArray[np.float64], window: NDArray[np.float64]) -> float | None:
    return float(window.mean() - begun[0]) / 3600.0 if len(begun) else None
