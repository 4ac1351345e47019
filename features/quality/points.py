"""The states of measuring points (NAMUR NE 107), followed from what is stored of readings: which came, and their worth.

Whoever judges readings (`features.quality.step`) knows these states as well, but what is stored of them is the newest
alone. They hang on nothing but verdicts and on which readings came, so that whoever looks at stored rows finds again
what was so at each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from features.quality.arrivals import follow_missing
from features.quality.holding import count_bad, lasts, rate_points
from features.quality.plan import Plan
from features.quality.rules import QualityRules
from features.quality.state import FloatArray, IntArray
from features.quality.verdicts import Verdict

BoolArray = NDArray[np.bool_]


@dataclass(slots=True)
class PointMemory:
    """What is remembered of the measuring points of one machine; names are those of `QualityState`.

    Attributes:
        rows: Shape (1,).
        presence: How often each signal is there. This and all others: shape (1, signal).
        verdict: Verdict of the newest reading that was no replay.
    """

    rows: IntArray
    presence: FloatArray
    missing: IntArray
    verdict: IntArray
    bad_run: IntArray
    good_run: IntArray
    demerits: FloatArray
    namur: IntArray

    def copy(self) -> "PointMemory":
        """Return an independent copy."""
        return PointMemory(*[array.copy() for array in _arrays_of(self)])

    @property
    def is_calm(self) -> bool:
        """Whether nothing was wrong lately."""
        return not any(map(np.count_nonzero, (self.namur, self.verdict, self.bad_run, self.demerits)))


_arrays_of = attrgetter(*(each.name for each in fields(PointMemory)))


def initial_points(signals: int) -> PointMemory:
    """Return what is known of measuring points before the first row."""
    whole = [np.zeros((1, signals), np.int64) for _ in range(5)]
    return PointMemory(
        rows=np.zeros(1, np.int64),
        presence=np.ones((1, signals)),
        missing=whole[0],
        verdict=whole[1],
        bad_run=whole[2],
        good_run=whole[3],
        demerits=np.zeros((1, signals)),
        namur=whole[4],
    )


def follow_points(plan: Plan, memory: PointMemory, verdicts: NDArray[np.int8], present: BoolArray) -> IntArray:
    """Take a row, and return the state of each measuring point after it.

    Args:
        plan: Of the rules that readings were judged by.
        memory: Changed in place.
        verdicts: Places of `Verdict` as they are stored; GOOD where nothing was measured. Shape (1, signal).
        present: Which readings came. Shape (1, signal).

    Returns:
        Places in `holding.NAMUR_CODES`. Shape (1, signal).
    """
    follow_missing(memory, present)
    memory.rows += 1
    if memory.is_calm and not np.count_nonzero(verdicts) and not np.count_nonzero(memory.missing):
        memory.good_run += present
        return memory.namur.copy()
    held = verdicts.astype(np.int64)
    is_good = present & (held == 0)
    is_broken = present | (memory.missing >= plan.parameters.missing_rows)
    is_over = is_good & lasts(memory.verdict)  # a lasting fault is held until this many good readings came
    counted = np.where(is_over, plan.parameters.reward, memory.good_run + 1)
    memory.good_run[...] = np.where(is_good, counted, np.where(is_broken, 0, memory.good_run))
    memory.verdict[...] = np.where(present & (held != Verdict.REPLAYED), held, memory.verdict)
    count_bad(memory, held, present)
    return rate_points(plan, memory, held).copy()


def reset_points(rules: QualityRules, memory: PointMemory, signals: Sequence[str]) -> None:
    """Forget the faults of some signals, as after a sensor was replaced; see `state.reset`."""
    chosen = np.array([name in set(signals) for name in rules.names], np.bool_)
    for array in (memory.verdict, memory.bad_run, memory.missing, memory.namur, memory.demerits):
        array[:, chosen] = 0
