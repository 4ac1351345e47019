"""A gateway whose clock is wrong for a while: the times that it writes are, its rows arrive when they should.

A clock that was set by hand or has lost its time server is off by minutes or hours; one whose battery is empty starts
anew at 1970 or 2000 when the power comes back, and counts on from there. How often and how far is an assumption.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.arrays import IntArray
from pipelines.simulate.draft import Draft
from pipelines.simulate.path_faults.kind import SECOND_US, Window

_RESTARTS_US = (0, 946_684_800 * SECOND_US)
_RESTART_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class WrongClock:
    """A stretch in which the clock is ahead by `offset_us`, or behind where that is below 0."""

    kind: str
    begin_us: int
    end_us: int
    offset_us: int
    note: str

    @property
    def over_us(self) -> int:
        """When the clock is right again."""
        return self.end_us

    def befall(self, draft: Draft, code: int) -> IntArray:
        """Write wrong times; copies of a row carry the time of their original."""
        inside = (draft.measured_us >= self.begin_us) & (draft.measured_us < self.end_us) & (draft.row_codes == 0)
        rows = np.flatnonzero(inside)
        draft.time_us = draft.time_us + np.where(inside, self.offset_us, 0)
        draft.row_codes[rows] = code
        return rows


@dataclass(frozen=True, slots=True)
class ClockOff:
    """The clock of a gateway is ahead, behind, or begins anew."""

    id: str = "clock_off"
    share: float = 0.5
    lasts_hours: tuple[float, float] = (1.0, 168.0)
    off_seconds: tuple[float, float] = (120.0, 43_200.0)

    def plan(self, rng: np.random.Generator, window: Window) -> WrongClock:
        """Draw the offset; never a whole number of minutes, so that no written time meets a true one by chance."""
        low, high = np.log(self.off_seconds)
        seconds = int(np.exp(rng.uniform(low, high))) // 60 * 60 + int(rng.integers(1, 60))
        is_ahead, is_restart = bool(rng.random() < 0.5), bool(rng.random() < _RESTART_SHARE)
        restart = _RESTARTS_US[int(rng.integers(len(_RESTARTS_US)))]
        if is_restart:
            offset = restart + (seconds % 60) * SECOND_US - window.begin_us
            note = f"began anew at {1970 if restart == 0 else 2000}"
        else:
            offset = seconds * SECOND_US * (1 if is_ahead else -1)
            note = f"{seconds} s {'ahead' if is_ahead else 'behind'}"
        return WrongClock(self.id, window.begin_us, window.end_us, offset, note)
