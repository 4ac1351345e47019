"""State detection on a live stream: rows and events in, what is said of each machine out.

The states of machines lie beside those of their features and are stepped by the same code as in the centre
(`features.transforms.condition`). What a gateway does not know is not guessed: it judges no measurement, so a reading
is good unless no machine could have sent it; that readings no longer come it sees as the centre does.
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from edge_export.runtime.level_resets import after_events, moves_levels, replaced_instruments, reports_change
from edge_export.runtime.measured import measured, merged
from features.domain.conditions import ConditionVerdict
from features.domain.errors import ServiceError
from features.domain.events import Event
from features.domain.identifiers import AssetId
from features.domain.time import life_of_time, utc
from features.quality.plan import Plan
from features.quality.points import PointMemory, follow_points, initial_points, reset_points
from features.quality.rules import QualityRules, SignalRule
from features.quality.verdicts import Verdict
from features.transforms.condition.answer import Circumstances, ConditionAnswer, ConditionRow, Evidence
from features.transforms.condition.borrowed import borrowed_share
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.neighbours import Neighbours
from features.transforms.condition.state import ConditionState, initial_condition
from features.transforms.condition.step import condition_step

NOT_COMPUTED = "not_computed"
"""Name of the evidence where numbers that nobody foresaw cannot be computed with: the machine begins anew."""
_FAILURES = (ServiceError, ArithmeticError, ValueError)  # a singular matrix is a `ValueError`
_MOST_SPANS = 1e9
"""A reading so many plausible spans from 0 is none of any machine."""
_GOOD, _RANGE = np.int8(Verdict.GOOD), np.int8(Verdict.RANGE)
_MOST_EVENTS, _MOST_GAPS = 64, 16
_FEWEST_BEHIND_GATEWAY = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """What is said of a machine.

    Attributes:
        at: Time of the row that it was said of.
    """

    at: datetime
    answer: ConditionAnswer


@dataclass(slots=True)
class _Machine:
    """One machine now: its newest row, and the state and the measuring points before and after it."""

    before: ConditionState
    after: ConditionState
    points_before: PointMemory
    points: PointMemory
    values: NDArray[np.float64]
    standing: Standing | None = None
    circumstances: Circumstances = field(default_factory=Circumstances)
    repeated: int = 0  # times that the newest row came again
    waiting: list[Event] = field(default_factory=list)  # events that no row is newer than
    heard: deque[tuple[object, ...]] = field(default_factory=lambda: deque(maxlen=_MOST_EVENTS))


class ConditionStreams:
    """The states of the machines of one tenant behind one gateway: one small, fixed-size state each."""

    def __init__(self, model: ConditionModel, capacity: int = 10_000) -> None:
        """Begin with no machine.

        Args:
            model: What is usual of them.
            capacity: The most machines that are kept; rows of more are passed over.
        """
        self._model = model
        self._columns = {name: place for place, name in enumerate(model.table.signals)}
        self._rules = _rules(model)
        self._plan = Plan.of(self._rules)
        self._farthest = _MOST_SPANS * model.spans
        self._good = np.full(len(self._columns), _GOOD)
        self._capacity = capacity
        self._machines: dict[AssetId, _Machine] = {}
        self._neighbours = Neighbours(model)
        self._newest: float | None = None
        self._gaps: deque[tuple[float, float]] = deque(maxlen=_MOST_GAPS)

    def knows(self, signal: str) -> bool:
        """Say whether a signal is looked at."""
        return signal in self._columns

    def standing(self, asset: AssetId) -> Standing | None:
        """Return what is said of a machine, or None before its first row."""
        machine = self._machines.get(asset)
        return None if machine is None else machine.standing

    def borrowed(self, asset: AssetId) -> float:
        """Return the share of other machines in what is expected of one that has a standing, 0 to 1."""
        return borrowed_share(self._model, self._machines[asset].after)

    def take(self, asset: AssetId, time: datetime, signals: Mapping[str, object]) -> bool:
        """Judge one row; return whether there was anything new in it.

        A row older than the newest of its machine is passed over, and one of the same time is judged with what was
        known of that time.
        """
        moment, values = utc(time), self._row(signals)
        machine = self._machine(asset)
        if machine is None or np.count_nonzero(np.isnan(values)) == len(values):
            return False
        if machine.standing is not None and moment < machine.standing.at:
            return False
        if machine.standing is not None and moment == machine.standing.at:
            together = merged(values, machine.values)
            if np.array_equal(together, machine.values, equal_nan=True):
                machine.repeated += 1
                return False
            machine.values = together
        else:
            self._begin_row(asset, machine, moment, values)
        self._judge(asset, machine, moment)
        return True

    def take_event(self, event: Event) -> None:
        """Hear of an event; what it changed is learnt anew from the first row after it on, told twice or once."""
        machine = self._machine(event.asset)
        key = (event.at, event.kind, event.component)
        if machine is None or not moves_levels(event) or key in machine.heard:
            return
        machine.heard.append(key)
        if (
            machine.standing is not None and utc(event.at) <= machine.standing.at
        ):  # late: what is known is put right, and told with the next row
            machine.before = after_events(self._model, machine.before, [event])
            machine.after = after_events(self._model, machine.after, [event])
            self._reset_points(machine, [event])
        if machine.standing is None or utc(event.at) > machine.standing.at or reports_change(event):
            machine.waiting = [*machine.waiting, event][-_MOST_EVENTS:]

    def _machine(self, asset: AssetId) -> _Machine | None:
        machine = self._machines.get(asset)
        if machine is None and len(self._machines) < self._capacity:
            nothing, points = initial_condition(self._model), initial_points(len(self._columns))
            values = np.full(len(self._columns), np.nan)
            machine = self._machines[asset] = _Machine(nothing, nothing, points, points, values)
        return machine

    def _row(self, signals: Mapping[str, object]) -> NDArray[np.float64]:
        found = [measured(signals.get(name)) for name in self._columns]
        return np.array([each if isinstance(each, float) else math.nan for each in found])

    def _begin_row(self, asset: AssetId, machine: _Machine, moment: datetime, values: NDArray[np.float64]) -> None:
        """Go on to a row that is newer than all before it of its machine."""
        due = [event for event in machine.waiting if utc(event.at) <= moment]
        if due and machine.standing is not None:  # of a machine that nobody had seen nothing is forgotten
            machine.after = after_events(self._model, machine.after, due)
            self._reset_points(machine, due)
        machine.waiting = [event for event in machine.waiting if event not in due]
        seconds = life_of_time(moment)
        self._follow_gateway(machine.after, seconds)
        is_reported = machine.standing is not None and any(map(reports_change, due))
        machine.circumstances = self._circumstances(asset, machine, seconds, is_reported=is_reported)
        machine.before, machine.points_before = machine.after, machine.points
        machine.values, machine.repeated = values, 0

    def _judge(self, asset: AssetId, machine: _Machine, moment: datetime) -> None:
        """Step the machine through its newest row, from the state before it."""
        quality = self._quality(machine.values)
        machine.points = machine.points_before.copy()
        points = follow_points(self._plan, machine.points, quality[None], np.isfinite(machine.values)[None])[0]
        state = points.astype(np.int8)
        row = ConditionRow(life_of_time(moment), machine.values, quality, state, machine.circumstances)
        try:
            after, answer = condition_step(self._model, machine.before, row)
        except _FAILURES:
            after = initial_condition(self._model)
            why = Evidence(ConditionVerdict.UNDETERMINED, NOT_COMPUTED, 1.0)
            nothing = np.full(len(after.level), np.nan)
            answer = ConditionAnswer(ConditionVerdict.UNDETERMINED, np.nan, np.nan, 0, nothing, (why,))
        machine.after, machine.standing = after, Standing(moment, answer)
        self._neighbours.note(asset, after)

    def _quality(self, values: NDArray[np.float64]) -> NDArray[np.int8]:
        """Return what each reading is worth; it is not to be changed. Shape (signal,)."""
        far = np.abs(values) > self._farthest
        return np.where(far, _RANGE, _GOOD) if np.count_nonzero(far) else self._good

    def _reset_points(self, machine: _Machine, events: Sequence[Event]) -> None:
        """Forget the faults of instruments that were replaced."""
        signals = replaced_instruments(events, self._rules.names)
        if signals:
            machine.points_before, machine.points = machine.points_before.copy(), machine.points.copy()
            for memory in (machine.points_before, machine.points):
                reset_points(self._rules, memory, sorted(signals))

    def _circumstances(self, asset: AssetId, machine: _Machine, seconds: float, *, is_reported: bool) -> Circumstances:
        state, silent = machine.after, 0.0
        if seconds - state.seconds > self._longest(state):
            silent = max((end - begin for begin, end in self._gaps if begin >= state.seconds), default=0.0)
        known, together = self._company(asset, machine)
        return Circumstances(
            gateway_silent_seconds=silent,
            rows_repeated=machine.repeated,
            is_change_reported=is_reported,
            neighbours=known,
            neighbours_straying=together,
        )

    def _company(self, asset: AssetId, machine: _Machine) -> tuple[int, int]:
        """Return what neighbours do; of a machine that does not stray nobody asks, and they may be many."""
        if machine.standing is None or not self._neighbours.matter(asset):
            return 0, 0
        return self._neighbours.company(asset)

    def _follow_gateway(self, state: ConditionState, seconds: float) -> None:
        """Note a silence of the whole gateway that this row ends: of several machines that sent just before."""
        longest = self._longest(state)
        if self._newest is not None and seconds - self._newest > longest:
            sent = [each.after.seconds >= self._newest - longest for each in self._machines.values() if each.standing]
            if sum(sent) >= _FEWEST_BEHIND_GATEWAY:
                self._gaps.append((self._newest, seconds))
        self._newest = seconds if self._newest is None else max(self._newest, seconds)

    def _longest(self, state: ConditionState) -> float:
        """Return from when on the silence of a machine is none of its ordinary ones, seconds."""
        return self._model.parameters.gap_intervals * state.interval


def _rules(model: ConditionModel) -> QualityRules:
    """Return as much of the rules of measurements as tells that readings no longer come: ranges are not known here."""
    spans = zip(model.table.signals, model.table.spans, strict=True)
    signals = tuple(SignalRule(name, -_MOST_SPANS * span, _MOST_SPANS * span, True, None, ()) for name, span in spans)
    return QualityRules(signals, (), None, 0.0)
