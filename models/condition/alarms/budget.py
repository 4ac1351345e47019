"""The alarm budget: the threshold at which healthy machines raise no more than N alarms per 100 machines and week.

Alarms are counted as they would be raised, after on-delay, off-delay, deadband and planned work, and as if somebody
acknowledged each when it is raised: then every further one is another alarm, and the bound holds however soon people
answer. One that goes on counts anew each week, or a threshold that is always passed would be the quietest. Levels are
tried from the highest of a grid downwards; the lowest one before the first whose upper bound exceeds the budget is
taken. Because the grid is fixed beforehand and the search stops at the first refusal, the bound holds for the level
chosen, although it was chosen on the same rows (fixed sequence testing: Angelopoulos, Bates, Candès, Jordan and Lei
2021, "Learn then test", section 3).

What is promised: with the stated confidence, the rate of alarms of these machines in such weeks is within the budget.
The bound is that of a Poisson count (Garwood 1936), exact where alarms of healthy machines come on their own. Alarms
of one machine come in clusters, and so do those of one week; a count and the time watched are therefore divided by
their dispersion between machines or between weeks, whichever is larger. That part is no theorem. Nothing is promised
of machines of another kind, of weeks unlike those seen, or of how soon a fault is told.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.alarms import Told
from models.condition.alarms.lifecycle import WEEK, LifeCycleRule, Transition
from models.condition.alarms.scored import Scored
from models.condition.rates import dispersion, poisson_bounds

LEVELS = np.geomspace(1000.0, 1.0, 139)
"""Scores that are tried, highest first, in steps of a twentieth. 1 is about the most that is usual for a machine."""


@dataclass(frozen=True, slots=True)
class AlarmBudget:
    """What a plant will bear.

    Attributes:
        per_100_machine_weeks: Alarms per 100 machines and week.
        confidence: Probability with which the bound holds.
        week: Seconds; for data with a life count alone, so much life as passes in a week.
    """

    per_100_machine_weeks: float
    confidence: float = 0.95
    week: float = WEEK

    @property
    def least_weeks(self) -> float:
        """Machine-weeks without a single alarm that it takes before any threshold can be promised."""
        return -100.0 * math.log(1.0 - self.confidence) / self.per_100_machine_weeks


@dataclass(frozen=True, slots=True)
class AlarmRate:
    """How many alarms there were.

    Attributes:
        alarms: Raised, if each is acknowledged when it is; one that goes on counts anew each week.
        machines: Watched at all.
        machine_weeks: Watched.
        clusters: Alarms that come together, on average; at least 1.
        low: Lower bound of the rate, alarms per 100 machines and week; 0 where nothing was watched.
        bound: Upper bound; infinite where nothing was watched. Each holds with the budget's confidence.
    """

    alarms: int
    machines: int
    machine_weeks: float
    clusters: float
    low: float
    bound: float

    @property
    def per_100_machine_weeks(self) -> float:
        """Alarms per 100 machines and week; NaN where nothing was watched."""
        return 100.0 * self.alarms / self.machine_weeks if self.machine_weeks > 0 else math.nan


@dataclass(frozen=True, slots=True)
class FittedThreshold:
    """A threshold that keeps a budget, or why there is none.

    Attributes:
        threshold: Of the score; None where no threshold can be promised.
        reason: Why there is none; None where there is one.
        rate: At the threshold; without one, at the highest level tried.
    """

    budget: AlarmBudget
    threshold: float | None
    reason: str | None
    rate: AlarmRate


def alarm_rate(healthy: Sequence[Scored], rule: LifeCycleRule, budget: AlarmBudget) -> AlarmRate:
    """Count the alarms that healthy stretches would have raised, each acknowledged at once.

    Args:
        healthy: Stretches; several may be of one asset.
        rule: At which threshold, and how alarms live.
        budget: Says the confidence of the bound and the length of a week.
    """
    return _rate(healthy, _Weeks.of(healthy, budget.week), rule, budget)


def fit_threshold(
    healthy: Sequence[Scored],
    rule: LifeCycleRule,
    budget: AlarmBudget,
    levels: NDArray[np.float64] = LEVELS,
) -> FittedThreshold:
    """Return the lowest threshold that keeps the budget on healthy stretches.

    Args:
        healthy: Stretches without faults; several may be of one asset. Machines are the units: bring all of them.
        rule: How alarms live; its threshold is not looked at.
        budget: What is borne.
        levels: Scores to try, highest first. They must be chosen without a look at the stretches. Shape (level,).
    """
    weeks = _Weeks.of(healthy, budget.week)
    threshold, found = None, None
    for level in levels.tolist():
        rate = _rate(healthy, weeks, rule.at(level), budget)
        found = found or rate
        if rate.bound > budget.per_100_machine_weeks:
            break
        threshold, found = level, rate
    if found is None:
        raise ValueError("levels must hold one score at least; found none. Give a grid, highest first.")
    return FittedThreshold(budget, threshold, None if threshold is not None else _why_none(found, budget), found)


def counted(told: Iterable[Transition], end: float, week: float = WEEK) -> list[float]:
    """Return the moments at which alarms of one asset count against a budget, in seconds.

    Args:
        told: Of its alarms, in order.
        end: Until when it was seen.
        week: After so many seconds an alarm that goes on, or stands again, counts anew.

    Examples:
        >>> from features.domain.conditions import ConditionVerdict
        >>> raised = Transition(0.0, Told.RAISED, ConditionVerdict.MACHINE)
        >>> counted([raised], end=2.5 * WEEK) == [0.0, WEEK, 2 * WEEK]
        True
    """
    found, stands = list[float](), False
    for each in told:
        if stands:
            found += _anew(found[-1], each.seconds, week)
        if each.told.is_alarm or (each.told is Told.AGAIN and each.seconds - found[-1] >= week):
            found.append(each.seconds)
        stands = stands if each.told not in _ENDS | _BEGINS else each.told in _BEGINS
    return found + (_anew(found[-1], end, week) if stands else [])


_BEGINS, _ENDS = frozenset({Told.RAISED, Told.AGAIN, Told.WORSENED}), frozenset({Told.RETURNED})


def _anew(last: float, now: float, week: float) -> list[float]:
    """Return the ends of whole weeks since an alarm counted last."""
    return [last + week * number for number in range(1, int((now - last) // week) + 1)]


def _why_none(rate: AlarmRate, budget: AlarmBudget) -> str:
    seen = f"found {rate.alarms} in {rate.machine_weeks:.1f} machine-weeks of {rate.machines} machines"
    if rate.machine_weeks < budget.least_weeks:
        return (
            f"a budget of {budget.per_100_machine_weeks:g} alarms per 100 machines and week must have "
            f"{budget.least_weeks:.0f} healthy machine-weeks at least before a threshold can be promised, and no alarm "
            f"in them; found {rate.machine_weeks:.1f} machine-weeks of {rate.machines} machines, with {rate.alarms} "
            "alarms at the highest score tried. "
            "Wait for more, bring more machines, or allow more alarms."
        )
    return (
        f"the budget of {budget.per_100_machine_weeks:g} alarms per 100 machines and week must hold at the highest "
        f"score tried; {seen}, at most {rate.bound:.3g} per 100. Look at those that raise them, or allow more."
    )


@dataclass(frozen=True, slots=True)
class _Weeks:
    """Which machines and weeks were watched, and for how many weeks.

    Attributes:
        machines: Number of each asset.
        start: Seconds at which the first week begins.
        of_machine: Weeks that each machine was watched. Shape (machine,).
        of_week: Machine-weeks that were watched in each week. Shape (week,).
    """

    machines: dict[str, int]
    start: float
    length: float
    of_machine: NDArray[np.float64]
    of_week: NDArray[np.float64]

    @staticmethod
    def of(healthy: Sequence[Scored], length: float) -> "_Weeks":
        parts = [each for each in healthy if len(each.seconds)]
        machines = {asset: place for place, asset in enumerate(sorted({each.asset for each in parts}))}
        start = min((float(each.seconds[0]) for each in parts), default=0.0)
        end = max((float(each.seconds[-1]) for each in parts), default=0.0)
        of_machine, of_week = np.zeros(len(machines)), np.zeros(int((end - start) // length) + 1)
        for each in parts:
            watched = each.watched_seconds() / length
            of_machine[machines[each.asset]] += watched.sum()
            of_week += np.bincount(((each.seconds - start) // length).astype(np.int64), watched, len(of_week))
        return _Weeks(machines, start, length, of_machine, of_week)


def _rate(healthy: Sequence[Scored], weeks: _Weeks, rule: LifeCycleRule, budget: AlarmBudget) -> AlarmRate:
    by_machine, by_week = np.zeros(len(weeks.of_machine)), np.zeros(len(weeks.of_week))
    for each in healthy:
        for seconds in counted(each.transitions(rule, is_acknowledged=True), each.last_known, weeks.length):
            by_machine[weeks.machines[each.asset]] += 1.0
            by_week[int((seconds - weeks.start) // weeks.length)] += 1.0
    total, watched = float(by_machine.sum()), float(weeks.of_machine.sum())
    clusters = max(
        dispersion(counts[exposures > 0], exposures[exposures > 0])
        for counts, exposures in ((by_machine, weeks.of_machine), (by_week, weeks.of_week))
    )
    least, most = poisson_bounds(total / clusters, 1.0 - budget.confidence)
    scale = 100.0 * clusters / watched if watched > 0 else math.inf
    low, bound = least * scale if watched > 0 else 0.0, most * scale
    return AlarmRate(int(total), int((weeks.of_machine > 0).sum()), watched, clusters, low, bound)
