"""Machines behind a gateway under way through a stretch of their rows.

Rows of several machines wait for each other and are judged in one go: that is quicker, and to the bit the same as one
after the other, for a row says nothing of other machines until one of them strays. Before a row of such a machine is
judged, all that came before it is.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.domain.errors import ServiceError
from features.domain.identifiers import AssetId
from features.quality.plan import Plan
from features.quality.points import follow_points, reset_points
from features.quality.rules import QualityRules
from features.transforms.condition.answer import NOTHING_BESIDE, Circumstances, ConditionAnswer, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import forget_levels
from features.transforms.condition.together.step import Judge, Together
from pipelines.condition.judging.answered import Answered, Failed
from pipelines.condition.judging.happened import Happened
from pipelines.condition.judging.memory import Gap, GatewayPoint, MachineMemory, unknown_machine
from pipelines.condition.judging.states import States

NOT_COMPUTED = (ServiceError, ArithmeticError, ValueError)
"""What numbers that nobody foresaw may raise in the step; a singular matrix is a `ValueError`."""
_GAPS = 16
_FEWEST_TOGETHER = 8
"""Fewer rows are judged sooner one by one."""


@dataclass(frozen=True, slots=True)
class Judging:
    """What rows are judged with.

    Attributes:
        model: What is usual of the machines.
        rules: Of their measurements.
        plan: Of these rules.
        columns: Where the signals of the model are among those of the rules.
        judge: Says what there is to say of a row, and changes the state.
        together: Judges rows of several machines in one go; None where nothing does.
    """

    model: ConditionModel
    rules: QualityRules
    plan: Plan
    columns: NDArray[np.int64]
    judge: Judge
    together: type[Together] | None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A row that waits, and whether it is the first of its machine."""

    row: ConditionRow
    time_us: int
    is_first: bool


class Run:
    """A stretch under way; what the machines were before it is left as it was.

    Attributes:
        machines: By their names.
        gaps: The newest silences of the gateway.
        answers: What is said of the rows judged so far, in their order.
        failed: Rows that could not be judged.
        skipped: Machines whose rows are passed over.
    """

    def __init__(self, judging: Judging, point: GatewayPoint | None, left_out: Sequence[AssetId]) -> None:
        """Begin with what is known; None of nothing."""
        self.machines: dict[AssetId, MachineMemory] = {} if point is None else dict(point.machines)
        self.gaps: tuple[Gap, ...] = () if point is None else point.gaps
        self.answers, self.failed = list[Answered](), list[Failed]()
        self.skipped = set(left_out)
        self._judging, self._newest_us = judging, None if point is None else point.last_us
        self._own, self._waiting = set[AssetId](), dict[AssetId, _Waiting]()
        self._states = States(judging.model, judging.judge, judging.together)
        for asset, memory in self.machines.items():
            self._states.neighbours.note(asset, memory.state)

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
        """Take one row of one machine; it may wait for `judge`."""
        if asset in self._waiting:
            self.judge()
        if asset in self.skipped:
            self._newest_us = time_us  # its gateway sends
            return
        try:
            self._put_in_line(asset, time_us, values, verdicts, happened, is_gateway=is_gateway)
        except NOT_COMPUTED as error:
            self._fail(asset, time_us, error)

    def remembered(self) -> dict[AssetId, MachineMemory]:
        """Judge what waits, and return what is remembered of all machines; nothing is taken any more."""
        self.judge()
        for asset, state in self._states.all().items():
            self.machines[asset].state = state
        return self.machines

    def judge(self) -> None:
        """Judge all that waits."""
        waiting, self._waiting = self._waiting, {}
        together, states = self._judged_together(waiting), self._states
        for asset, each in waiting.items():
            memory = self.machines[asset]
            try:
                answer = together[asset] if asset in together else states.advance(asset, each.row)
            except NOT_COMPUTED as error:
                self._fail(asset, each.time_us, error)
                continue
            if each.is_first or memory.verdict is not answer.verdict:
                memory.since_us = each.time_us
            memory.verdict = answer.verdict
            self.answers.append(Answered(asset, each.time_us, memory.since_us, answer))

    def _judged_together(self, waiting: dict[AssetId, _Waiting]) -> dict[AssetId, ConditionAnswer]:
        """Judge in one go those rows of which that can be done; nothing is said of the others."""
        if len(waiting) < _FEWEST_TOGETHER:
            return {}
        try:
            return self._states.advance_together({asset: each.row for asset, each in waiting.items()})
        except NOT_COMPUTED:  # one of them cannot be computed with: which is found one by one
            return {}

    def _fail(self, asset: AssetId, time_us: int, error: Exception) -> None:
        """Note that a row cannot be judged; its machine is forgotten, and passed over from now on."""
        self.failed.append(Failed(asset, time_us, f"{type(error).__name__}: {error}"))
        self.machines.pop(asset, None)
        self._states.forget(asset)
        self.skipped.add(asset)

    def _put_in_line(
        self,
        asset: AssetId,
        time_us: int,
        values: NDArray[np.float64],
        verdicts: NDArray[np.int8],
        happened: Happened,
        *,
        is_gateway: bool,
    ) -> None:
        """Let a row wait, with all that is known beside it."""
        memory, judging = self._memory(asset), self._judging
        before = time_us if memory.last_us is None else memory.last_us
        self._begin_anew(asset, memory, happened, before, time_us)
        self._follow_gateway(asset, time_us)
        points = follow_points(judging.plan, memory.points, verdicts[None], np.isfinite(values)[None])[0]
        silent = self._silent_us(asset, before, time_us) / 1e6 if is_gateway else 0.0
        wrong, reported = (_between(times, before, time_us) for times in (happened.wrong_us, happened.reported_us))
        beside = NOTHING_BESIDE
        if silent or wrong or reported:
            beside = Circumstances(silent, rows_with_wrong_time=wrong, is_change_reported=reported > 0)
        if self._states.neighbours.matter(asset):
            self.judge()  # they count as they are by now
            known, together = self._states.neighbours.company(asset)
            beside = replace(beside, neighbours=known, neighbours_straying=together)
        columns, is_first = judging.columns, memory.last_us is None
        row = ConditionRow(time_us / 1e6, values[columns], verdicts[columns], points[columns].astype(np.int8), beside)
        self._waiting[asset] = _Waiting(row, time_us, is_first)
        memory.last_us = time_us

    def _memory(self, asset: AssetId) -> MachineMemory:
        """Return what is remembered of a machine, as our own to change."""
        if asset not in self._own:
            found = self.machines.get(asset)
            signals = len(self._judging.rules.names)
            memory = unknown_machine(self._judging.model, signals) if found is None else found.copy()
            self.machines[asset] = memory
            self._states.keep(asset, memory.state)
            self._own.add(asset)
        return self.machines[asset]

    def _follow_gateway(self, asset: AssetId, time_us: int) -> None:
        """Note a silence of the whole gateway that this row ends."""
        if self._newest_us is not None and time_us - self._newest_us > self._longest_us(asset):
            self.gaps = (*self.gaps, (self._newest_us, time_us))[-_GAPS:]
        self._newest_us = time_us

    def _silent_us(self, asset: AssetId, before: int, time_us: int) -> int:
        """Return for how long the gateway was silent while a machine was, longer than usual, microseconds."""
        if time_us - before <= self._longest_us(asset):
            return 0
        return max((end - begin for begin, end in self.gaps if begin >= before), default=0)

    def _longest_us(self, asset: AssetId) -> float:
        """Return from when on the silence of a machine is none of its ordinary ones, microseconds."""
        return self._judging.model.parameters.gap_intervals * self._states.neighbours.interval(asset) * 1e6

    def _begin_anew(self, asset: AssetId, memory: MachineMemory, happened: Happened, before: int, time_us: int) -> None:
        """Forget what events since the row before have changed."""
        for reset in happened.resets:
            if before < reset.at_us <= time_us:
                state = self._states.get(asset)
                self._states.keep(asset, forget_levels(self._judging.model, state, reset.signals, reset.spread))
        for at_us, signals in happened.replaced:
            if before <= at_us < time_us:
                reset_points(self._judging.rules, memory.points, signals)


def _between(times_us: Sequence[int], after: int, until: int) -> int:
    """Return how many of these moments, in order, lie after one and up to another."""
    return bisect_right(times_us, until) - bisect_left(times_us, after + 1)
