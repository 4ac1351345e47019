"""The gateway's loop: a line comes in, answers go out, and everything that was not taken is said and counted."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from edge_export.runtime.condition import ConditionStreams
from edge_export.runtime.errors import LineRefused, MakesNoForecasts
from edge_export.runtime.lines import ReadingLine, parse_line
from edge_export.runtime.measured import measured
from edge_export.runtime.requests import VectorRequest
from edge_export.runtime.runtime import Runtime
from edge_export.runtime.standing import standing_document
from edge_export.runtime.stream import AssetStreams, Outcome
from features.domain.events import Event
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import format_time
from features.quality.verdicts import SetAsideReason

Answer = dict[str, object]

_MOST_NAMES = 1000


@dataclass(frozen=True, slots=True)
class GatewayPlan:
    """When a gateway answers.

    Attributes:
        tenant: Whose assets they are.
        every: A forecast at each so many accepted rows of an asset, and at once after each event that the pack wants to
            be told of so; None for one per asset at the end.
        as_of: The moment of issue, and the newest row that is taken; None for each row's own time (and, at the
            end, the newest time seen), "now" for the clock of this machine.
        detects: Whether states are detected where the bundle can; without, forecasts alone are given, at less cost.
    """

    tenant: TenantId
    every: int | None = 1
    as_of: datetime | str | None = None
    detects: bool = True

    def latest(self) -> datetime | None:
        """Return the moment after which no row is taken, or None if there is none."""
        return self.as_of if isinstance(self.as_of, datetime) else None

    def issued_at(self, time: datetime) -> datetime:
        """Return the moment of issue for data of this time."""
        if isinstance(self.as_of, datetime):
            return self.as_of
        return datetime.now(UTC) if self.as_of == "now" else time


class Gateway:
    """One run over a stream of lines."""

    def __init__(self, runtime: Runtime, plan: GatewayPlan) -> None:
        """Begin with no asset seen.

        Raises:
            MakesNoForecasts: If forecasts alone are planned, and the bundle makes none.
        """
        if runtime.graph is None and not plan.detects:
            raise MakesNoForecasts(f"{runtime.model.name} {runtime.model.version}")
        self._runtime = runtime
        self._plan = plan
        self._streams = AssetStreams(runtime.specification)
        model = runtime.condition if plan.detects else None
        self._conditions = None if model is None else ConditionStreams(model)
        self._features = frozenset(runtime.specification.signals)
        self._rows: Counter[AssetId] = Counter()
        self._unknown: set[str] = set()
        self._newest: datetime | None = None
        self._counts: dict[str, Counter[str]] = {
            name: Counter() for name in ("rows", "events", "set_aside", "refused", "forecasts")
        }
        if self._conditions is not None:
            self._counts["conditions"] = Counter()

    def answers(self, data: bytes, number: int) -> Iterator[Answer]:
        """Take one line and yield its answers: a forecast, a notice (something was set aside) or an error.

        Args:
            data: The line.
            number: Its number, from 1.
        """
        try:
            line = parse_line(data, self._plan.tenant, self._runtime.calibration.is_count)
            moment = line.time if isinstance(line, ReadingLine) else line.at
            self._check_moment(moment)
            yield from self._reading(line, number) if isinstance(line, ReadingLine) else self._event(line, number)
        except LineRefused as error:
            self._counts["refused"][error.code] += 1
            yield {"error": str(error), "line": number}

    def last_answers(self) -> Iterator[Answer]:
        """Yield one forecast per asset seen, where the plan asks for them at the end."""
        if self._plan.every is not None or self._newest is None:
            return
        is_count, issued_at = self._runtime.calibration.is_count, self._plan.issued_at(self._newest)
        for asset in self._streams.assets:
            vector, own = self._streams.newest(asset), self._streams.newest_time(asset) if is_count else None
            yield self._forecast(asset, issued_at if own is None else max(own, own if vector is None else vector.time))

    def summary(self) -> Answer:
        """Return what was taken, refused, set aside and answered so far."""
        return {"assets": len(self._streams.assets)} | {name: dict(count) for name, count in self._counts.items()}

    def _check_moment(self, moment: datetime) -> None:
        latest = self._plan.latest()
        if latest is not None and moment > latest and not self._runtime.calibration.is_count:
            sentence = f"The row is of {format_time(moment)}; the run answers as of {format_time(latest)}."
            raise LineRefused("later_than_as_of", sentence)

    def _reading(self, line: ReadingLine, number: int) -> Iterator[Answer]:
        of_features, unusable = self._of_features(line.signals)
        taken = self._streams.take(line.asset, line.time, of_features)
        set_aside = (*taken.set_aside, *unusable)
        notable = [(name, reason) for name, reason in set_aside if self._is_notable(name, reason)]
        for _, reason in set_aside:
            self._counts["set_aside"][reason.value] += 1
        if taken.conflicts:
            self._counts["set_aside"]["conflict"] += len(taken.conflicts)
        is_judged = taken.outcome not in _PASSED_OVER and self._judge(line)
        if not (is_judged and taken.outcome is Outcome.EMPTY):
            self._refuse(taken.outcome)
        self._counts["rows"]["judged_only" if taken.outcome is Outcome.EMPTY else taken.outcome.value] += 1
        if notable:
            words = ", ".join(f"{name} ({reason.value})" for name, reason in notable)
            yield {"notice": f"set_aside: These signals were left out: {words[:500]}.", "line": number}
        if taken.outcome in (Outcome.DUPLICATE, Outcome.EMPTY):
            return
        self._newest = line.time if self._newest is None else max(self._newest, line.time)
        self._rows[line.asset] += taken.outcome is Outcome.ACCEPTED
        yield from self._due(line.asset, line.time)

    def _due(self, asset: AssetId, time: datetime, *, at_once: bool = False) -> Iterator[Answer]:
        """Yield a forecast where the plan asks for one at this row of the asset."""
        if self._plan.every is not None and (at_once or self._rows[asset] % self._plan.every == 0):
            is_count = self._runtime.calibration.is_count
            yield self._forecast(asset, time if is_count else self._plan.issued_at(time))

    def _event(self, event: Event, number: int) -> Iterator[Answer]:
        if self._conditions is not None:
            self._conditions.take_event(event)
        before = self._streams.newest(event.asset)
        outcome = self._streams.take_event(event)
        self._refuse(outcome)
        self._counts["events"][outcome.value] += 1
        if outcome in _EVENT_NOTICES:
            yield {"notice": _EVENT_NOTICES[outcome].format(asset=event.asset), "line": number}
        time, newest = self._streams.newest_time(event.asset), self._streams.newest(event.asset)
        if outcome not in (Outcome.COUNTED, Outcome.COUNTED_LATE) or time is None:
            return
        if newest is not None and newest is not before and newest.time > time:  # the row of an event
            self._newest = newest.time if self._newest is None else max(self._newest, newest.time)
            yield from self._due(event.asset, newest.time, at_once=True)
        elif outcome is Outcome.COUNTED_LATE:
            yield from self._due(event.asset, time)

    def _of_features(self, signals: dict[str, object]) -> tuple[dict[str, object], list[tuple[str, SetAsideReason]]]:
        """Leave out what state detection alone looks at, and say what of that is no number."""
        conditions = self._conditions
        if conditions is None:
            return signals, []
        others = {name for name in signals if conditions.knows(name) and name not in self._features}
        found = [(name, measured(signals[name])) for name in sorted(others)]
        unusable = [(name, why) for name, why in found if isinstance(why, SetAsideReason)]
        return {name: value for name, value in signals.items() if name not in others}, unusable

    def _judge(self, line: ReadingLine) -> bool:
        """Let state detection see a row; return whether there was anything new in it."""
        conditions = self._conditions
        if conditions is None or not conditions.take(line.asset, line.time, line.signals):
            return False
        standing = conditions.standing(line.asset)
        if standing is not None:
            self._counts["conditions"][standing.answer.verdict.value] += 1
        return True

    def _refuse(self, outcome: Outcome) -> None:
        if outcome in _REFUSALS:
            raise LineRefused(outcome.value, _REFUSALS[outcome])

    def _is_notable(self, name: str, reason: SetAsideReason) -> bool:
        """Unknown signals are told once each: a device sends the same ones with every line."""
        if reason is not SetAsideReason.UNKNOWN_SIGNAL:
            return True
        is_new = name not in self._unknown and len(self._unknown) < _MOST_NAMES
        if is_new:
            self._unknown.add(name)
        return is_new

    def _forecast(self, asset: AssetId, issued_at: datetime) -> Answer:
        request = VectorRequest(self._plan.tenant, asset, self._streams.newest(asset), issued_at)
        forecast = self._runtime.forecast([request], issued_at)[0]
        self._counts["forecasts"][forecast.status.value] += 1
        return forecast.to_dict() | self._condition(asset)

    def _condition(self, asset: AssetId) -> Answer:
        """Return what is said of the machine, where the bundle can tell; null before its first row."""
        if self._conditions is None or self._runtime.condition is None:
            return {}
        standing = self._conditions.standing(asset)
        if standing is None:
            return {"condition": None}
        borrowed = self._conditions.borrowed(asset)
        return {"condition": standing_document(standing, self._runtime.condition.table, borrowed)}


_PASSED_OVER = frozenset({Outcome.LATE, Outcome.FORGOTTEN, Outcome.FULL})

_REFUSALS = {
    Outcome.LATE: "It is older than the newest of its asset; a stream knows no past, so replay it in the centre.",
    Outcome.EMPTY: "Nothing usable was measured.",
    Outcome.FORGOTTEN: "Too many events are newer than it to count what lies between; "
    "send rows and events in the order of their times, or replay it in the centre.",
    Outcome.FULL: "There are more assets than this run has room for.",
}

_EVENT_NOTICES = {
    Outcome.COUNTED_LATE: "counted_late: The event of {asset} came after rows that are newer than it; "
    "it is in the newest vector from now on, and earlier answers did not know of it.",
    Outcome.LIFE_ENDED: "life_ended: A life of {asset} ended; the next one begins with nothing of it.",
    Outcome.LIFE_ENDED_LATE: "life_ended_late: A life of {asset} ended before its newest row; "
    "the next one begins with that row, and the rows between are missing from it.",
}
