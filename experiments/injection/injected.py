"""What comes of an injection: readings in order of arrival, and the truth beside them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.conditions import ConditionVerdict
from models.condition.history import History

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Truth:
    """What was injected.

    Attributes:
        kind: One of `KINDS`.
        verdict: What is right to say of it.
        from_seconds: True time of the first row concerned.
        to_seconds: True time of the last one.
        signals: Places of the signals concerned; all of them where whole rows are.
        severity: In standard deviations of a signal before the fault; None where the kind has no size.
    """

    kind: str
    verdict: ConditionVerdict
    from_seconds: float
    to_seconds: float
    signals: tuple[int, ...]
    severity: float | None


@dataclass(frozen=True, slots=True)
class Injected:
    """Telemetry with one fault. Rows lie in the order in which they arrive.

    Attributes:
        seconds: Times as written. Where a clock was off they may go back. Shape (row,).
        true_seconds: When the rows were measured, or sent, by a right clock. Shape (row,).
        readings: Shape (row, signal).
        covered: The readings that the fault concerns. Shape (row, signal). Rows that a gap took are in none.
        truth: What it was.
    """

    seconds: FloatArray
    true_seconds: FloatArray
    readings: FloatArray
    covered: BoolArray
    truth: Truth

    @property
    def history(self) -> History:
        """The rows by their time as written, as a store would give them back."""
        order = np.argsort(self.seconds, kind="stable")
        return History(self.seconds[order], self.readings[order])
