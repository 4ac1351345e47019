"""Penalty and reward, so that neither verdicts nor states flicker.

A lasting fault is over after several good readings, and a measuring point changes its state (NAMUR NE 107) after
several bad ones.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from features.quality.plan import Plan
from features.quality.state import FloatArray, IntArray, QualityState
from features.quality.verdicts import Namur, Verdict

BoolArray = NDArray[np.bool_]

NAMUR_CODES: tuple[Namur, ...] = (
    Namur.NORMAL,
    Namur.FAILURE,
    Namur.CHECK_FUNCTION,
    Namur.OUT_OF_SPECIFICATION,
    Namur.MAINTENANCE_REQUIRED,
)
"""The place in this table is the number that states are counted by."""

NAMUR_OF_VERDICT: dict[Verdict, Namur] = {
    Verdict.GOOD: Namur.NORMAL,
    Verdict.RANGE: Namur.OUT_OF_SPECIFICATION,
    Verdict.RATE: Namur.OUT_OF_SPECIFICATION,
    Verdict.FLAT: Namur.FAILURE,
    Verdict.SPIKE: Namur.MAINTENANCE_REQUIRED,
    Verdict.NOISE: Namur.MAINTENANCE_REQUIRED,
    Verdict.UNIT: Namur.CHECK_FUNCTION,
    Verdict.SWAPPED: Namur.CHECK_FUNCTION,
    Verdict.CLOCK: Namur.CHECK_FUNCTION,
    Verdict.REPLAYED: Namur.CHECK_FUNCTION,
}
"""Failure: the output cannot be used. Check function: it is temporarily not what its name says. Out of specification:
the instrument, or the process, is outside of what it was made for. Maintenance required: usable, but not for long."""

_CODES = np.array([NAMUR_CODES.index(NAMUR_OF_VERDICT[verdict]) for verdict in sorted(Verdict)], np.int64)
_FAILED = NAMUR_CODES.index(Namur.FAILURE)
_LASTING = np.isin(np.arange(len(_CODES)), [Verdict.FLAT, Verdict.UNIT, Verdict.SWAPPED, Verdict.NOISE, Verdict.RATE])
_DISTRUSTED = np.isin(np.arange(len(_CODES)), [Verdict.FLAT, Verdict.UNIT, Verdict.NOISE])
_FORGIVEN, _MOST, _ISOLATED = 0.05, 6.0, 3.0


class PointRuns(Protocol):
    """What the state of measuring points hangs on; a `QualityState` has it. Shapes (asset, signal)."""

    missing: IntArray
    bad_run: IntArray
    good_run: IntArray
    demerits: FloatArray
    namur: IntArray


def hold(plan: Plan, state: QualityState, verdict: IntArray, present: BoolArray) -> IntArray:
    """Return the verdicts with lasting faults held until enough good readings came. Shape (asset, signal)."""
    is_good = present & (verdict == 0)
    is_broken = present | (state.missing >= plan.parameters.missing_rows)
    good_run = np.where(is_good, state.good_run + 1, np.where(is_broken, 0, state.good_run))
    stays = is_good & _LASTING[state.verdict] & (good_run < plan.parameters.reward)
    held = np.where(stays, state.verdict, verdict)
    state.good_run[...] = good_run
    state.verdict[...] = np.where(present, held, state.verdict)
    count_bad(state, held, present)
    return held


def count_bad(state: PointRuns, held: IntArray, present: BoolArray) -> None:
    """Count bad readings: those in a row, and isolated ones, which good ones make up for."""
    bad = present & (held != 0)
    state.bad_run[...] = np.where(bad, state.bad_run + 1, np.where(present, 0, state.bad_run))
    earned = np.where(
        bad & ~_LASTING[held], state.demerits + 1.0, np.where(present, state.demerits - _FORGIVEN, state.demerits)
    )
    state.demerits[...] = np.clip(earned, 0.0, _MOST)


def rate_points(plan: Plan, state: PointRuns, held: IntArray) -> IntArray:
    """Return the state of every measuring point, as places in `NAMUR_CODES`. Shape (asset, signal)."""
    bad = held != 0
    is_bad = bad & ((state.bad_run >= plan.parameters.penalty) | (state.demerits >= _ISOLATED))
    is_over = (state.good_run >= plan.parameters.reward) & (state.demerits < _ISOLATED) & (state.missing == 0)
    code = np.where(is_bad, _CODES[held], np.where(is_over, 0, state.namur))
    code = np.where(state.missing >= plan.parameters.missing_rows, _FAILED, code)
    state.namur[...] = code
    return code


def lasts(verdicts: IntArray) -> BoolArray:
    """Say which verdicts stand for faults that are over only after several good readings."""
    return _LASTING[verdicts]


def is_distrusted(verdicts: IntArray) -> BoolArray:
    """Say which verdicts stand for faults that last and are understood: the others are judged without the signal."""
    return _DISTRUSTED[verdicts]
