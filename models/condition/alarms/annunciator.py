"""What is told of the machines behind one gateway: an alarm for each that needs somebody, one notice where data stop.

A gateway that falls silent takes sight of its machines away, all at once: that is one notice of the data path. What
stood on its machines stands, and what waited for its on-delay is raised, because nobody will see how it goes on. A
machine that falls silent while its gateway goes on is a notice of its own. Telemetry that state detection blames on the
data path is one notice for all machines behind the gateway as well. Nothing is expected of a machine during planned
work.

Gateways have nothing to do with one another, so each has a state of its own. A silence is told with the moment at which
it was due, whoever found out when: it does not matter how often somebody looks.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from features.domain.alarms import NoticeKind, Told
from features.domain.conditions import ConditionVerdict
from models.condition.alarms.alarm import AlarmRule
from models.condition.alarms.lifecycle import AlarmLife, LifeCycleRule, Observation, Transition


@dataclass(frozen=True, slots=True)
class PathNotice:
    """Something told of the data path; no alarm of a machine.

    Attributes:
        seconds: When it was due.
        told: `raised` or `returned`.
        asset: The machine, where it is one alone.
        standing: Machines behind the gateway whose alarms stand and cannot be followed meanwhile.
    """

    seconds: float
    kind: NoticeKind
    told: Told
    gateway: str
    asset: str | None = None
    standing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AssetTransition:
    """Something told of the alarm of one machine."""

    asset: str
    transition: Transition

    @property
    def seconds(self) -> float:
        """When."""
        return self.transition.seconds


Announced = PathNotice | AssetTransition


@dataclass(frozen=True, slots=True)
class Row:
    """A row of one machine, as state detection judged it."""

    asset: str
    seen: Observation

    @property
    def seconds(self) -> float:
        """Its time."""
        return self.seen.seconds


@dataclass(frozen=True, slots=True)
class PlannedWork:
    """Planned work on a machine, or an alarm that was shelved: no alarm may be raised until it is over.

    Attributes:
        seconds: When it begins (inside).
        until: When it ends (outside).
        reason: In words.
    """

    asset: str
    seconds: float
    until: float
    reason: str = "planned work"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody has seen a machine's alarm."""

    asset: str
    seconds: float
    by: str


@dataclass(frozen=True, slots=True)
class Renewal:
    """A machine was put right or replaced: what stood is over, and its score begins anew."""

    asset: str
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Time goes by, whether rows come or not."""

    seconds: float


Input = PlannedWork | Acknowledgement | Row | Renewal | Moment
_ORDER = {PlannedWork: 0, Acknowledgement: 1, Row: 2, Renewal: 3, Moment: 4}
"""In which order they count at one moment: a row of the very moment at which a life ends belongs to that life."""


@dataclass(frozen=True, slots=True)
class AnnunciatorRule:
    """How a gateway's machines are watched.

    Attributes:
        life: How alarms live.
        silence: Seconds without a row after which silence is told; several usual intervals.
    """

    life: LifeCycleRule
    silence: float

    @property
    def seen(self) -> LifeCycleRule:
        """How alarms live, where sight of a machine is lost after the same silence."""
        return self.life if self.life.silence == self.silence else replace(self.life, silence=self.silence)

    @property
    def path(self) -> LifeCycleRule:
        """How notices of verdicts on the data path live: as alarms do, on yes or no."""
        return replace(self.life, alarm=AlarmRule(0.5, release=0.0), silence=math.inf)


@dataclass(frozen=True, slots=True)
class Annunciator:
    """What is remembered of one gateway and the machines behind it.

    Attributes:
        heard: When each machine was heard last, seconds.
        silent: Machines that are noticed as silent.
        is_away: Whether the gateway is.
        back: When it came back last, seconds.
        lives: Alarms of machines.
        path: The notice of verdicts on the data path.
        tainted: Machines whose last row was blamed on it, as long as they are heard.
        planned: Planned work of each machine, that which ends last.
    """

    gateway: str
    heard: Mapping[str, float] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    is_away: bool = False
    back: float = -math.inf
    lives: Mapping[str, AlarmLife] = field(default_factory=dict)
    path: AlarmLife = field(default_factory=AlarmLife)
    tainted: frozenset[str] = frozenset()
    planned: Mapping[str, PlannedWork] = field(default_factory=dict)

    @property
    def standing(self) -> tuple[str, ...]:
        """The machines whose alarms stand."""
        return tuple(sorted(asset for asset, life in self.lives.items() if life.stage.stands))

    def after(self, given: Input, rule: AnnunciatorRule) -> "tuple[Annunciator, tuple[Announced, ...]]":
        """Return the state after something happened, and what is to be told of it.

        Args:
            given: What happened, not before what was given last.
            rule: How to watch.
        """
        state, told = self._passed(given.seconds, rule)
        if isinstance(given, Row):
            state, more = state._row(given, rule)
            return state, (*told, *more)
        if isinstance(given, PlannedWork):
            return state._planning(given), told
        if isinstance(given, Moment):
            return state, told
        if isinstance(given, Acknowledgement):
            life, new = state._life(given.asset).acknowledged(given.seconds, given.by)
        else:
            life, new = state._life(given.asset).ended(given.seconds, given.reason)
        return state._with(given.asset, life), (*told, *_of(given.asset, new))

    def _passed(self, now: float, rule: AnnunciatorRule) -> "tuple[Annunciator, tuple[Announced, ...]]":
        """Find out whether the gateway has fallen silent by now."""
        if self.is_away or not self.heard:
            return self, ()
        free = min(map(self._planned_until, self.heard)) if len(self.planned) >= len(self.heard) else -math.inf
        due = max(max(self.heard.values()), self.back, free) + rule.silence
        if now <= due:
            return self, ()
        state, told = self._unseen(self.heard, due, rule)
        notice = PathNotice(due, NoticeKind.GATEWAY_SILENT, Told.RAISED, self.gateway, standing=state.standing)
        return replace(state, is_away=True), (notice, *told)

    def _row(self, row: Row, rule: AnnunciatorRule) -> "tuple[Annunciator, tuple[Announced, ...]]":
        state, told = self, list[Announced]()
        if state.is_away:
            told.append(PathNotice(row.seconds, NoticeKind.GATEWAY_SILENT, Told.RETURNED, self.gateway))
            state = replace(state, is_away=False, back=row.seconds)
        if row.asset in state.silent:
            told.append(PathNotice(row.seconds, NoticeKind.MACHINE_SILENT, Told.RETURNED, self.gateway, row.asset))
        state = replace(state, heard={**state.heard, row.asset: row.seconds}, silent=state.silent - {row.asset})
        state, missed = state._missed(row.seconds, rule)
        state, path = state._blamed(row, rule)
        planned = state.planned.get(row.asset)
        is_planned = planned is not None and planned.seconds <= row.seconds < planned.until
        seen = replace(row.seen, planned=planned.reason) if planned is not None and is_planned else row.seen
        life, new = state._life(row.asset).after(seen, rule.seen)
        return state._with(row.asset, life), (*told, *missed, *path, *_of(row.asset, new))

    def _missed(self, now: float, rule: AnnunciatorRule) -> "tuple[Annunciator, tuple[Announced, ...]]":
        """Find machines that have fallen silent while their gateway goes on."""
        if min(self.heard.values()) + rule.silence >= now:
            return self, ()
        gone = [
            (due, asset)
            for asset, last in self.heard.items()
            if asset not in self.silent
            and (due := max(last, self.back, self._planned_until(asset)) + rule.silence) < now
        ]
        state, told = self, list[Announced]()
        for due, asset in sorted(gone):
            told.append(PathNotice(due, NoticeKind.MACHINE_SILENT, Told.RAISED, self.gateway, asset))
            state, new = state._unseen((asset,), due, rule)
            told += new
        return replace(state, silent=state.silent | {asset for _, asset in gone}), tuple(told)

    def _blamed(self, row: Row, rule: AnnunciatorRule) -> "tuple[Annunciator, tuple[Announced, ...]]":
        """Follow whether rows are blamed on the data path: one notice, however many machines they are of."""
        is_blamed = row.seen.verdict is ConditionVerdict.DATA_PATH
        blamed = self.tainted | {row.asset} if is_blamed else self.tainted - {row.asset}
        tainted = frozenset(a for a in blamed if max(self.heard[a], self.back) + rule.silence >= row.seconds)
        if not tainted and self.path.is_at_rest:
            return self, ()
        path, told = self.path.after(Observation(row.seconds, 1.0 if tainted else 0.0), rule.path)
        notices = tuple(PathNotice(each.seconds, NoticeKind.DATA_PATH, each.told, self.gateway) for each in told)
        return replace(self, tainted=tainted, path=path), notices

    def _unseen(
        self, assets: Iterable[str], now: float, rule: AnnunciatorRule
    ) -> "tuple[Annunciator, tuple[Announced, ...]]":
        """Lose sight of machines: what waited is raised, unless work is planned; what stands begins its return anew."""
        lives, told = dict(self.lives), list[Announced]()
        for asset in sorted(assets):
            work = self.planned.get(asset)
            is_worked = work is not None and work.seconds <= now and work.until > self.heard[asset]
            planned = work.reason if work is not None and is_worked else None
            life, new = self._life(asset).raised_now(now, rule.seen, planned)
            lives[asset] = life.unseen()
            told += _of(asset, new)
        return replace(self, lives=lives), tuple(told)

    def _planning(self, work: PlannedWork) -> "Annunciator":
        """Plan work; what goes on and ends later counts on."""
        if self._planned_until(work.asset) >= work.until:
            return self
        return replace(self, planned={**self.planned, work.asset: work})

    def _planned_until(self, asset: str) -> float:
        planned = self.planned.get(asset)
        return -math.inf if planned is None else planned.until

    def _life(self, asset: str) -> AlarmLife:
        return self.lives.get(asset, _NOTHING)

    def _with(self, asset: str, life: AlarmLife) -> "Annunciator":
        return self if life == self._life(asset) else replace(self, lives={**self.lives, asset: life})


_NOTHING = AlarmLife()


def _of(asset: str, transitions: Iterable[Transition]) -> tuple[AssetTransition, ...]:
    return tuple(AssetTransition(asset, each) for each in transitions)


def in_order(given: Iterable[Input]) -> list[Input]:
    """Return inputs in the order in which they count, each once; of two that contradict one another always the same.

    Whatever came late, twice or shuffled, the order is one and the same.
    """
    kept: dict[tuple[float, int, str], Input] = {}
    for each in given:
        key = (each.seconds, _ORDER[type(each)], "" if isinstance(each, Moment) else each.asset)
        if key not in kept or repr(kept[key]) < repr(each):
            kept[key] = each
    return [kept[key] for key in sorted(kept)]


def announce(gateway: str, given: Iterable[Input], rule: AnnunciatorRule) -> Iterator[Announced]:
    """Yield what is told of one gateway's machines, from the first on.

    Args:
        gateway: Its name.
        given: What happened, in order (`in_order`).
        rule: How to watch.
    """
    state = Annunciator(gateway)
    for each in given:
        state, told = state.after(each, rule)
        yield from told
