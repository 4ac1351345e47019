"""Forecasts with their answers as arrays: the rows that every figure of a report is taken on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.forecasts import Forecast, RemainingLife
from features.domain.scores import ForecastScore, Outcome
from models.prognosis.ledger.censoring import Followed

WARNED = 0.5
"""From this probability on a failure is more likely than not."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Forecasts and what became of them, one row each, by life and time of issue.

    Attributes:
        horizons: Life units, shortest first. Shape (horizon,).
        p_fail: Shape (batch, horizon).
        low: p05, life units. Shape (batch,), like all below.
        median: p50, life units.
        high: p95, life units.
        cap: Longest remaining life told apart, life units.
        lived: Life from issue to the end of the life, or as far as it is known, life units.
        age: Life at issue, life units.
        is_failure: Whether the life ended in a failure.
        is_replaced: Whether it ended in a preventive replacement.
        held: How long it was in force, seconds.
        issued: When it was issued, seconds since 1970.
        until: When the life ended, or the moment up to which it is known, seconds since 1970.
        life: Index of the life.
    """

    horizons: tuple[float, ...]
    p_fail: NDArray[np.float64]
    low: NDArray[np.float64]
    median: NDArray[np.float64]
    high: NDArray[np.float64]
    cap: NDArray[np.float64]
    lived: NDArray[np.float64]
    age: NDArray[np.float64]
    is_failure: NDArray[np.bool_]
    is_replaced: NDArray[np.bool_]
    held: NDArray[np.float64]
    issued: NDArray[np.float64]
    until: NDArray[np.float64]
    life: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lived)

    @property
    def lives(self) -> int:
        """Lives of which there is a forecast."""
        return len(np.unique(self.life))

    @property
    def followed(self) -> Followed:
        """How long the rows are followed; those that warn are followed differently from those that do not."""
        return Followed(self.lived, self.is_failure, self.held, (self.p_fail[:, -1] >= WARNED).astype(np.int64))

    @property
    def by_life(self) -> list[NDArray[np.int64]]:
        """The rows of each life in the order of their issue."""
        if not len(self):
            return []
        order = np.argsort(self.life, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(self.life[order])) + 1)


def judged(pairs: Sequence[tuple[Forecast, ForecastScore]]) -> list[Judged]:
    """Return the forecasts as arrays, those with the same horizons together, the largest group first.

    Args:
        pairs: Forecasts of status `ok` with their scores, in any order.
    """
    groups: dict[tuple[float, ...], list[tuple[Forecast, RemainingLife, ForecastScore]]] = {}
    for forecast, score in pairs:
        horizons = tuple(sorted(each.horizon for each in forecast.horizons))
        if forecast.life is not None and horizons:
            groups.setdefault(horizons, []).append((forecast, forecast.life, score))
    return [_arrays(horizons, rows) for horizons, rows in sorted(groups.items(), key=lambda each: -len(each[1]))]


def _arrays(horizons: tuple[float, ...], rows: list[tuple[Forecast, RemainingLife, ForecastScore]]) -> Judged:
    rows.sort(key=lambda row: (row[2].asset, row[2].life_number, row[2].issued_at, row[0].id))
    names = {name: place for place, name in enumerate(dict.fromkeys((r[2].asset, r[2].life_number) for r in rows))}
    p_fail = [[each.probability for each in sorted(row[0].horizons, key=lambda each: each.horizon)] for row in rows]

    def numbers(values: list[float]) -> NDArray[np.float64]:
        return np.array(values, np.float64)

    return Judged(
        horizons=horizons,
        p_fail=np.array(p_fail, np.float64),
        low=numbers([life.p05 for _, life, _ in rows]),
        median=numbers([life.p50 for _, life, _ in rows]),
        high=numbers([life.p95 for _, life, _ in rows]),
        cap=numbers([life.cap for _, life, _ in rows]),
        lived=numbers([score.lived for *_, score in rows]),
        age=numbers([score.age for *_, score in rows]),
        is_failure=np.array([score.outcome is Outcome.FAILURE for *_, score in rows], np.bool_),
        is_replaced=np.array([score.outcome is Outcome.REPLACED for *_, score in rows], np.bool_),
        held=numbers([score.held_seconds for *_, score in rows]),
        issued=numbers([score.issued_at.timestamp() for *_, score in rows]),
        until=numbers([score.until.timestamp() for *_, score in rows]),
        life=np.array([names[score.asset, score.life_number] for *_, score in rows], np.int64),
    )
