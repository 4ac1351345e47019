"""Life's answers: for every forecast in which life of its machine it was issued, and how long that went on.

Only a forecast with numbers can be right or wrong, so only the status `ok` is scored; all others are counted by their
status. A forecast is in force from its issue until the next one is issued for its machine, whatever that says, until
it expires, or until the life ends: for so long, and no longer, somebody may have acted on it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from features.domain.events import LifeEpoch
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.scores import ForecastScore, outcome_of

Meter = Callable[[Sequence[datetime]], NDArray[np.float64]]
"""Tells, for moments within one life, how much of it was lived by then, life units. Shape (time,)."""

OVERTAKEN, NO_LIFE = "overtaken", "no_life"
"""Of a forecast with numbers that nobody can score: made from readings of the life before, or issued in none."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What became of the forecasts of one asset.

    Attributes:
        scores: One for each forecast that can be scored, by time of issue.
        reasons: Why each other forecast, by its identity, is not scored: its status, `overtaken` or `no_life`.
    """

    scores: list[ForecastScore] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def unscored(self) -> Counter[str]:
        """How many forecasts are not scored, by why."""
        return Counter(self.reasons.values())


def answer(
    lives: Sequence[LifeEpoch],
    forecasts: Sequence[Forecast],
    meter_of: Callable[[LifeEpoch], Meter],
    as_of: datetime,
) -> Answers:
    """Score the forecasts of one asset.

    Args:
        lives: All its lives, by number.
        forecasts: All forecasts for it in the order of their issue.
        meter_of: Counts the life of an epoch.
        as_of: Up to when a life that goes on is known.
    """
    found = Answers()
    in_force_until = _in_force_until(forecasts)
    left = list(zip(forecasts, in_force_until, strict=True))
    for life in lives:
        until = as_of if life.ended_at is None else life.ended_at
        inside = [pair for pair in left if _is_within(pair[0], life, until)]
        left = [pair for pair in left if not _is_within(pair[0], life, until)]
        _score_life(found, life, until, inside, meter_of)
    for forecast, _ in left:
        found.reasons[forecast.id] = NO_LIFE if forecast.status is ForecastStatus.OK else forecast.status.value
    return found


def _in_force_until(forecasts: Sequence[Forecast]) -> list[datetime]:
    """Return until when each would be in force in a life without end."""
    following = [*(forecast.issued_at for forecast in forecasts[1:]), datetime.max.replace(tzinfo=UTC)]
    return [min(forecast.valid_until, moment) for forecast, moment in zip(forecasts, following, strict=False)]


def _is_within(forecast: Forecast, life: LifeEpoch, until: datetime) -> bool:
    # What is issued at the very moment a life ends belongs to none: there was nothing left to forecast.
    begins = forecast.issued_at >= life.started_at if life.number == 0 else forecast.issued_at > life.started_at
    return begins and forecast.issued_at < until


def _score_life(
    found: Answers,
    life: LifeEpoch,
    until: datetime,
    inside: Sequence[tuple[Forecast, datetime]],
    meter_of: Callable[[LifeEpoch], Meter],
) -> None:
    scored: list[tuple[Forecast, datetime]] = []
    for forecast, in_force_until in inside:
        if forecast.status is not ForecastStatus.OK:
            found.reasons[forecast.id] = forecast.status.value
        elif _is_overtaken(forecast, life):
            found.reasons[forecast.id] = OVERTAKEN
        else:
            scored.append((forecast, in_force_until))
    if not scored:
        return
    ages = meter_of(life)([*(forecast.issued_at for forecast, _ in scored), until])
    for (forecast, in_force_until), age in zip(scored, ages, strict=False):
        held = min(in_force_until, until) - forecast.issued_at
        found.scores.append(
            ForecastScore(
                tenant=forecast.tenant,
                forecast=forecast.id,
                asset=forecast.asset,
                life_number=life.number,
                issued_at=forecast.issued_at,
                until=until,
                outcome=outcome_of(life),
                age=float(age),
                lived=max(0.0, float(ages[-1] - age)),
                held_seconds=max(0.0, held.total_seconds()),
            )
        )


def _is_overtaken(forecast: Forecast, life: LifeEpoch) -> bool:
    """Say whether the newest reading behind a forecast is of the life before, whose end nobody knew of yet."""
    if forecast.age_of_data_seconds is None or life.number == 0:
        return False
    return forecast.issued_at - timedelta(seconds=forecast.age_of_data_seconds) <= life.started_at
