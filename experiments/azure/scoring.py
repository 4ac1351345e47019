"""Warnings event by event: how many failures were warned of in time, and how many warnings were false."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.condition.rates import dispersion, poisson_bounds

_HOUR_US = 3_600_000_000
_THRESHOLDS = 200
_TAIL = 0.05
_RESOLUTION_US = 1_000_000
"""Events are stamped with whole hours, so a lead counts to the second."""


@dataclass(frozen=True, slots=True)
class WarningRule:
    """What counts as warned in time.

    Attributes:
        lead_hours: A warning must come so long before the failure, or longer.
        hold_hours: It says "within so long": a failure after that was not warned of, and without one it was false.
            While it holds the machine gets no second one; an alarm that never ends counts again and again.
    """

    lead_hours: float
    hold_hours: float


@dataclass(frozen=True, slots=True)
class Watched:
    """Forecasts of machines in time order, and when the machines failed.

    Attributes:
        machine: Shape (batch,).
        time_us: Microseconds since EPOCH. Shape (batch,).
        failures_us: Times of failure of each machine, ascending, microseconds since EPOCH.
    """

    machine: NDArray[np.str_]
    time_us: NDArray[np.int64]
    failures_us: Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class WarningFigures:
    """What came of warnings above a threshold.

    Attributes:
        recall: Share of failures that were warned of in time.
        false_per_100_machine_weeks: Warnings that no failure followed while they held.
        false_bound: Upper bound of that rate at 95 %, as `models.condition.alarms.budget` has it: Poisson, divided by
            the dispersion between machines.
    """

    threshold: float
    recall: float
    false_per_100_machine_weeks: float
    false_bound: float
    failures: int


def warn(score: NDArray[np.float64], threshold: float, watched: Watched, rule: WarningRule) -> WarningFigures:
    """Warn wherever the score reaches the threshold, and judge.

    Args:
        score: Shape (batch,).
        threshold: Of the score.
        watched: Whose score.
        rule: What counts.
    """
    return _warn(score, threshold, _courses(watched), rule)


def choose_threshold(score: NDArray[np.float64], watched: Watched, rule: WarningRule, budget: float) -> WarningFigures:
    """Return the figures at the threshold that warns of most failures within a budget of false warnings.

    A budget is a promise to machines not seen, so the upper bound of the rate must keep it, not the rate itself.
    """
    levels = np.unique(np.quantile(score, 1.0 - np.geomspace(5e-4, 0.5, _THRESHOLDS)))
    courses = _courses(watched)
    found = [_warn(score, float(level), courses, rule) for level in levels]
    within = [each for each in found if each.false_bound <= budget]
    return max(within, key=lambda each: each.recall) if within else warn(score, np.inf, watched, rule)


def average_precision(score: NDArray[np.float64], outcome: NDArray[np.bool_]) -> float:
    """Return the area under precision against recall, in steps (Davis & Goadrich 2006); NaN without an outcome."""
    if not outcome.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    hits, ranked = np.cumsum(outcome[order]), score[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # equal scores are told together
    precision, recall = hits[last] / (last + 1), hits[last] / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


class _Course(NamedTuple):
    """Rows of one machine in time order, their times, and when it failed."""

    rows: NDArray[np.int64]
    time_us: NDArray[np.int64]
    ends: NDArray[np.int64]


def _courses(watched: Watched) -> list[_Course]:
    names, index = np.unique(watched.machine, return_inverse=True)
    order = np.lexsort((watched.time_us, index))
    parts = np.split(order, np.flatnonzero(np.diff(index[order])) + 1)
    none = np.zeros(0, np.int64)
    return [
        _Course(rows, watched.time_us[rows], watched.failures_us.get(str(name), none))
        for name, rows in zip(names, parts, strict=True)
    ]


def _warn(
    score: NDArray[np.float64], threshold: float, courses: Sequence[_Course], rule: WarningRule
) -> WarningFigures:
    warned = failures = 0
    false, weeks = np.zeros(len(courses)), np.zeros(len(courses))
    for place, (rows, times, ends) in enumerate(courses):
        issued = _issued(times[score[rows] >= threshold], int(rule.hold_hours * _HOUR_US))
        told, wrong = _judged(issued, ends, rule)
        warned, failures, false[place] = warned + told, failures + len(ends), wrong
        weeks[place] = max(float(times[-1] - times[0]) / (168.0 * _HOUR_US), 1e-9)
    clusters, hundreds = dispersion(false, weeks), 0.01 * max(float(weeks.sum()), 1e-9)
    _, most = poisson_bounds(float(false.sum()) / clusters, _TAIL)
    rate, bound = float(false.sum()) / hundreds, clusters * most / hundreds
    return WarningFigures(threshold, warned / max(failures, 1), rate, bound, failures)


def _issued(times: NDArray[np.int64], hold_us: int) -> NDArray[np.int64]:
    found: list[int] = []
    for time in times.tolist():
        if not found or time >= found[-1] + hold_us:
            found.append(time)
    return np.array(found, np.int64)


def _judged(issued: NDArray[np.int64], ends: NDArray[np.int64], rule: WarningRule) -> tuple[int, int]:
    """Return how many failures were warned of in time, and how many warnings were false."""
    next_end = np.searchsorted(ends, issued, side="right")
    has_next = next_end < len(ends)
    ahead = ends[np.minimum(next_end, max(len(ends) - 1, 0))] - issued if len(ends) else np.zeros(len(issued))
    is_right = has_next & (ahead <= rule.hold_hours * _HOUR_US)
    in_time = is_right & (ahead + _RESOLUTION_US >= rule.lead_hours * _HOUR_US)
    return len(np.unique(next_end[in_time])), int((~is_right).sum())
