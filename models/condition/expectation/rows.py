"""Rows of one machine with the worth of every reading, as state detection is fitted on and run over."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.answer import NOTHING_BESIDE, Circumstances, ConditionAnswer, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import initial_condition
from features.transforms.condition.step import advance


@dataclass(frozen=True, slots=True)
class MachineRows:
    """Rows of one machine in time order, in the order of a table's signals.

    Attributes:
        seconds: Not descending. Shape (row,).
        values: NaN where not measured. Shape (row, signal).
        quality: Places of `features.quality.verdicts.Verdict`. Shape (row, signal).
        points: Places in `features.quality.holding.NAMUR_CODES`. Shape (row, signal).
        circumstances: Of each row; None where nothing is known of any.
    """

    seconds: NDArray[np.float64]
    values: NDArray[np.float64]
    quality: NDArray[np.int8]
    points: NDArray[np.int8]
    circumstances: Sequence[Circumstances] | None = None

    def __len__(self) -> int:
        return len(self.seconds)

    @staticmethod
    def sound(seconds: NDArray[np.float64], values: NDArray[np.float64]) -> "MachineRows":
        """Return rows of which every reading is taken to be good."""
        return MachineRows(seconds, values, np.zeros(values.shape, np.int8), np.zeros(values.shape, np.int8))

    def row(self, place: int) -> ConditionRow:
        """Return one row as the step takes it."""
        known = NOTHING_BESIDE if self.circumstances is None else self.circumstances[place]
        return ConditionRow(
            float(self.seconds[place]), self.values[place], self.quality[place], self.points[place], known
        )


def judge_rows(model: ConditionModel, machine: MachineRows) -> list[ConditionAnswer]:
    """Judge the rows of a machine from its first on: the streaming step, run over time."""
    state = initial_condition(model)
    return [advance(model, state, machine.row(place)) for place in range(len(machine))]
