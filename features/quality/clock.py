"""Whether the clock that stamped a row was right, told from when the row arrived; rows in the order of arrival.

A time ahead of its arrival is certainly wrong. A time behind may simply be late: one late row, or a backlog that
arrives all at once, proves nothing. But rows that arrive on schedule, each with the same unusually long delay, were
stamped by a clock that is behind, or that was set back, or began anew in 1970. A row that stands close to its arrival
is right, whatever was usual before.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from features.domain.errors import InvalidValue
from features.quality.verdicts import Verdict

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ClockParameters:
    """How strict the judgement of clocks is.

    Attributes:
        tolerance_us: Deviation from arrival, or from the usual delay, that is in order. Twice what the synchronisation
            of a gateway without a time server loses in a month (20 parts per million) is about this.
        rows: Rows on schedule with one and the same unusual delay that prove a wrong clock.
        memory: Time constant, in rows, of the usual delay and of the usual distance of arrivals.
        on_schedule: Rows that arrive closer together than this share of the usual distance are a backlog.
    """

    tolerance_us: float = 60e6
    rows: int = 3
    memory: float = 20.0
    on_schedule: float = 0.5


@dataclass(frozen=True, slots=True)
class ClockState:
    """What is remembered of one source; times in microseconds.

    Attributes:
        rows: Rows with the usual delay, or of the first ones.
        arrived: When the newest row arrived.
        delay: Usual delay from time to arrival.
        distance: Usual distance of two arrivals; 0 before the second.
        shift: Unusual delay that several rows may share.
        shift_rows: Rows that shared it.
        shift_arrived: When the newest of them arrived.
        is_off: 1 while the clock is known to be wrong.
    """

    rows: float = 0.0
    arrived: float = 0.0
    delay: float = 0.0
    distance: float = 0.0
    shift: float = 0.0
    shift_rows: float = 0.0
    shift_arrived: float = 0.0
    is_off: float = 0.0

    def to_dict(self) -> dict[str, float]:
        """Return the numbers by name."""
        return asdict(self)

    @staticmethod
    def from_dict(numbers: Mapping[str, float]) -> "ClockState":
        """Read what `to_dict` gave.

        Raises:
            InvalidValue: If a number is missing or superfluous.
        """
        names = {each.name for each in fields(ClockState)}
        if set(numbers) != names:
            raise InvalidValue(
                "the saved state of a clock",
                must=f"hold {', '.join(sorted(names))}",
                found=sorted(numbers),
                remedy="Begin with a new state.",
            )
        return ClockState(**{name: float(numbers[name]) for name in names})


@dataclass(frozen=True, slots=True)
class ClockJudged:
    """The judgement of the rows of one source.

    Attributes:
        verdicts: CLOCK or GOOD, in the order of arrival. Shape (row,).
        state: After the last row.
    """

    verdicts: NDArray[np.int8]
    state: ClockState


def judge_clock(
    time_us: IntArray,
    arrived_us: IntArray,
    state: ClockState | None = None,
    parameters: ClockParameters | None = None,
) -> ClockJudged:
    """Judge the times of rows from one source (a machine or a gateway).

    Args:
        time_us: Time as written, microseconds since 1970, in the order of arrival. Shape (row,).
        arrived_us: When the row arrived, by a right clock. Shape (row,).
        state: The state before the first row; default: nothing is known.
        parameters: How strict.
    """
    chosen, now = parameters or ClockParameters(), state or ClockState()
    verdicts = np.zeros(len(time_us), np.int8)
    pairs = zip(time_us.tolist(), arrived_us.tolist(), strict=True)
    for row, (written, arrived) in enumerate(pairs):
        now, is_off = clock_step(chosen, now, written, arrived)
        verdicts[row] = Verdict.CLOCK if is_off else Verdict.GOOD
    return ClockJudged(verdicts, now)


def clock_step(
    parameters: ClockParameters, state: ClockState, time_us: int, arrived_us: int
) -> tuple[ClockState, bool]:
    """Judge one row and return the state after it, and whether its time is wrong."""
    delay = float(arrived_us - time_us)
    passed = arrived_us - state.arrived
    after = replace(state, arrived=float(arrived_us))
    if delay < -parameters.tolerance_us:
        return after, True
    if delay <= parameters.tolerance_us or delay < state.delay - parameters.tolerance_us:
        return _prompt(parameters, after, delay, passed), False
    if state.rows < parameters.rows or abs(delay - state.delay) <= parameters.tolerance_us:
        return _usual(parameters, after, delay, passed), False
    return _unusual(parameters, after, delay)


def _prompt(parameters: ClockParameters, state: ClockState, delay: float, passed: float) -> ClockState:
    """Take a row that stands closer to its arrival than usual: whatever was learned from a backlog is over."""
    if abs(delay - state.delay) <= parameters.tolerance_us:
        return _usual(parameters, state, delay, passed)
    begun = replace(state, rows=float(parameters.rows), delay=delay, shift_rows=0.0, is_off=0.0)
    return begun if state.rows > 0 else _usual(parameters, state, delay, passed)


def _usual(parameters: ClockParameters, state: ClockState, delay: float, passed: float) -> ClockState:
    """Learn the delay; of the first rows, the smallest counts, since a row may be late but never early."""
    is_first, is_early = state.rows == 0, state.rows < parameters.rows
    usual = delay if is_first or (is_early and delay < state.delay) else state.delay
    if not is_early:
        usual += (delay - usual) / parameters.memory
    distance = state.distance
    if not is_first:
        capped = passed if distance == 0.0 else min(max(passed, 0.0), 2.0 * distance)
        distance += (capped - distance) / (1.0 if distance == 0.0 else parameters.memory)
    return replace(state, rows=state.rows + 1.0, delay=usual, distance=distance, shift_rows=0.0, is_off=0.0)


def _unusual(parameters: ClockParameters, state: ClockState, delay: float) -> tuple[ClockState, bool]:
    if state.is_off:
        return state, True
    is_same = state.shift_rows > 0 and abs(delay - state.shift) <= parameters.tolerance_us
    if not is_same:
        began = replace(state, shift=delay, shift_rows=1.0, shift_arrived=state.arrived)
        return began, False
    if state.arrived - state.shift_arrived < parameters.on_schedule * state.distance:
        return state, False
    rows = state.shift_rows + 1.0
    is_off = rows >= parameters.rows
    return replace(state, shift_rows=rows, shift_arrived=state.arrived, is_off=float(is_off)), is_off
