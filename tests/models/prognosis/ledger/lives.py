"""Lives with a forecast every day by somebody who knows the distribution, and what became of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from features.domain.events import EventKind, LifeEpoch
from features.domain.forecasts import Forecast
from features.domain.identifiers import AssetId
from features.domain.scores import ForecastScore
from models.prognosis.ledger.answers import Meter, answer
from tests.models.prognosis.forecasts import HOUR, MINE, T0, forecast_of

Survival = Callable[[float], float]


@dataclass(frozen=True)
class Known:
    """Weibull lives, hours; a forecaster who knows them says the truth at every age."""

    shape: float = 3.0
    scale: float = 1200.0

    def after(self, age: float) -> Survival:
        return lambda life: float(np.exp((age / self.scale) ** self.shape - ((age + life) / self.scale) ** self.shape))


def hours(life: LifeEpoch) -> Meter:
    return lambda moments: np.array([(each - life.started_at) / HOUR for each in moments])


def epoch(asset: str, length: float | None, end: EventKind | None = EventKind.FAILURE, number: int = 0) -> LifeEpoch:
    ended = None if length is None else T0 + length * HOUR
    return LifeEpoch(MINE, AssetId(asset), number, T0, ended, None if length is None else end)


def scored_life(
    asset: str,
    length: float,
    end: EventKind | None,
    survival_at: Callable[[float], Survival],
    every: float = 24.0,
    valid_hours: float = 24.0,
) -> list[tuple[Forecast, ForecastScore]]:
    """A life of so many hours; without an end it goes on, and is known so far."""
    issued = [
        forecast_of(survival_at(hour), hour, asset=asset, valid_hours=valid_hours)
        for hour in np.arange(0.0, length, every).tolist()
    ]
    life = epoch(asset, None if end is None else length, end)
    found = answer([life], issued, hours, T0 + length * HOUR)
    by_id = {each.forecast: each for each in found.scores}
    return [(each, by_id[each.id]) for each in issued]
