"""Remaining life as a curve, made again from what a forecast says: its horizons, its median and its mean.

Between two points of which the probability is told the hazard is constant. From the last one to the cap it is the
constant that gives the mean life which the forecast tells.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.forecasts import Forecast, ForecastStatus

_MOST = 1.0 - 1e-9
_NEAR = 1e-9
"""Two lives so close together, as a share of the cap, are one."""

_HALVINGS = 80


@dataclass(frozen=True, slots=True)
class RemainingCurve:
    """A distribution of remaining life with a hazard that is constant between points.

    Attributes:
        times: The points, life units from issue, from 0 to the cap. Shape (time,).
        hazards: Hazard from each point to the next, per life unit. Shape (time - 1,).
    """

    times: NDArray[np.float64]
    hazards: NDArray[np.float64]

    @property
    def cap(self) -> float:
        """The longest remaining life told apart, life units."""
        return float(self.times[-1])

    def survival(self, life: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability to outlive so much, up to the cap. Shape (time,)."""
        return np.asarray(np.exp(-self._cumulative(life)), np.float64)

    def expected(self, life: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much of so much life is lived on average: ∫ S up to there, life units. Shape (time,)."""
        at = np.clip(life, 0.0, self.cap)
        starts, ends = self.times[:-1], self.times[1:]
        lengths = np.clip(at[:, None] - starts, 0.0, ends - starts)
        begun = self.survival(starts)
        return np.asarray((begun * _lived(lengths, self.hazards)).sum(axis=1), np.float64)

    def _cumulative(self, life: NDArray[np.float64]) -> NDArray[np.float64]:
        at = np.clip(life, 0.0, self.cap)
        starts, ends = self.times[:-1], self.times[1:]
        return np.asarray((np.clip(at[:, None] - starts, 0.0, ends - starts) * self.hazards).sum(axis=1), np.float64)


def remaining_curve(forecast: Forecast) -> RemainingCurve | None:
    """Return the curve behind a forecast, or None where it carries no numbers."""
    life = forecast.life
    if forecast.status is not ForecastStatus.OK or life is None or not forecast.horizons:
        return None
    points = {each.horizon: each.probability for each in forecast.horizons if each.horizon <= life.cap}
    if life.p50 < life.cap and all(abs(life.p50 - known) > _NEAR * life.cap for known in (0.0, *points)):
        points[life.p50] = 0.5
    times = np.array([0.0, *sorted(points)])
    failed = np.maximum.accumulate(np.clip([0.0, *(points[time] for time in times[1:])], 0.0, _MOST))
    hazards = np.diff(-np.log1p(-failed)) / np.diff(times)
    curve = RemainingCurve(times, hazards)
    if curve.cap >= life.cap * (1.0 - _NEAR):
        return curve
    lived = float(curve.expected(times[-1:])[0])
    tail = _tail(life.cap - curve.cap, (life.mean - lived) / (1.0 - float(failed[-1])))
    return RemainingCurve(np.append(times, life.cap), np.append(hazards, tail))


def _tail(length: float, lived: float) -> float:
    """Return the constant hazard under which so much of a stretch is lived on average; 0 where all of it is."""
    if lived >= length * (1.0 - _NEAR):
        return 0.0
    low, high = 0.0, 1.0 / max(lived, _NEAR * length)  # ∫ e^{-λt} never exceeds 1/λ
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        is_too_short = float(_lived(np.array([length]), np.array([middle]))[0]) < lived
        low, high = (low, middle) if is_too_short else (middle, high)
    return 0.5 * (low + high)


def _lived(lengths: NDArray[np.float64], hazards: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (1 - exp(-λ d)) / λ, which is d where λ is 0."""
    is_still = hazards * lengths < 1e-12
    safe = np.where(is_still, 1.0, hazards)
    return np.asarray(np.where(is_still, lengths, -np.expm1(-hazards * lengths) / safe), np.float64)
