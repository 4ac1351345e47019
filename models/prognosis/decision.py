"""When to do planned work on a machine: what it costs to act at a moment, and what it costs to wait.

Acting w from now costs, in expectation,

    C_p S(w) + C_f F(w) + g (E[min(T, r)] - E[min(T, w)])

with T the remaining life of the forecast, S and F its survival and failure probability, C_p and C_f what planned work
and a failure cost, g what a unit of life is worth, and r how far the forecast reaches. The last term is the life that
acting early gives away: had it been lived, the next machine would have begun to cost g per unit so much later. g is
the cost per unit of life of the best fixed age of replacement (`models.prognosis.replacement`). To minimise cost less
g times life is to minimise cost per unit of life in the long run; one acts as soon as the hazard times (C_f - C_p)
exceeds g (Bergman, "Optimal replacement under a general failure model", Advances in Applied Probability 10, 1978;
Makis and Jardine, "Optimal replacement in the proportional hazards model", INFOR 30, 1992).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import Costs
from models.prognosis.remaining import RemainingCurve


@dataclass(frozen=True, slots=True)
class Option:
    """Acting at one moment.

    Attributes:
        after: Life from now to then, life units.
        p_fail: Probability that the machine fails before.
        planned: Expected cost of the planned work, C_p S.
        failure: Expected cost of a failure before it, C_f F.
        lost_life: Worth of the life given away, by which the forecast reaches further.
    """

    after: float
    p_fail: float
    planned: float
    failure: float
    lost_life: float

    @property
    def total(self) -> float:
        """What it costs in all, in the pack's currency."""
        return self.planned + self.failure + self.lost_life


@dataclass(frozen=True, slots=True)
class Decision:
    """When to act.

    Attributes:
        best: The cheapest moment; at `reach` it means: not within what the forecast can tell.
        now: Acting at once.
        options: Every moment that was compared, the first one first.
        reach: Life from now on of which the forecast tells, life units.
        value_of_life: Worth of a unit of life, in the pack's currency.
    """

    best: Option
    now: Option
    options: tuple[Option, ...]
    reach: float
    value_of_life: float

    @property
    def is_now(self) -> bool:
        """Whether it is cheapest to act at once."""
        return self.best.after <= 0.0

    @property
    def is_beyond(self) -> bool:
        """Whether no moment within reach is cheaper than going on to its end: the next forecast decides."""
        return self.best.after >= self.reach

    def extra(self, option: Option) -> float:
        """Return what an option costs more than the best one."""
        return option.total - self.best.total


def decide(
    curve: RemainingCurve,
    costs: Costs,
    value_of_life: float,
    elapsed: float = 0.0,
    windows: Sequence[float] | None = None,
) -> Decision | None:
    """Compare moments for planned work, and going on to the end of the forecast's reach.

    Args:
        curve: Remaining life from the moment of issue on.
        costs: Of a failure (`miss`) and of planned work.
        value_of_life: Worth of a unit of life, in the pack's currency.
        elapsed: Life since the forecast was issued, life units; the machine has survived it.
        windows: When planned work can be done, life units from now; None for any moment. Then only the points of the
            curve are compared: between them the hazard is constant, so the cheapest moment is always one of them.

    Returns:
        The decision, or None if no life is left of which the forecast tells.
    """
    reach = curve.cap - elapsed
    if reach <= 0:
        return None
    if windows is None:
        windows = [0.0, *(float(time - elapsed) for time in curve.times if time > elapsed)]
    moments = sorted({float(each) for each in windows if 0.0 <= each < reach} | {0.0, reach})
    priced = _price(curve, costs, value_of_life, elapsed, np.array(moments))
    chosen = {float(each) for each in windows}
    allowed = [each for each in priced if each.after >= reach or each.after in chosen]
    best = min(allowed, key=lambda each: (each.total, each.after))
    return Decision(best, priced[0], tuple(allowed), reach, value_of_life)


def acts_now(curve: RemainingCurve, costs: Costs, value_of_life: float) -> bool:
    """Say whether a forecast, when it is issued, asks for planned work at once."""
    found = decide(curve, costs, value_of_life)
    return found is not None and found.is_now


def _price(
    curve: RemainingCurve, costs: Costs, value_of_life: float, elapsed: float, moments: NDArray[np.float64]
) -> list[Option]:
    start = np.array([elapsed])
    alive, lived = float(curve.survival(start)[0]), float(curve.expected(start)[0])
    survival = curve.survival(elapsed + moments) / alive
    expected = (curve.expected(elapsed + moments) - lived) / alive
    lost = value_of_life * (expected[-1] - expected)
    return [
        Option(
            after=float(moment),
            p_fail=float(1.0 - part),
            planned=float(costs.of_planned_work * part),
            failure=float(costs.miss * (1.0 - part)),
            lost_life=max(0.0, float(given)),
        )
        for moment, part, given in zip(moments, survival, lost, strict=True)
    ]
