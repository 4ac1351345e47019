"""The stream that state detection and its peers are timed on: machines whose sensors follow conditions, with noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState, initial_condition
from features.transforms.condition.together.step import Together
from models.condition.expectation.fitting import fit_condition
from models.condition.expectation.layout import ConditionLayout
from models.condition.expectation.rows import MachineRows

Rows = NDArray[np.float64]

LEARNT, STREAMED, FAULTY = 300, 240, 60
"""Rows of each machine to learn from, rows that are timed, and how many of these, the last, have a fault in them."""

_INTERVAL = 3600.0
_TEACHING = 12
"""So many machines teach what all have in common, as in training."""


@dataclass(frozen=True, slots=True)
class ConditionLoad:
    """How much is streamed.

    Attributes:
        machines: How many machines; a thousand behind twenty gateways are fifty behind each.
        peers: How many of them scikit-learn is timed on: it takes them one at a time, and a row as long for each.
        signals: Of each; a fifth are conditions.
        seed: Of everything random.
        runs: How often each way is timed; medians count.
    """

    machines: int = 50
    peers: int = 5
    signals: int = 20
    seed: int = 0
    runs: int = 3


@dataclass(frozen=True, slots=True)
class Drawn:
    """Machines with their rows: conditions, then sensors.

    Attributes:
        layout: Which signals.
        rows: For each machine those to learn from, then those that are streamed. Shape (row, signal).
        teachers: Rows of machines from which it is learnt what all have in common.
    """

    layout: ConditionLayout
    rows: tuple[Rows, ...]
    teachers: tuple[Rows, ...]

    def first(self, machines: int) -> "Drawn":
        """Return the first of the machines; their teachers are the same."""
        return Drawn(self.layout, self.rows[:machines], self.teachers)


def draw(load: ConditionLoad) -> Drawn:
    """Draw machines; a third of the sensors read higher in the last rows, by eight times their noise."""
    conditions = max(load.signals // 5, 1)
    sensors = load.signals - conditions
    generator = np.random.default_rng(load.seed)
    slopes = generator.normal(size=(conditions, sensors))
    count, rows = LEARNT + STREAMED, []
    for _ in range(load.machines):
        run = np.cumsum(generator.normal(size=(count, conditions)), axis=0)
        run = 0.1 * (run - run.mean(axis=0)) / run.std(axis=0)
        own = slopes * (1.0 + 0.05 * generator.normal(size=slopes.shape))
        read = generator.normal(size=sensors) + run @ own + 0.02 * generator.normal(size=(count, sensors))
        read[count - FAULTY :, : max(sensors // 3, 1)] += 0.16
        rows.append(np.concatenate([run, read], axis=1))
    names = tuple(f"s{number}" for number in range(load.signals))
    layout = ConditionLayout(
        conditions=names[:conditions],
        sensors=names[conditions:],
        floors=(None,) * load.signals,
        spans=(1.0,) * load.signals,
        running=None,
        running_above=0.0,
        regime_conditions=(),
        regime_tolerance=1.0,
        modes=(),
    )
    return Drawn(layout, tuple(rows), tuple(rows[:_TEACHING]))


def fitted(drawn: Drawn) -> tuple[ConditionModel, list[ConditionState]]:
    """Fit the table on the first rows of machines, and let each state learn those of its own machine."""
    learnt, taught = (
        [MachineRows.sound(_times(0, LEARNT), rows[:LEARNT]) for rows in machines]
        for machines in (drawn.rows, drawn.teachers)
    )
    model = ConditionModel.of(fit_condition(taught, drawn.layout))
    together = Together(model, [initial_condition(model) for _ in learnt])
    for place in range(LEARNT):
        together.advance([machine.row(place) for machine in learnt])
    return model, together.states()


def streamed(drawn: Drawn) -> list[MachineRows]:
    """Return the rows that are streamed, of each machine."""
    return [MachineRows.sound(_times(LEARNT, STREAMED), rows[LEARNT:]) for rows in drawn.rows]


def _times(first: int, count: int) -> Rows:
    """Return the times of rows from a place on, seconds. Shape (row,)."""
    return np.asarray(_INTERVAL * np.arange(first, first + count), np.float64)
