"""What adaptive conformal inference would have made of a ledger: the miss rate that intervals had to be made for.

The forecasts stay as they were issued. Life by life, in the order in which their ends became known, the level of
`models.calibration.adaptive` moves; each forecast of the next life counts as missed if remaining life lies outside of
its interval at that level. Between p05, p50 and p95, and from there to nothing and to the cap, levels are interpolated.
Where intervals hold as they promise the level stays near its target; below, wider ones were needed, above, narrower
ones would have done.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.calibration.adaptive import AdaptiveLevel
from models.prognosis.ledger.calibration import interval_answers
from models.prognosis.ledger.censoring import LEAST_ANSWERED
from models.prognosis.ledger.judged import Judged

TARGET, RATE = 0.10, 0.01
"""Share of misses that p05 to p95 stand for, and the step of learning: a time constant of 100 lives."""
LEAST_LIVES = 20
_DEVIATIONS, _TINY = 2.0, 1e-12
_LEVELS = np.array([0.0, 0.05, 0.5, 0.95, 1.0])


@dataclass(frozen=True, slots=True)
class AdaptedLevel:
    """Where the level came to.

    Attributes:
        lives: Lives whose forecasts have known answers, in the order in which these became known.
        target: Share of misses that p05 to p95 stand for.
        level: Share of misses that intervals have to be made for now, for so many to be missed; 0 and below asks for
            intervals without end.
        low: Lower end of the neighbourhood of the target in which chance keeps the level of intervals that hold.
        high: Upper end of it.
        missed: Share of misses there would have been, each life alike, those that censoring hid made up for.
    """

    lives: int
    target: float
    level: float
    low: float
    high: float
    missed: float

    @property
    def is_far(self) -> bool:
        """Whether the level has left the neighbourhood of the target."""
        return not self.low <= self.level <= self.high


def adapted_level(rows: Judged) -> AdaptedLevel | None:
    """Follow the level over a ledger; None where fewer than `LEAST_LIVES` lives have answered, or censoring hid most.

    Forecasts of a life become known together and err together, so a life is one outcome: the share of its forecasts
    that were missed, each for as long as it was in force. It stands in for as many lives as its answers weigh, those
    of its forecasts that nobody can answer included, and the level moves by so many steps.

    The neighbourhood is two deviations to either side, which chance alone leaves in one of 20 looks: at a level that
    misses as often as it says, the level is an autoregression with coefficient 1 - rate and noise of at most
    rate² target (1 - target), whose stationary variance is about rate target (1 - target) / 2. Where censoring hides
    some, noise is as much larger as those lives weigh that make it.
    """
    reached, weight, answered = interval_answers(rows)
    lives = [known for own in rows.by_life if len(known := own[weight[own] > 0])]
    if answered < LEAST_ANSWERED or len(lives) < LEAST_LIVES:
        return None
    lives.sort(key=lambda own: float(rows.until[own].max()))
    level, missed = AdaptiveLevel.start(TARGET, RATE), list[float]()
    in_force = np.bincount(rows.life, rows.held)
    stands_for = np.array([weight[own].sum() / in_force[rows.life[own[0]]] for own in lives])
    points = np.stack([np.zeros(len(rows)), rows.low, rows.median, rows.high, rows.cap], axis=1)
    for own, each in zip(lives, stands_for.tolist(), strict=True):
        missed.append(float(np.average(_is_missed(points[own], reached[own], level.level), weights=weight[own])))
        level = level.after(missed[-1], each)
    noise = stands_for * np.maximum((np.array(missed) - TARGET) ** 2, _TINY)
    spread = _DEVIATIONS * math.sqrt(RATE * TARGET * (1.0 - TARGET) / 2.0 * np.average(stands_for, weights=noise))
    share = float(np.average(missed, weights=stands_for))
    return AdaptedLevel(len(lives), TARGET, level.level, TARGET - spread, TARGET + spread, share)


def _is_missed(points: NDArray[np.float64], reached: NDArray[np.float64], level: float) -> NDArray[np.bool_]:
    """Say of each forecast whether remaining life lies outside of its interval at a level.

    Args:
        points: Remaining life at `_LEVELS`, life units. Shape (batch, 5).
        reached: Remaining life up to the cap, life units. Shape (batch,).
        level: Share of misses that the intervals are made for.
    """
    if not 0.0 < level < 1.0:
        return np.full(len(reached), level >= 1.0)
    low, high = (_life_at(points, share) for share in (0.5 * level, 1.0 - 0.5 * level))
    return np.asarray((reached < low) | (reached > high), np.bool_)


def _life_at(points: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Return the remaining life at a share of each row's distribution, linear between points. Shape (batch,)."""
    place = int(np.searchsorted(_LEVELS, share, side="left"))
    part = (share - _LEVELS[place - 1]) / (_LEVELS[place] - _LEVELS[place - 1])
    return np.asarray(points[:, place - 1] + part * (points[:, place] - points[:, place - 1]), np.float64)
