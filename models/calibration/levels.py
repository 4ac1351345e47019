"""Calibrates the levels between which quantiles of a predicted distribution hold remaining life.

The score of a row is where its truth lies in its own predicted distribution (distributional conformal prediction,
Chernozhukov, Wüthrich & Zhu 2021, PNAS 118(48)), so the interval is wide where the network is unsure. Two ways:

- tails together: one half level q, the interval from quantile 0.5 - q to 0.5 + q; the miss rate is shared as it comes;
- tails apart: a level for each bound, each missed at most by its share; a forecast that errs to one side then has a
  bound that moved on that side alone.

What is promised, for a row of a new life (or machine: whatever the evidence names as unit): its remaining life, clipped
at the cap, lies within the interval at least as often as `coverage`, in every group that kept its own levels.
It holds for any network and any number of units if (1) units are exchangeable, those calibrated on with those to come;
(2) no unit helped to train the network that forecast it, nor to choose it; (3) no outcome is hidden. Where censoring
hides outcomes in the way that `models.calibration.censoring` asks for, the weights are estimated and the promise is
approximate; simulated fleets of 20 and more lives keep it on average.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from features.transforms.intervals import IntervalTable, stage_of
from features.transforms.survival import cumulative, quantile
from models.calibration.evidence import Evidence
from models.calibration.mondrian import Group, Key, mondrian_thresholds


class Tails(StrEnum):
    """Whether the miss rate is promised for both bounds together or for each by itself."""

    TOGETHER = "together"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class LevelRule:
    """How intervals are calibrated.

    Attributes:
        coverage: Share of lives to hold.
        tails: Whether both bounds share one half level.
        low_share: Share of the miss rate that the lower bound may have, where tails are apart; 0.5 is even.
        stage_edges: Predicted medians that part the stages of life, life units, ascending.
        regimes: Number of operating regimes with levels of their own.
        fewest: Units below which a group falls back, if more than the miss rate takes.
    """

    coverage: float = 0.9
    tails: Tails = Tails.TOGETHER
    low_share: float = 0.5
    stage_edges: tuple[float, ...] = ()
    regimes: int = 0
    fewest: int | None = None


@dataclass(frozen=True, slots=True)
class FittedLevels:
    """The calibrated table, and where each of its entries came from.

    Attributes:
        table: What a bundle carries.
        groups: By key (regime, stage): the group of each bound, lower first; one group twice where tails are together.
            The last regime stands for any other.
    """

    table: IntervalTable
    groups: dict[Key, tuple[Group, Group]]

    def to_rows(self) -> list[dict[str, object]]:
        """Return one row per group for people and artefacts: its levels, its units, and whose levels they are."""
        return [
            {
                "regime": regime if regime < self.table.regimes else None,
                "stage": stage,
                "low": self.table.low[regime][stage],
                "high": self.table.high[regime][stage],
                "units": low.units,
                "rows": low.rows,
                "levels_from": [_name(each.source, self.table.regimes) for each in (low, high)],
            }
            for (regime, stage), (low, high) in self.groups.items()
        ]


def fit_levels(
    survival: NDArray[np.float64],
    step: float,
    remaining: NDArray[np.float64],
    evidence: Evidence,
    rule: LevelRule,
    regime: NDArray[np.int64] | None = None,
) -> FittedLevels:
    """Calibrate a table of levels, one for each operating regime and stage of life.

    A group of one regime and stage with too few units takes the levels of the stage in all regimes, and that
    in turn the levels of all rows. With too few rows in all, the interval is the whole range from 0 to the cap.

    Args:
        survival: Predicted by models that have not seen the row's unit. Shape (batch, time).
        step: Life units.
        remaining: Remaining life to the end of the record, life units; at or beyond the cap counts as the cap. Rows
            of weight 0 are those whose outcome is hidden. Shape (batch,).
        evidence: Units and weights of the rows.
        rule: How to calibrate.
        regime: Operating regime of each row; None for one regime. Shape (batch,).

    Returns:
        The table with its groups.
    """
    row_regime = np.zeros(len(remaining), np.int64) if regime is None else regime
    stage = stage_of(quantile(survival, step, 0.5), rule.stage_edges)
    categories = np.stack([row_regime, stage], axis=1)
    keys: list[Key] = [(one, column) for one in range(rule.regimes + 1) for column in range(len(rule.stage_edges) + 1)]
    # The last row of the table is any other regime: no row is in it, so it takes the levels of the stage.
    categories[(row_regime < 0) | (row_regime >= rule.regimes), 0] = -1
    low_scores, high_scores = level_scores(survival, step, remaining)
    alpha = 1.0 - rule.coverage

    def thresholds(scores: NDArray[np.float64], share: float) -> dict[Key, Group]:
        return mondrian_thresholds(scores, categories, alpha * share, evidence, keys, rule.fewest)

    if rule.tails is Tails.TOGETHER:
        low = high = thresholds(np.maximum(0.5 - low_scores, high_scores - 0.5), 1.0)
        lows, highs = ([0.5 + sign * low[key].threshold for key in keys] for sign in (-1.0, 1.0))
    else:
        low, high = thresholds(-low_scores, rule.low_share), thresholds(high_scores, 1.0 - rule.low_share)
        lows, highs = [-low[key].threshold for key in keys], [high[key].threshold for key in keys]
    return FittedLevels(_table(rule, lows, highs), {key: (low[key], high[key]) for key in keys})


def level_scores(
    survival: NDArray[np.float64], step: float, remaining: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the highest lower level and the lowest upper level that hold each row's remaining life.

    The upper one is the row's place in its predicted distribution. The lower bound is rounded down to a step of the
    grid, so a life is held by every level up to the place where its own step ends. At the cap the distribution has a
    mass: such a life is held by any lower level, and by an upper level as soon as it reaches the cap.

    Args:
        survival: Shape (batch, time).
        step: Life units.
        remaining: Life units. Shape (batch,).

    Returns:
        Two arrays of shape (batch,), in 0..1.

    Examples:
        >>> low, high = level_scores(np.array([[0.8, 0.4], [0.8, 0.4]]), 10.0, np.array([15.0, 99.0]))
        >>> low.round(2).tolist(), high.round(2).tolist()
        ([0.6, 1.0], [0.4, 0.6])
    """
    cap = survival.shape[1] * step
    place = cumulative(survival, step, np.minimum(remaining, cap))
    step_end = (np.floor(remaining / step) + 1.0) * step
    low = cumulative(survival, step, np.minimum(step_end, cap))
    return np.asarray(np.where(remaining >= cap, 1.0, low), np.float64), place


def _table(rule: LevelRule, low: list[float], high: list[float]) -> IntervalTable:
    columns = len(rule.stage_edges) + 1
    lows = [min(max(level, 0.0), 0.5) if math.isfinite(level) else 0.0 for level in low]
    highs = [min(max(level, 0.5), 1.0) if math.isfinite(level) else 1.0 for level in high]
    starts = range(0, len(lows), columns)
    return IntervalTable(
        rule.coverage,
        rule.stage_edges,
        tuple(tuple(lows[start : start + columns]) for start in starts),
        tuple(tuple(highs[start : start + columns]) for start in starts),
        whole_steps=True,
    )


def _name(key: Key, regimes: int) -> str:
    match key:
        case ():
            return "all"
        case (stage,):
            return f"stage {stage}"
        case _:
            return f"regime {key[0]}, stage {key[1]}" if key[0] < regimes else f"stage {key[1]}"
