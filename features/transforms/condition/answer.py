"""What is asked and answered of one row: the way of the data, the cause of a deviation, and the numbers behind it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.domain.conditions import ConditionVerdict


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of a row beside its readings: how the data came, what is reported, how its neighbours do.

    Attributes:
        gateway_silent_seconds: How long nothing had come from the whole gateway before this row arrived, where that was
            longer than usual.
        rows_repeated: Rows since the row before that had been received already.
        rows_with_wrong_time: Rows since the row before whose time was found wrong on arrival.
        is_change_reported: Whether another way of running was reported since the row before.
        neighbours: Other machines behind the gateway of which something is known.
        neighbours_straying: Those of them that began to stray when this machine did (`Neighbours.company`).
    """

    gateway_silent_seconds: float = 0.0
    rows_repeated: int = 0
    rows_with_wrong_time: int = 0
    is_change_reported: bool = False
    neighbours: int = 0
    neighbours_straying: int = 0


NOTHING_BESIDE = Circumstances()
"""Of most rows nothing is known beside the readings."""


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One row of a machine.

    Attributes:
        seconds: Its time, seconds since EPOCH.
        values: In the order of the table's signals and in their units; NaN where not measured. Shape (signal,).
        quality: What each reading is worth, places of `features.quality.verdicts.Verdict`. Shape (signal,).
        points: State of each measuring point, places in `features.quality.holding.NAMUR_CODES`. Shape (signal,).
        circumstances: What is known beside the readings.
    """

    seconds: float
    values: NDArray[np.float64]
    quality: NDArray[np.int8]
    points: NDArray[np.int8]
    circumstances: Circumstances = NOTHING_BESIDE  # frozen

    def is_clean(self) -> bool:
        """Say whether every reading is there and good, and no measuring point at fault."""
        return (
            not is_marked(self.quality) and not is_marked(self.points) and math.isfinite(self.values.dot(self.values))
        )


class Evidence(NamedTuple):
    """A number that speaks for a verdict; a tuple, for a row of which causes are weighed makes a dozen of them.

    Attributes:
        verdict: What it speaks for.
        name: What the number is (`docs/condition.md` has the list).
        value: The number.
        signal: Which signal it is about, None for the machine.
    """

    verdict: ConditionVerdict
    name: str
    value: float
    signal: str | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a signal at fault would read, told by the others. It is an estimate and no measurement.

    Attributes:
        signal: The signal at fault.
        value: In its unit.
        deviation: Usual error of that, in its unit.
    """

    signal: str
    value: float
    deviation: float


@dataclass(frozen=True, slots=True)
class ConditionAnswer:
    """The state of a machine after a row.

    Attributes:
        verdict: What explains that readings are not as usual.
        score: How far sensors stray from what they should be; above 1 hardly ever happens in health. NaN where nothing
            can be compared.
        risk: The score, with silence counted in.
        seen_rows: Rows in operation that the machine's own usual behaviour was learnt from.
        shares: What each sensor has in the score; they add up to 1, NaN where nothing is known. Shape (sensor,).
        evidence: The numbers behind the verdict.
        estimates: What instruments at fault would read.
    """

    verdict: ConditionVerdict
    score: float
    risk: float
    seen_rows: int
    shares: NDArray[np.float64]
    evidence: tuple[Evidence, ...] = ()
    estimates: tuple[Estimate, ...] = ()

    def leading(self, sensors: Sequence[str]) -> str | None:
        """Return the sensor with most part in the score; None where nothing strays.

        Args:
            sensors: Of the table. Shape (sensor,).
        """
        known = np.where(np.isfinite(self.shares), self.shares, 0.0)
        return sensors[int(known.argmax())] if known.size and known.max() > 0.0 else None


def is_marked(codes: NDArray[np.int8]) -> bool:
    """Say whether any code differs from 0. Shape (any,).

    Examples:
        >>> is_marked(np.array([0, 0, 3], np.int8)), is_marked(np.zeros(3, np.int8))
        (True, False)
    """
    return bool(codes.tobytes().strip(b"\0"))
