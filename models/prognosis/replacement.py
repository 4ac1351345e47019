"""Age replacement: what a unit of life costs when machines run to failure, or are replaced at a fixed age.

By the renewal-reward theorem a policy costs, in the long run and per unit of life, the expected cost of one life
divided by its expected length. Replaced at age T, a life costs C_p S(T) + C_f F(T) and lasts ∫₀ᵀ S(t) dt
(Barlow and Hunter, "Optimum preventive maintenance policies", Operations Research 8(1), 1960, equation 1). S is
estimated by Kaplan and Meier from lives on record, censored ones included; between two failures the cost falls with
T, so the best age is just before one of them (Bergman, "On age replacement and the total time on test concept",
Scandinavian Journal of Statistics 6, 1979). Beyond the last life S goes on falling at the mean rate so far (Brown,
Hollander and Korwar, "Nonparametric tests of independence for censored data", 1974).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import Costs


@dataclass(frozen=True, slots=True)
class AgePolicy:
    """The best fixed age of replacement for machines of one type, and what it costs.

    Attributes:
        interval: Age at which to replace, life units; None where running to failure is cheapest.
        rate: What it costs per life unit, in the pack's currency.
        run_to_failure_rate: What running to failure costs per life unit.
        mean_life: Mean length of a life that runs to failure, life units.
        lives: Lives that this rests on.
        failures: How many of them ended in a failure.
    """

    interval: float | None
    rate: float
    run_to_failure_rate: float
    mean_life: float
    lives: int
    failures: int


def best_age(length: Sequence[float], is_failure: Sequence[bool], costs: Costs) -> AgePolicy | None:
    """Return the fixed age of replacement that costs least per unit of life.

    Args:
        length: Length of each life, to its end or so far, life units.
        is_failure: Whether it ended in a failure; else it is censored: "at least so long".
        costs: Of a failure (`miss`) and of planned work.

    Returns:
        None if no life ended in a failure: nobody can say then.

    Examples:
        >>> policy = best_age([90.0, 100.0, 110.0], [True, True, True], Costs(miss=10.0, false_alarm=1.0))
        >>> policy.interval, round(policy.rate, 4), round(policy.run_to_failure_rate, 4)
        (90.0, 0.0111, 0.1)
    """
    lives, ends = np.asarray(length, np.float64), np.asarray(is_failure, np.bool_)
    lives, ends = lives[lives > 0], ends[lives > 0]
    if not ends.any():
        return None
    times, after = _kaplan_meier(lives, ends)
    before = np.concatenate([[1.0], after[:-1]])
    areas = np.cumsum(np.diff(times, prepend=0.0) * before)
    rates = (costs.of_planned_work * before + costs.miss * (1.0 - before)) / areas
    mean = _mean_life(float(lives.max()), times, after, areas)
    run_to_failure, best = costs.miss / mean, int(np.argmin(rates))
    is_worth_it = rates[best] < run_to_failure
    return AgePolicy(
        interval=float(times[best]) if is_worth_it else None,
        rate=float(rates[best]) if is_worth_it else run_to_failure,
        run_to_failure_rate=run_to_failure,
        mean_life=mean,
        lives=len(lives),
        failures=int(ends.sum()),
    )


def _kaplan_meier(
    lives: NDArray[np.float64], is_failure: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the times of failures and the probability to outlive each (Kaplan and Meier, JASA 53, 1958)."""
    times, failures = np.unique(lives[is_failure], return_counts=True)
    at_risk = len(lives) - np.searchsorted(np.sort(lives), times, side="left")
    return times, np.asarray(np.cumprod(1.0 - failures / at_risk), np.float64)


def _mean_life(
    last: float, times: NDArray[np.float64], after: NDArray[np.float64], areas: NDArray[np.float64]
) -> float:
    left = float(after[-1])
    so_far = float(areas[-1]) + (last - float(times[-1])) * left
    return so_far if left <= 0 else so_far + left * last / -math.log(left)
