"""Fleets of known law: lives are Weibull, curves know their scale but not how sharply they end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP, STEPS = 5.0, 24
CAP = STEP * STEPS
GRID = STEP * np.arange(1, STEPS + 1)


@dataclass(frozen=True)
class Fleet:
    """Rows of lives with what was forecast. Every array but `survival` has shape (batch,)."""

    survival: NDArray[np.float64]
    truth: NDArray[np.float64]
    remaining: NDArray[np.float64]
    is_failure: NDArray[np.bool_]
    age: NDArray[np.float64]
    life: NDArray[np.int64]
    regime: NDArray[np.int64]


def weibull_fleet(
    lives: int,
    seed: int,
    believed: float = 2.0,
    shape: float = 3.0,
    censored_above: float | None = None,
    rows_per_life: int = 6,
) -> Fleet:
    """Make a fleet; a model believes another Weibull shape than is true, and in regime 1 lives shorter than they are.

    Args:
        lives: How many.
        seed: Of everything.
        believed: The shape that the model takes for true.
        shape: The true shape.
        censored_above: Lives are watched to an age drawn from a uniform law up to here; None for ever.
        rows_per_life: Rows drawn uniformly from the watched part of each life.
    """
    generator = np.random.default_rng(seed)
    scale = generator.uniform(60.0, 160.0, lives)
    length = scale * generator.weibull(shape, lives)
    watched = np.full(lives, np.inf) if censored_above is None else generator.uniform(5.0, censored_above, lives)
    end, is_failure = np.minimum(length, watched), length <= watched
    life = np.repeat(np.arange(lives), rows_per_life)
    age = end[life] * generator.random(len(life))
    regime = generator.integers(0, 2, len(life))
    taken = np.where(regime == 1, 0.6, 1.0) * scale[life]
    ahead = ((age[:, None] + GRID) / taken[:, None]) ** believed - (age / taken)[:, None] ** believed
    return Fleet(
        survival=np.asarray(np.exp(-ahead), np.float64),
        truth=length[life] - age,
        remaining=end[life] - age,
        is_failure=is_failure[life],
        age=age,
        life=life.astype(np.int64),
        regime=regime.astype(np.int64),
    )
