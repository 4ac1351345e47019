"""Calibrates the intervals of a trained network on machines that its members had not seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import LifeGrid, Pack
from models.calibration.censoring import life_weights
from models.calibration.evidence import Alike, Evidence
from models.calibration.levels import FittedLevels, LevelRule, fit_levels
from models.prognosis.folds import rows_per_life
from models.prognosis.targets import LabelledVectors

ROWS_PER_LIFE = 10

FEWEST_LIVES = 60
"""Lives with a known end from which a regime and stage of life gets levels of its own. The miss rate would be content
with nine; below some sixty the levels wander more from fleet to fleet than regimes differ."""


@dataclass(frozen=True, slots=True)
class DrawnRows:
    """Ten rows of each life, drawn uniformly from the ages at which it is judged: long lives do not outvote short ones.

    Attributes:
        index: Which rows. Shape (drawn,).
        weight: How much each stands for, 0 where its outcome is hidden (`models.calibration`). Shape (drawn,).
    """

    index: NDArray[np.int64]
    weight: NDArray[np.float64]


def draw_rows(rows: LabelledVectors, first_age: float, cap: float, seed: int) -> DrawnRows:
    """Draw the rows by which intervals are calibrated or judged.

    Args:
        rows: Labelled rows, lives cut off among them.
        first_age: Rows younger than this are not drawn, life units.
        cap: Longest remaining life told apart, life units.
        seed: Of the draw.
    """
    old = np.flatnonzero(rows.age >= first_age)
    part = rows.take(old)
    if not old.size:
        return DrawnRows(old, np.empty(0))
    weight = life_weights(part.remaining, part.is_failure, part.age, part.life_id, cap)
    drawn = rows_per_life(part.life_id, part.age, first_age, ROWS_PER_LIFE, seed)
    return DrawnRows(old[drawn], weight[drawn])


def level_rule(pack: Pack, regimes: int) -> LevelRule:
    """Return how the intervals of a pack are calibrated: for each operating regime and each stage of life.

    Stages are told by the horizons that the pack forecasts for: a machine whose predicted median lies within a week
    is in another stage than one with months to go.

    Args:
        pack: Says the horizons.
        regimes: Number of operating regimes that training machines ran in.
    """
    edges = tuple(horizon for horizon in pack.horizons if horizon < pack.grid.cap)
    return LevelRule(stage_edges=edges, regimes=regimes, fewest=FEWEST_LIVES)


def calibrate(
    unseen: NDArray[np.float64], rows: LabelledVectors, grid: LifeGrid, first_age: float, rule: LevelRule, seed: int
) -> FittedLevels:
    """Return the levels at which intervals hold as promised, every life counting alike.

    Args:
        unseen: Each row's survival by members that have not seen its machine. Shape (batch, time).
        rows: The rows.
        grid: The pack's life grid.
        first_age: Calibrate on rows from this age on, life units.
        rule: How to calibrate.
        seed: Of the draw of rows.
    """
    drawn = draw_rows(rows, first_age, grid.cap, seed)
    part = rows.take(drawn.index)
    evidence = Evidence.of_units(part.life_id, drawn.weight, Alike.ROWS)
    return fit_levels(unseen[drawn.index], grid.step, part.remaining, evidence, rule, part.regime)
