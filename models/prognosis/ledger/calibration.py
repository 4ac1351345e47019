"""How far forecast probabilities and intervals agree with what happened, as whoever acted on them saw it.

Each forecast counts for as long as it was in force. What censoring took is made up for by weights
(`models.prognosis.ledger.censoring`); a horizon that censoring left too few to answer for has no figures, and says so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.prognosis.ledger.censoring import LEAST_ANSWERED, Followed
from models.prognosis.ledger.judged import Judged

_GROUPS = 10
_DRAWS = 500


@dataclass(frozen=True, slots=True)
class Group:
    """Forecasts of like probability.

    Attributes:
        forecast: Mean probability that was forecast.
        observed: Share that failed.
        share: Share of all time in force.
    """

    forecast: float
    observed: float
    share: float


@dataclass(frozen=True, slots=True)
class HorizonCalibration:
    """How far the probabilities of one horizon agree with what happened.

    Attributes:
        horizon: Life units.
        answered: Share of all forecasts that those followed well enough speak for; below `LEAST_ANSWERED` there are
            no figures.
        forecasts: Forecasts whose answer is known.
        failures: How many of them came true.
        forecast: Mean probability that was forecast.
        observed: Share that failed.
        error: Mean distance of probability and share over groups of like probability.
        brier: Mean squared distance of probability and outcome (Graf et al., Statistics in Medicine 18, 1999).
        groups: By rising probability.
    """

    horizon: float
    answered: float
    forecasts: int
    failures: int
    forecast: float | None = None
    observed: float | None = None
    error: float | None = None
    brier: float | None = None
    groups: tuple[Group, ...] = ()

    @property
    def is_answered(self) -> bool:
        """Whether censoring left enough to answer."""
        return self.forecast is not None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often remaining life lay within p05 to p95.

    Attributes:
        answered: Share of all forecasts that those followed well enough speak for.
        forecasts: Forecasts whose remaining life is known, up to the cap.
        lives: Lives that they belong to.
        coverage: Share within the interval; None where too few are answered.
        low: Lower end of its 95 % interval, drawn over lives.
        high: Upper end of it.
        below: Share that failed before p05.
        above: Share that outlived p95.
        width: Mean width of the interval, life units.
    """

    answered: float
    forecasts: int
    lives: int
    coverage: float | None = None
    low: float | None = None
    high: float | None = None
    below: float | None = None
    above: float | None = None
    width: float | None = None


def calibration(rows: Judged) -> tuple[HorizonCalibration, ...]:
    """Return the calibration of every horizon."""
    followed = rows.followed
    return tuple(_of_horizon(followed, rows.p_fail[:, k], horizon) for k, horizon in enumerate(rows.horizons))


def coverage(rows: Judged, seed: int = 0) -> Coverage:
    """Return how often remaining life, clipped at the cap, lay within the interval.

    Args:
        rows: Forecasts with their answers.
        seed: Of the draws of lives.
    """
    reached, weight, answered = interval_answers(rows)
    lives = np.unique(rows.life[weight > 0])
    found = Coverage(answered, int((weight > 0).sum()), len(lives))
    if answered < LEAST_ANSWERED or not len(lives):
        return found
    below, above = reached < rows.low, reached > rows.high
    low, high = _interval(weight, ~below & ~above, rows.life, seed)
    return Coverage(
        answered,
        found.forecasts,
        found.lives,
        coverage=_share(weight, ~below & ~above),
        low=low,
        high=high,
        below=_share(weight, below),
        above=_share(weight, above),
        width=float(np.average(rows.high - rows.low, weights=rows.held)),
    )


def interval_answers(rows: Judged) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return remaining life up to the cap, the weight of each row, 0 where it is hidden, and the share answered.

    Args:
        rows: Forecasts with their answers.

    Returns:
        Life units, shape (batch,); weights, shape (batch,); share of all forecasts that those known speak for.
    """
    reached = np.minimum(rows.lived, rows.cap)
    is_known = rows.is_failure | (rows.lived >= rows.cap)
    alike = rows.followed
    # Whoever reaches the cap has answered there: nothing is censored beyond.
    weight, answered = Followed(reached, is_known, alike.weight, alike.stratum).known(is_known, reached)
    return reached, weight, answered


def _of_horizon(followed: Followed, chance: NDArray[np.float64], horizon: float) -> HorizonCalibration:
    failed, weight, answered = followed.answered(horizon)
    known = weight > 0
    found = HorizonCalibration(horizon, answered, int(known.sum()), int((failed & known).sum()))
    if answered < LEAST_ANSWERED or not known.any():
        return found
    groups = _groups(chance, failed, weight)
    return HorizonCalibration(
        horizon,
        answered,
        found.forecasts,
        found.failures,
        forecast=float(np.average(chance, weights=weight)),
        observed=_share(weight, failed),
        error=sum(each.share * abs(each.forecast - each.observed) for each in groups),
        brier=float(np.average(np.square(chance - failed), weights=weight)),
        groups=groups,
    )


def _groups(chance: NDArray[np.float64], failed: NDArray[np.bool_], weight: NDArray[np.float64]) -> tuple[Group, ...]:
    """Return groups of about equal weight; forecasts of one probability are never parted."""
    order = np.argsort(chance, kind="stable")
    order = order[weight[order] > 0]
    place = np.cumsum(weight[order]) - 0.5 * weight[order]
    number = np.minimum((place / weight[order].sum() * _GROUPS).astype(np.int64), _GROUPS - 1)
    _, same = np.unique(chance[order], return_inverse=True)
    number = number[np.searchsorted(same, same)]  # that of the first of the same probability
    total, groups = float(weight.sum()), []
    for each in np.unique(number):
        rows = order[number == each]
        part = float(weight[rows].sum())
        groups.append(
            Group(
                float(np.average(chance[rows], weights=weight[rows])), _share(weight[rows], failed[rows]), part / total
            )
        )
    return tuple(groups)


def _share(weight: NDArray[np.float64], holds: NDArray[np.bool_]) -> float:
    return float(weight[holds].sum() / weight.sum())


def _interval(
    weight: NDArray[np.float64], holds: NDArray[np.bool_], life: NDArray[np.int64], seed: int
) -> tuple[float, float]:
    """Return the 95 % interval of a share, drawn over whole lives: forecasts of one life err together."""
    _, index = np.unique(life, return_inverse=True)
    parts = np.stack([np.bincount(index, weight * holds), np.bincount(index, weight)])
    parts = parts[:, parts[1] > 0]
    picks = np.random.default_rng(seed).integers(0, parts.shape[1], (_DRAWS, parts.shape[1]))
    drawn = parts[:, picks].sum(axis=2)
    low, high = np.quantile(drawn[0] / drawn[1], [0.025, 0.975])
    return float(low), float(high)
