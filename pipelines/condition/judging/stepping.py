"""The machines behind a gateway stepped through their rows in the order of time, side by side.

What is said of a machine hangs on its neighbours too (a change that befalls all of them is none of the machine's), so
all of them are taken through their rows together. The answer hangs on the rows, what is known of their worth and what
happened, and not on when they arrived.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.domain.errors import ServiceError
from features.domain.identifiers import AssetId
from features.quality.plan import Plan
from features.quality.points import follow_points, reset_points
from features.quality.rules import QualityRules
from features.transforms.condition.answer import Circumstances, ConditionAnswer, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState, forget_levels
from features.transforms.condition.step import advance, company
from pipelines.condition.judging.happened import NOTHING, Happened
from pipelines.condition.judging.memory import Gap, GatewayPoint, MachineMemory, unknown_machine
from pipelines.condition.judging.rows import GatewayRows

_GAPS = 16
NOT_COMPUTED = (ServiceError, ArithmeticError, ValueError)
"""What numbers that nobody foresaw may raise in the step; a singular matrix is a `ValueError`."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What is said of one row.

    Attributes:
        asset: Whose.
        at_us: Its time, microseconds since 1970.
        since_us: Time of the first row since which the verdict has been the same.
    """

    asset: AssetId
    at_us: int
    since_us: int
    answer: ConditionAnswer


@dataclass(frozen=True, slots=True)
class Failed:
    """A row that could not be judged, and why."""

    asset: AssetId
    at_us: int
    reason: str


@dataclass(frozen=True, slots=True)
class Stepped:
    """What came of some rows.

    Attributes:
        point: The machines after them.
        answers: To each row, in their order.
        failed: The first of each machine; those after it were passed over.
    """

    point: GatewayPoint
    answers: Sequence[Answered]
    failed: Sequence[Failed]


@dataclass(frozen=True, slots=True)
class Stepping:
    """Steps machines of one type.

    Attributes:
        model: What is usual of them.
        rules: Of their measurements.
        judge: Says what there is to say of a row, and changes the state.
    """

    model: ConditionModel
    rules: QualityRules
    judge: Callable[[ConditionModel, ConditionState, ConditionRow], ConditionAnswer] = advance
    _plan: Plan = field(init=False)
    _columns: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the rules; the signals of the table are among those whose measurement is judged."""
        object.__setattr__(self, "_plan", Plan.of(self.rules))
        places = [self.rules.names.index(name) for name in self.model.table.signals]
        object.__setattr__(self, "_columns", np.array(places, np.int64))

    def step(
        self,
        point: GatewayPoint | None,
        rows: GatewayRows,
        happened: Mapping[AssetId, Happened],
        *,
        is_gateway: bool,
        left_out: Sequence[AssetId] = (),
    ) -> Stepped:
        """Take rows, at least one.

        Args:
            point: The machines before them; None where nothing is known.
            rows: All later than the point.
            happened: To each machine.
            is_gateway: Whether machines share a gateway whose silence would be seen.
            left_out: Machines whose rows are passed over.
        """
        run = _Run(self, {} if point is None else dict(point.machines), () if point is None else point.gaps)
        run.newest_us = None if point is None else point.last_us
        skipped = set(left_out)
        for place in range(len(rows)):
            asset, time_us = rows.assets[rows.owner[place]], int(rows.time_us[place])
            if asset in skipped:
                run.newest_us = time_us  # its gateway sends
                continue
            try:
                told = happened.get(asset, NOTHING)
                run.take(asset, time_us, rows.values[place], rows.verdicts[place], told, is_gateway=is_gateway)
            except NOT_COMPUTED as error:
                run.failed.append(Failed(asset, time_us, f"{type(error).__name__}: {error}"))
                run.machines.pop(asset, None)
                skipped.add(asset)
        count = (0 if point is None else point.rows) + len(rows)
        after = GatewayPoint(int(rows.time_us[-1]), count, run.machines, run.gaps)
        return Stepped(after, run.answers, run.failed)


@dataclass(slots=True)
class _Run:
    """A stretch under way; what the machines were before it is left as it was."""

    stepping: Stepping
    machines: dict[AssetId, MachineMemory]
    gaps: tuple[Gap, ...]
    newest_us: int | None = None
    answers: list[Answered] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    _own: set[AssetId] = field(default_factory=set)

    def take(
        self,
        asset: AssetId,
        time_us: int,
        values: NDArray[np.float64],
        verdicts: NDArray[np.int8],
        happened: Happened,
        *,
        is_gateway: bool,
    ) -> None:
        """Take one row of one machine."""
        memory = self._memory(asset)
        before = time_us if memory.last_us is None else memory.last_us
        _begin_anew(self.stepping, memory, happened, before, time_us)
        self._follow_gateway(memory, time_us)
        plan, columns = self.stepping._plan, self.stepping._columns  # of one module
        points = follow_points(plan, memory.points, verdicts[None], np.isfinite(values)[None])[0]
        beside = self._circumstances(asset, memory, happened, before, time_us, is_gateway=is_gateway)
        row = ConditionRow(time_us / 1e6, values[columns], verdicts[columns], points[columns].astype(np.int8), beside)
        answer = self.stepping.judge(self.stepping.model, memory.state, row)
        if memory.last_us is None or memory.verdict is not answer.verdict:
            memory.since_us = time_us
        memory.last_us, memory.verdict = time_us, answer.verdict
        self.answers.append(Answered(asset, time_us, memory.since_us, answer))

    def _memory(self, asset: AssetId) -> MachineMemory:
        """Return what is remembered of a machine, as our own to change."""
        if asset not in self._own:
            found = self.machines.get(asset)
            signals = len(self.stepping.rules.names)
            self.machines[asset] = unknown_machine(self.stepping.model, signals) if found is None else found.copy()
            self._own.add(asset)
        return self.machines[asset]

    def _follow_gateway(self, memory: MachineMemory, time_us: int) -> None:
        """Note a silence of the whole gateway that this row ends."""
        if self.newest_us is not None and time_us - self.newest_us > self._longest(memory):
            self.gaps = (*self.gaps, (self.newest_us, time_us))[-_GAPS:]
        self.newest_us = time_us

    def _longest(self, memory: MachineMemory) -> float:
        """Return from when on the silence of a machine is none of its ordinary ones, microseconds."""
        return self.stepping.model.parameters.gap_intervals * memory.state.interval * 1e6

    def _circumstances(
        self,
        asset: AssetId,
        memory: MachineMemory,
        happened: Happened,
        before: int,
        time_us: int,
        *,
        is_gateway: bool,
    ) -> Circumstances:
        silent = 0
        if is_gateway and time_us - before > self._longest(memory):
            silent = max((end - begin for begin, end in self.gaps if begin >= before), default=0)
        others = [each.state for name, each in self.machines.items() if name != asset]
        known, together = company(self.stepping.model, memory.state, others)
        return Circumstances(
            gateway_silent_seconds=silent / 1e6,
            rows_with_wrong_time=_between(happened.wrong_us, before, time_us),
            is_change_reported=_between(happened.reported_us, before, time_us) > 0,
            neighbours=known,
            neighbours_straying=together,
        )


def _begin_anew(stepping: Stepping, memory: MachineMemory, happened: Happened, before: int, time_us: int) -> None:
    """Forget what events since the row before have changed."""
    for reset in happened.resets:
        if before < reset.at_us <= time_us:
            memory.state = forget_levels(stepping.model, memory.state, reset.signals, reset.spread)
    for at_us, signals in happened.replaced:
        if before <= at_us < time_us:
            reset_points(stepping.rules, memory.points, signals)


def _between(times_us: Sequence[int], after: int, until: int) -> int:
    """Return how many of these moments, in order, lie after one and up to another."""
    return bisect_right(times_us, until) - bisect_left(times_us, after + 1)
