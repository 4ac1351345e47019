"""A path to a declared threshold: how far the signal still has to go, at a rate learned from other machines.

Where a pack declares that failure is a signal crossing a level, a few lives are enough: remaining life is the margin
left over the rate at which it is used up (general path model: Lu & Meeker 1993, "Using degradation measures to
estimate a time-to-failure distribution", Technometrics 35(2)). The rate is that of other machines, shrunk towards the
machine's own as it grows old; how far is chosen on lives left out.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from features.domain.packs import FailureThreshold, LifeGrid
from features.transforms.families.family import window_name
from features.transforms.specification import FeatureSpecification
from models.prognosis.targets import LabelledVectors

_TRUSTS = (0.25, 0.5, 1.0, 2.0, 4.0, 1e6)
"""Candidates for the life, in mean lives, at which a machine's own rate counts as much as that of the others."""

_PRIOR_SPREAD, _PRIOR_LIVES = 0.25, 1.0
"""Relative spread of remaining life that is believed before any life is left out, and how many lives it is worth."""

_FLOOR = 0.05
_LARGEST_MARGIN = 4.0


@dataclass(frozen=True, slots=True)
class PathReading:
    """Where a feature vector tells of the signal and of its threshold.

    Attributes:
        level: Column of the signal's newest mean, in standard deviations.
        base: Column of the mean of its beginning.
        scale: Units of the signal per standard deviation, negative where it fails above the level.
        offset: Margin at a mean of zero, in units of the signal.
        baseline: Length of the beginning, life units.
    """

    level: int
    base: int
    scale: float
    offset: float
    baseline: float

    @staticmethod
    def of(specification: FeatureSpecification, threshold: FailureThreshold) -> "PathReading":
        """Find the columns of a specification that has one regime for all.

        Raises:
            ValueError: If the specification has conditions, or the signal is none of its sensors.
        """
        if specification.conditions:
            raise ValueError("A threshold must belong to a pack without regimes; found conditions. Leave them out.")
        place, names = specification.sensors.index(threshold.signal), specification.names
        newest = window_name(f"{threshold.signal}__mean", specification.rule.windows[0])
        sign = 1.0 if threshold.is_below else -1.0
        mean, scale = specification.regimes.means[0][place], specification.regimes.scales[0][place]
        base = names.index(f"{threshold.signal}__base_mean")
        offset = sign * (mean - threshold.level)
        return PathReading(names.index(newest), base, sign * scale, offset, specification.rule.baseline)

    def margin(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what is left to the threshold, units of the signal, NaN where unknown. Shape (batch,)."""
        return np.asarray(self.offset + self.scale * vectors[:, self.level].astype(np.float64), np.float64)

    def lost(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what was used up since the beginning, units of the signal. Shape (batch,)."""
        return self.offset + self.scale * vectors[:, self.base].astype(np.float64) - self.margin(vectors)


@dataclass(frozen=True, slots=True)
class PathFit:
    """What the lives of other machines taught.

    Attributes:
        rate: Margin used up per life unit, units of the signal.
        trust: Age beyond which the machine's own rate outweighs it, life units.
        spread: Standard deviation of remaining life over its expectation.
        floor: Added to the expectation before the spread is taken, life units.
        lives: Lives that ended in a failure.
    """

    rate: float
    trust: float
    spread: float
    floor: float
    lives: int


class PathSurvival(nn.Module):
    """Survival from a vector: remaining life is normal around margin over rate, and positive."""

    def __init__(self, reading: PathReading, fit: PathFit, grid: LifeGrid) -> None:
        super().__init__()
        self.reading, self.fit = reading, fit
        self.ends = nn.Buffer(torch.arange(1, grid.steps + 1, dtype=torch.float32) * grid.step)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return survival at each step's end. From (batch, feature) to (batch, time)."""
        reading, fit = self.reading, self.fit
        whole = fit.rate * fit.floor / _FLOOR  # what a new machine has, about
        age = _known(vectors[:, 0], 0.0).clamp(0.0, 1e3 * fit.floor / _FLOOR)
        expected = (whole - age * fit.rate).clamp_min(0.0)
        level = reading.offset + reading.scale * vectors[:, reading.level]
        margin = _known(level, expected).clamp(0.0, _LARGEST_MARGIN * whole)
        base = _known(reading.offset + reading.scale * vectors[:, reading.base], margin)
        lost = (base - margin).clamp(-_LARGEST_MARGIN * whole, _LARGEST_MARGIN * whole)
        span = age - 0.5 * age.clamp_max(reading.baseline)
        rate = ((fit.trust * fit.rate + lost) / (fit.trust + span)).clamp_min(_FLOOR * fit.rate)
        mean = (margin / rate)[:, None]
        deviation = fit.spread * (mean + fit.floor)
        alive = _normal(mean / deviation)
        return torch.minimum(_normal((mean - self.ends) / deviation) / alive, torch.ones(()))  # (batch, time)


def fit_path(rows: LabelledVectors, reading: PathReading) -> PathFit:
    """Learn rate, trust and spread from lives that ended in a failure.

    Args:
        rows: Labelled rows; lives that did not fail are looked at only for how long they lasted.
        reading: Where they tell of the signal.

    Raises:
        ValueError: If no life failed with a margin known and left before it.
    """
    lives = _lives(rows, reading)
    if not lives:
        raise ValueError("A path must have a life that failed with its signal measured; found none. Bring one.")
    length = float(np.mean([life.length for life in lives]))
    errors = {trust: _left_out(lives, trust * length) for trust in _TRUSTS} if len(lives) > 1 else {1.0: []}
    chosen = min(errors, key=lambda trust: sum(float(np.mean(each**2)) for each in errors[trust]))
    floor = _FLOOR * length
    relative = [float(np.mean((error / (mean + floor)) ** 2)) for error, mean in _pairs(lives, chosen * length)]
    variance = (_PRIOR_LIVES * _PRIOR_SPREAD**2 + sum(relative)) / (_PRIOR_LIVES + len(relative))
    widened = math.sqrt(variance * (1 + 1 / len(lives)))
    return PathFit(_rate(lives), chosen * length, widened, floor, len(lives))


@dataclass(frozen=True, slots=True)
class _Life:
    margin: NDArray[np.float64]
    lost: NDArray[np.float64]
    span: NDArray[np.float64]
    remaining: NDArray[np.float64]
    length: float


def _lives(rows: LabelledVectors, reading: PathReading) -> list[_Life]:
    margin, lost = reading.margin(rows.vectors), reading.lost(rows.vectors)
    usable = rows.is_failure & np.isfinite(margin) & np.isfinite(lost) & (margin > 0)
    found = []
    for life in np.unique(rows.life_id[usable]):
        own = usable & (rows.life_id == life)
        age, remaining = rows.age[own], rows.remaining[own]
        span = age - 0.5 * np.minimum(age, reading.baseline)
        found.append(_Life(margin[own], lost[own], span, remaining, float((age + remaining).max())))
    return found


def _rate(lives: list[_Life]) -> float:
    """Return margin over remaining life, by least squares on remaining life, every life counting alike."""
    squared = sum(float(np.mean(life.margin**2)) for life in lives)
    product = sum(float(np.mean(life.margin * life.remaining)) for life in lives)
    return squared / max(product, 1e-12)


def _expected(life: _Life, rate: float, trust: float) -> NDArray[np.float64]:
    own = np.maximum((trust * rate + life.lost) / (trust + life.span), _FLOOR * rate)
    return np.asarray(life.margin / own, np.float64)


def _pairs(lives: list[_Life], trust: float) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return error and expectation of each life by the rate of the others; nothing where there are no others."""
    found = []
    for place, life in enumerate(lives):
        others = lives[:place] + lives[place + 1 :]
        if others:
            mean = _expected(life, _rate(others), trust)
            found.append((mean - life.remaining, mean))
    return found


def _left_out(lives: list[_Life], trust: float) -> list[NDArray[np.float64]]:
    return [error for error, _ in _pairs(lives, trust)]


def _known(value: Tensor, otherwise: float | Tensor) -> Tensor:
    return torch.where(torch.isnan(value), torch.as_tensor(otherwise, dtype=value.dtype), value)


def _normal(value: Tensor) -> Tensor:
    """Return the standard normal distribution function, never quite 0."""
    return (0.5 * (1.0 + torch.erf(value / math.sqrt(2.0)))).clamp_min(1e-7)
