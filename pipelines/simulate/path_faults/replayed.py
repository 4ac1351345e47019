"""A gateway sends an earlier stretch again: with its old times, or, worse, as if it were new.

The former is what a buffer does that was not told what had been received; whoever keeps readings by their time loses
nothing by it. The latter comes of gateways that stamp on sending, either the whole buffer in one burst, or a loop of
old readings in the place of the present ones, as a hung driver or somebody who hides something would play it. How
often it happens is an assumption.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.arrays import IntArray
from pipelines.simulate.draft import Draft
from pipelines.simulate.path_faults.kind import HOUR_US, SECOND_US, PathFault, Window

_WAIT_HOURS = (0.2, 72.0)
_LOOP_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class SentAgain:
    """A stretch that comes again, a row each second from `sent_us` on.

    Attributes:
        is_new: Whether the rows are stamped anew when they are sent.
    """

    kind: str
    begin_us: int
    end_us: int
    sent_us: int
    interval_us: int
    is_new: bool

    @property
    def over_us(self) -> int:
        """When the last row has been sent."""
        return self.sent_us + (self.end_us - self.begin_us) // self.interval_us * SECOND_US + SECOND_US

    @property
    def note(self) -> str:
        """When it was sent, and how."""
        wait = (self.sent_us - self.end_us) / HOUR_US
        return f"sent again {wait:.2f} h after its end" + (", stamped anew in a burst" if self.is_new else "")

    def befall(self, draft: Draft, code: int) -> IntArray:
        """Append the copies."""
        rows = draft.rows_between(self.begin_us, self.end_us)
        sent = self.sent_us + (draft.measured_us[rows] - self.begin_us) // self.interval_us * SECOND_US
        draft.append(rows, sent + SECOND_US, draft.values[rows])
        copies = np.arange(len(draft.time_us) - len(rows), len(draft.time_us))
        if self.is_new:
            draft.time_us[copies] = sent
        draft.row_codes[copies] = code
        return copies


@dataclass(frozen=True, slots=True)
class Loop:
    """A stretch that comes again in the place of the readings `later_us` after it, under their times."""

    kind: str
    begin_us: int
    end_us: int
    later_us: int

    @property
    def over_us(self) -> int:
        """When the loop is over."""
        return self.end_us + self.later_us

    @property
    def note(self) -> str:
        """How much later it came again."""
        return f"in the place of the readings {self.later_us / HOUR_US:.2f} h later"

    def befall(self, draft: Draft, code: int) -> IntArray:
        """Overwrite the later rows; one that has a copy, or whose earlier row was lost, stays as it is."""
        source = draft.rows_between(self.begin_us, self.end_us)
        later = draft.rows_between(self.begin_us + self.later_us, self.over_us)
        later = later[~draft.copied[later]]
        wanted = draft.measured_us[later] - self.later_us
        place = np.searchsorted(draft.measured_us[source], wanted)
        known = np.isin(wanted, draft.measured_us[source])
        later, rows = later[known], source[place[known]]
        draft.measured_us = draft.measured_us.copy()
        for column in (draft.measured_us, draft.values, draft.missing, draft.value_codes):
            column[later] = column[rows]
        draft.row_codes[later] = code
        return later


@dataclass(frozen=True, slots=True)
class Replayed:
    """An earlier stretch comes again with its old times."""

    id: str = "replayed"
    share: float = 0.3
    lasts_hours: tuple[float, float] = (2.0, 48.0)

    def plan(self, rng: np.random.Generator, window: Window) -> PathFault | None:
        """Draw when it comes again."""
        return _sent_again(rng, self.id, window, is_new=False)


@dataclass(frozen=True, slots=True)
class ReplayedAsNew:
    """An earlier stretch comes again with new times: in a burst, or in the place of present readings."""

    id: str = "replayed_as_new"
    share: float = 0.2
    lasts_hours: tuple[float, float] = (2.0, 48.0)

    def plan(self, rng: np.random.Generator, window: Window) -> PathFault | None:
        """Draw the manner, and when it comes again."""
        if rng.random() >= _LOOP_SHARE:
            return _sent_again(rng, self.id, window, is_new=True)
        length = -(-(window.end_us - window.begin_us) // window.interval_us)
        later_us = (length + int(_wait_us(rng) // window.interval_us)) * window.interval_us
        fault = Loop(self.id, window.begin_us, window.end_us, later_us)
        return fault if fault.over_us <= window.until_us else None


def _sent_again(rng: np.random.Generator, kind: str, window: Window, *, is_new: bool) -> PathFault | None:
    # Half a second beside the whole ones, so that no new stamp meets a true time by chance.
    sent_us = (window.end_us + _wait_us(rng)) // SECOND_US * SECOND_US + SECOND_US // 2
    fault = SentAgain(kind, window.begin_us, window.end_us, sent_us, window.interval_us, is_new)
    return fault if fault.over_us <= window.until_us else None


def _wait_us(rng: np.random.Generator) -> int:
    low, high = np.log(_WAIT_HOURS)
    return int(np.exp(rng.uniform(low, high)) * HOUR_US)
