"""A machine whose relations are known: four sensors that follow load and air temperature, with a table to match."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.domain.conditions import ConditionVerdict
from features.transforms.condition.answer import ConditionAnswer, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState, initial_condition
from features.transforms.condition.step import advance
from features.transforms.condition.table import ConditionTable, ModeSigns

CONDITIONS, SENSORS = ("load", "air"), ("pressure", "current", "warmth", "vibration")
SLOPES = np.array([[0.8, 0.0], [1.2, 0.0], [0.3, 0.9], [0.0, 0.0]])
NOISE = 0.02
INTERVAL = 3600.0
LEVELS = np.array([10.0, 20.0, 30.0, 4.0])

TABLE = ConditionTable(
    conditions=CONDITIONS,
    sensors=SENSORS,
    floors=(None,) * 6,
    spans=(1.0,) * 6,
    running=None,
    running_above=0.0,
    interval_seconds=INTERVAL,
    regime_conditions=(),
    regime_centers=(),
    regime_radius=1.0,
    slopes=tuple(map(tuple, SLOPES.tolist())),
    slope_spreads=((0.1, 0.1),) * 4,
    noise=(NOISE,) * 4,
    covariance=tuple(map(tuple, (0.1 * np.eye(4)).tolist())),
    condition_spreads=(0.1, 0.1),
    condition_covariance=((1.0, 0.0), (0.0, 1.0)),
    scatter_limits=(2.5,) * 4,
    limit=20.0,
    condition_limit=15.0,
    mode_limit=16.0,
    modes=(ModeSigns("worn", (0.0, 0.0, 0.0, 0.0, 1.0, 1.0)),),
    components=(),
    machines=3,
    rows=1000,
)
MODEL = ConditionModel.of(TABLE)


def rows_of(
    count: int = 200, seed: int = 0, load: NDArray[np.float64] | None = None, interval: float = INTERVAL
) -> list[ConditionRow]:
    """Return rows of a sound machine; `load` is its way of being run, around 0."""
    rng = np.random.default_rng(seed)
    conditions = 0.05 * rng.standard_normal((count, 2)) + 1.0
    if load is not None:
        conditions[:, 0] += load
    values = np.concatenate([conditions, LEVELS + conditions @ SLOPES.T], axis=1)
    values[:, 2:] += NOISE * rng.standard_normal((count, 4))
    good = np.zeros(6, np.int8)
    return [ConditionRow(interval * number, row, good, good) for number, row in enumerate(values)]


def shifted(rows: list[ConditionRow], begin: int, shift: dict[str, float], grows: bool = False) -> list[ConditionRow]:
    """Return rows in which signals read otherwise from a row on, in noise; or ever more so."""
    by = np.array([shift.get(name, 0.0) for name in TABLE.signals]) * NOISE
    share = [min((place - begin) / 100.0, 1.0) if grows else 1.0 for place in range(len(rows))]
    return [
        row if place < begin else replace(row, values=row.values + share[place] * by) for place, row in enumerate(rows)
    ]


def judged(
    rows: Sequence[ConditionRow], state: ConditionState | None = None, model: ConditionModel = MODEL
) -> list[ConditionAnswer]:
    """Return the answers to rows, from the beginning or from a state on, which is changed."""
    state = initial_condition(model) if state is None else state
    return [advance(model, state, row) for row in rows]


def last_verdict(rows: Sequence[ConditionRow]) -> ConditionVerdict:
    """Return what is said after the last row."""
    return judged(rows)[-1].verdict


def company(model: ConditionModel, state: ConditionState, others: Sequence[ConditionState]) -> tuple[int, int]:
    """Return of how many others something is known, and how many of them began to stray with this machine."""
    within = model.parameters.smoothing * state.interval
    known = [other for other in others if state.seconds - other.seconds <= within and other.settled > 0]
    return len(known), sum(abs(other.strays_since - state.strays_since) <= within for other in known)
