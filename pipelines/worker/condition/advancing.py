"""Takes gateways through the rows that wait, so many in one go that nobody else has to wait long."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from features.domain.conditions import AssetCondition
from features.domain.events import Event
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import microseconds
from features.records.clock_states import ClockStates
from features.telemetry.store import TelemetryStore
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState
from pipelines.condition.judging.answered import Answered
from pipelines.condition.judging.gateways import Gateway
from pipelines.condition.judging.happened import happened_to_all
from pipelines.condition.judging.memory import GatewayPoint
from pipelines.condition.judging.rows import GatewayRows, read_rows
from pipelines.condition.judging.stepping import Stepped, Stepping
from pipelines.worker.condition.answers import condition_of, not_computed
from pipelines.worker.condition.stream import GatewayStream

LOOK_BACK = 13_000
"""Usual intervals that a machine of which nothing is kept is judged from: 90 days of rows every ten minutes."""
_WINDOW = 400
"""Usual intervals that are read in one go."""
_ROWS_AT_ONCE = 20_000
_PIECE = 256
_TOGETHER = 64
_FOR_READING = 50
"""Rows that a stretch without any counts as: reading takes time too."""

Unjudged = Callable[[], Mapping[AssetId, int]]
"""Tells from when on readings of each machine are there that nobody has judged, microseconds since 1970."""


@dataclass(slots=True)
class Advancing:
    """Judges what waits.

    Attributes:
        telemetry: The readings.
        clocks: What is known of clocks behind them; None where data have no dates.
        stepping: Judges rows.
        tenant: Whose machines.
        name: What judges, as it is put on record.
        rows_at_once: Rows that one call judges, about.
    """

    telemetry: TelemetryStore
    clocks: ClockStates | None
    stepping: Stepping
    tenant: TenantId
    name: str
    rows_at_once: int = _ROWS_AT_ONCE
    failed: dict[AssetId, str] = field(default_factory=dict)

    @property
    def _interval_us(self) -> float:
        return self._model.table.interval_seconds * 1e6

    @property
    def _model(self) -> ConditionModel:
        return self.stepping.model

    @property
    def look_back_us(self) -> int:
        """How far before the newest row rows matter, microseconds."""
        return int(LOOK_BACK * self._interval_us)

    def advance(
        self, streams: Sequence[GatewayStream], events: Mapping[AssetId, Sequence[Event]], unjudged: Unjudged
    ) -> None:
        """Judge rows of gateways that wait; what was said of machines waits in their streams.

        Short stretches are read together; of long ones as much is judged as one call may.
        """
        waiting = [each for each in streams if each.pending is not None]
        starts = {each.gateway: self._start(each) for each in waiting}
        short, long = list[GatewayStream](), list[GatewayStream]()
        for each in waiting:
            is_short = each.pending is not None and each.pending.last_us - starts[each.gateway][1] <= self._window_us
            (short if is_short else long).append(each)
        left = self.rows_at_once
        for start in range(0, len(short), _TOGETHER):
            if left > 0:
                left -= self._take_together(short[start : start + _TOGETHER], starts, events, unjudged)
        for each in long:
            while each.pending is not None and left > 0:
                done = self._take_window(each, starts.pop(each.gateway, None), events, unjudged)
                if done is None:
                    break
                left -= done

    def _start(self, stream: GatewayStream) -> tuple[GatewayPoint | None, int]:
        """Return from which point, and from when on, a gateway is judged."""
        point, start = stream.go_back(self.look_back_us)
        if point is None:
            firsts = self.telemetry.first_times(self.tenant, stream.assets)
            start = max(start, min(map(microseconds, firsts.values()), default=start))
        return point, start

    @property
    def _window_us(self) -> int:
        return int(_WINDOW * self._interval_us)

    def _take_together(
        self,
        streams: Sequence[GatewayStream],
        starts: Mapping[Gateway, tuple[GatewayPoint | None, int]],
        events: Mapping[AssetId, Sequence[Event]],
        unjudged: Unjudged,
    ) -> int:
        """Judge all that waits of several gateways; return how many rows."""
        begin = {asset: starts[each.gateway][1] for each in streams for asset in each.assets}
        rows, verdicts = read_rows(self.telemetry, self.tenant, begin, self._signals)
        barrier, count = unjudged(), 0
        for each in streams:
            of = {asset: rows[asset] for asset in each.assets}
            mine = GatewayRows.of(of, verdicts)
            until = _barrier(each, barrier)
            count += self._judge(each, starts[each.gateway][0], mine if until is None else mine.before(until), events)
            each.is_done(until)
        return count + _FOR_READING

    def _take_window(
        self,
        stream: GatewayStream,
        start: tuple[GatewayPoint | None, int] | None,
        events: Mapping[AssetId, Sequence[Event]],
        unjudged: Unjudged,
    ) -> int | None:
        """Judge the next stretch of one gateway; return how many rows, None if nobody has judged what comes next."""
        pending = stream.pending
        if pending is None:
            return None
        point, begin = self._start(stream) if start is None else start
        end = begin + self._window_us
        starts = dict.fromkeys(stream.assets, begin)
        rows = GatewayRows.of(*read_rows(self.telemetry, self.tenant, starts, self._signals, end))
        until = _barrier(stream, unjudged())
        count = self._judge(stream, point, rows if until is None else rows.before(until), events)
        is_stopped = until is not None and until < end
        if end > pending.last_us or is_stopped:
            stream.is_done(until)
        else:
            pending.resume_us = end
        return None if is_stopped else count + _FOR_READING

    @property
    def _signals(self) -> tuple[str, ...]:
        return self.stepping.rules.names

    def _judge(
        self,
        stream: GatewayStream,
        point: GatewayPoint | None,
        rows: GatewayRows,
        events: Mapping[AssetId, Sequence[Event]],
    ) -> int:
        """Take a gateway through rows; return how many."""
        happened = (
            happened_to_all(self.tenant, stream.assets, events, self.clocks, self._model.table, self._signals)
            if len(rows)
            else {}
        )
        for piece in rows.pieces(_PIECE):
            done = self.stepping.step(
                point, piece, happened, is_gateway=stream.gateway.is_known, left_out=tuple(stream.failed)
            )
            point = done.point
            stream.add(point)
            self._note(stream, done)
        return len(rows)

    def _note(self, stream: GatewayStream, done: Stepped) -> None:
        """Remember what was said of machines, and which could not be judged."""
        newest = {each.asset: each for each in done.answers}
        for each in done.answers:
            heard_us = stream.heard_us.get(each.asset)
            is_new, is_newest = heard_us is not None and each.at_us > heard_us, each is newest[each.asset]
            if is_new or is_newest:
                machine = done.point.machines.get(each.asset) if is_newest else None  # forgotten if it failed since
                self._say(stream, self._condition(each, None if machine is None else machine.state), is_new=is_new)
        for failed in done.failed:
            stream.failed[failed.asset] = failed.at_us
            self._say(stream, not_computed(self.tenant, failed.asset, failed.at_us, self.name), is_new=False)
            self.failed[failed.asset] = failed.reason

    def _say(self, stream: GatewayStream, condition: AssetCondition, *, is_new: bool) -> None:
        stream.found[condition.asset] = condition
        stream.silent.pop(condition.asset, None)
        if is_new:
            stream.rows[condition.asset, condition.at] = condition

    def _condition(self, row: Answered, state: ConditionState | None) -> AssetCondition:
        return condition_of(self.tenant, row.asset, row.answer, self._model, row.at_us, row.since_us, self.name, state)


def _barrier(stream: GatewayStream, unjudged: Mapping[AssetId, int]) -> int | None:
    """Return from when on rows of a gateway are not all judged; None if they are."""
    return min((unjudged[asset] for asset in stream.assets if asset in unjudged), default=None)
