"""The batch twin of the streaming step: the same function, run over time, many lives at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.transforms.specification import FeatureSpecification
from features.transforms.state import FeatureState, initial_state
from features.transforms.step import StepPlan, advance


@dataclass(frozen=True, slots=True)
class LifeRows:
    """The readings of one life in time order.

    Attributes:
        time: Seconds since EPOCH, ascending. Shape (time,).
        values: In the order of `FeatureSpecification.signals`; NaN where not measured. Shape (time, channel).
    """

    time: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LifeFeatures:
    """The features of one life.

    Attributes:
        vectors: Shape (time, feature).
        life: Life units. Shape (time,).
        regime: -1 where unknown. Shape (time,).
        is_running: False where the row says nothing. Shape (time,).
        state: Packed state after the last row. Shape (size,).
    """

    vectors: NDArray[np.float32]
    life: NDArray[np.float64]
    regime: NDArray[np.int64]
    is_running: NDArray[np.bool_]
    state: NDArray[np.float64]


def compute(specification: FeatureSpecification, lives: Sequence[LifeRows]) -> list[LifeFeatures]:
    """Compute the features of many lives, each from its own beginning.

    Args:
        specification: What to compute.
        lives: One entry per life; they may differ in length.

    Returns:
        The features of each life, in the order given, one row per row of readings.
    """
    if not lives:
        return []
    plan = StepPlan.of(specification)
    time, values, is_present = _pad(lives, len(specification.signals))
    state = initial_state(specification, len(lives))
    shape = time.shape
    vectors = np.empty((*shape, len(specification.names)), np.float32)
    life, regime, is_running = np.empty(shape), np.empty(shape, np.int64), np.empty(shape, np.bool_)
    for row in range(shape[0]):
        result = advance(plan, state, time[row], values[row], is_present[row])
        vectors[row], life[row], regime[row], is_running[row] = (
            result.vectors,
            result.life,
            result.regime,
            result.is_running,
        )
    return _cut(lives, vectors, life, regime, is_running, state)


def _pad(
    lives: Sequence[LifeRows], channels: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    longest = max(len(rows.time) for rows in lives)
    time = np.full((longest, len(lives)), np.nan)
    values = np.full((longest, len(lives), channels), np.nan)
    is_present = np.zeros((longest, len(lives)), np.bool_)
    for index, rows in enumerate(lives):
        size = len(rows.time)
        time[:size, index], values[:size, index], is_present[:size, index] = rows.time, rows.values, True
    return time, values, is_present


def _cut(
    lives: Sequence[LifeRows],
    vectors: NDArray[np.float32],
    life: NDArray[np.float64],
    regime: NDArray[np.int64],
    is_running: NDArray[np.bool_],
    state: FeatureState,
) -> list[LifeFeatures]:
    packed = state.pack()
    return [
        LifeFeatures(
            vectors[: len(rows.time), index],
            life[: len(rows.time), index],
            regime[: len(rows.time), index],
            is_running[: len(rows.time), index],
            packed[index],
        )
        for index, rows in enumerate(lives)
    ]
