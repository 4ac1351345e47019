"""What acting on the forecasts would have cost, against running to failure and against a fixed age of replacement.

Three policies over the same lives. Each life ends for a policy with a failure, with planned work (when the policy
asks for it), or unanswered. A policy costs, per unit of life, the mean cost of a life divided by its mean length
(renewal-reward; Barlow and Hunter 1960), lives without an answer being made up for by weights
(`models.prognosis.ledger.censoring`). The fixed age is the best one by lives as they were known when the first
forecast was issued, so no policy knows what is yet to come. Only lives that were watched from their beginning count: of
others nobody knows what a policy would have done before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import Costs
from models.prognosis.ledger.censoring import Followed
from models.prognosis.replacement import AgePolicy


@dataclass(frozen=True, slots=True)
class WatchedLife:
    """A life with what the forecasts asked for.

    Attributes:
        length: Life at its end, or as far as it is known, life units.
        is_failure: Whether it ended in a failure.
        acted_at: Life at which a forecast in force first asked for planned work; None if none did.
        is_whole: Whether it was watched from its beginning.
    """

    length: float
    is_failure: bool
    acted_at: float | None
    is_whole: bool


@dataclass(frozen=True, slots=True)
class PolicyCost:
    """What a policy would have cost.

    Attributes:
        failures: Lives that would have ended in a failure.
        planned: Lives that would have ended with planned work.
        unanswered: Lives of which nobody can say.
        rate: Cost per life unit, in the pack's currency; None if no life is answered.
    """

    failures: int
    planned: int
    unanswered: int
    rate: float | None


@dataclass(frozen=True, slots=True)
class Savings:
    """The policies side by side.

    Attributes:
        lives: Lives that were watched from their beginning.
        left_out: Lives that were not.
        interval: Fixed age of replacement, life units; None where nobody knew one, or none pays.
        known_before: Lives that the fixed age rests on.
        forecasts: Acting on the forecasts.
        run_to_failure: Never acting.
        fixed: Acting at the fixed age; None where no life was known before.
        against_failure: Share of the cost of running to failure that acting on the forecasts saves.
        against_failure_interval: Its 95 % interval, drawn over lives.
        against_fixed: Share of the cost of the fixed age that acting on the forecasts saves.
        against_fixed_interval: Its 95 % interval.
    """

    lives: int
    left_out: int
    interval: float | None
    known_before: int
    forecasts: PolicyCost
    run_to_failure: PolicyCost
    fixed: PolicyCost | None
    against_failure: float | None
    against_failure_interval: tuple[float, float] | None
    against_fixed: float | None
    against_fixed_interval: tuple[float, float] | None


def savings(
    lives: Sequence[WatchedLife], costs: Costs, known: AgePolicy | None, seed: int = 0, draws: int = 1000
) -> Savings:
    """Compare acting on the forecasts with running to failure and with a fixed age.

    Args:
        lives: Every life of which there is a forecast.
        costs: Of a failure (`miss`) and of planned work.
        known: The best fixed age by lives known before; None where there were none.
        seed: Of the draws of lives.
        draws: Number of them.
    """
    whole = [life for life in lives if life.is_whole]
    length = np.array([life.length for life in whole], np.float64)
    failed = np.array([life.is_failure for life in whole], np.bool_)
    never = np.full(len(whole), np.inf)
    acted = np.array([np.inf if life.acted_at is None else life.acted_at for life in whole], np.float64)
    ours, failing = _Course.of(length, failed, acted), _Course.of(length, failed, never)
    fixed = None
    if known is not None:
        at_age = never if known.interval is None else np.full(len(whole), known.interval)
        fixed = _Course.of(length, failed, at_age)
    return Savings(
        lives=len(whole),
        left_out=len(lives) - len(whole),
        interval=None if known is None else known.interval,
        known_before=0 if known is None else known.lives,
        forecasts=ours.cost(costs),
        run_to_failure=failing.cost(costs),
        fixed=None if fixed is None else fixed.cost(costs),
        against_failure=_saved(ours, failing, costs),
        against_failure_interval=_interval(ours, failing, costs, seed, draws),
        against_fixed=None if fixed is None else _saved(ours, fixed, costs),
        against_fixed_interval=None if fixed is None else _interval(ours, fixed, costs, seed, draws),
    )


@dataclass(frozen=True, slots=True)
class _Course:
    """How each life goes under a policy: how long, and whether by failure, by planned work, or unanswered."""

    used: NDArray[np.float64]
    is_failed: NDArray[np.bool_]
    is_planned: NDArray[np.bool_]

    @staticmethod
    def of(length: NDArray[np.float64], failed: NDArray[np.bool_], acted: NDArray[np.float64]) -> "_Course":
        is_planned = acted <= length
        return _Course(np.minimum(length, acted), failed & ~is_planned, is_planned)

    def take(self, rows: NDArray[np.int64]) -> "_Course":
        return _Course(self.used[rows], self.is_failed[rows], self.is_planned[rows])

    def rate(self, costs: Costs) -> float | None:
        answered = self.is_failed | self.is_planned
        if not answered.any():
            return None
        alike = Followed(self.used, answered, np.ones(len(self.used)), np.zeros(len(self.used), np.int64))
        share = alike.share(self.used)
        weight = np.where(answered & (share > 0), 1.0 / np.where(share > 0, share, 1.0), 0.0)
        spent = np.where(self.is_failed, costs.miss, costs.of_planned_work)
        lived = float((weight * self.used).sum())
        return float((weight * spent).sum()) / lived if lived > 0 else None

    def cost(self, costs: Costs) -> PolicyCost:
        failed, planned = int(self.is_failed.sum()), int(self.is_planned.sum())
        return PolicyCost(failed, planned, len(self.used) - failed - planned, self.rate(costs))


def _saved(ours: _Course, other: _Course, costs: Costs) -> float | None:
    mine, theirs = ours.rate(costs), other.rate(costs)
    return None if mine is None or theirs is None else 1.0 - mine / theirs


def _interval(ours: _Course, other: _Course, costs: Costs, seed: int, draws: int) -> tuple[float, float] | None:
    if _saved(ours, other, costs) is None:
        return None
    random, drawn = np.random.default_rng(seed), list[float]()
    for _ in range(draws):
        rows = random.integers(0, len(ours.used), len(ours.used))
        saved = _saved(ours.take(rows), other.take(rows), costs)
        if saved is not None:
            drawn.append(saved)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
