"""One turn of a gateway: what is on record and what came, stepped through the annunciator, to what goes on record.

Nothing here reads or writes; the same record and the same that came give the same, however often they are given. A row
that was taken before, or is older than one that was, is passed over.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from features.domain.alarms import MOVED, NoticeKind, Told
from features.domain.conditions import AssetCondition
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import from_microseconds, microseconds
from features.records.alarm_turns import After, Before
from models.condition.alarms.annunciator import (
    Announced,
    Annunciator,
    AnnunciatorRule,
    AssetTransition,
    Input,
    Moment,
    PathNotice,
    PlannedWork,
    Renewal,
    Row,
    in_order,
)
from models.condition.alarms.lifecycle import Observation
from models.condition.alarms.written import read, written
from pipelines.alarms.book import Book
from pipelines.alarms.watch_rule import UNFITTED, WatchRule

_LONGEST_LEAD = 128


@dataclass(frozen=True, slots=True)
class Given:
    """What one gateway is given in a turn.

    Attributes:
        machines: That stand behind it.
        conditions: What state detection says of their rows, in any order.
        work: Planned work on them.
        renewals: Ends of their lives.
        unexpected: Of these renewals those after which nothing more is expected of the machine.
        moment: The present moment in seconds, if silence may be told; else None.
    """

    tenant: TenantId
    pack: str
    gateway: str
    now: datetime
    machines: frozenset[str]
    conditions: tuple[AssetCondition, ...] = ()
    work: tuple[PlannedWork, ...] = ()
    renewals: tuple[Renewal, ...] = ()
    unexpected: frozenset[Renewal] = frozenset()
    moment: float | None = None


def turn(before: Before, given: Given, rule: WatchRule, threshold_by_model: Mapping[str, float]) -> After | None:
    """Return what goes on record, or None if nothing does.

    Args:
        before: What is on record.
        given: What came.
        rule: How to watch.
        threshold_by_model: Of the score, for each model that judged.
    """
    book = Book(before, given.tenant, given.pack, given.gateway, given.now)
    state, memory = _remembered(before, given.gateway)
    state = _seen_by_people(state, before)
    state = _without_strangers(state, given, book)
    model_by_row = {(each.asset, each.at): each.model for each in given.conditions}
    for each in _inputs(state, memory, given):
        if isinstance(each, Row):
            memory.model = model_by_row[AssetId(each.asset), _moment(each.seconds)]
        threshold = threshold_by_model.get(memory.model, UNFITTED)
        state, told = _stepped(state, memory, each, rule.at(threshold), book)
        if isinstance(each, Renewal) and each in given.unexpected:
            state = _unexpected(state, each.asset)
        book.take(told, threshold, memory.model)
    after = {"annunciator": written(state), "renewed": memory.renewed, "model": memory.model}
    return None if after == before.state and book.is_empty else book.after(after)


@dataclass(slots=True)
class _Memory:
    """What a watch remembers beside the annunciator.

    Attributes:
        renewed: Up to which end of a life each machine's were taken, seconds.
        model: What judged last.
    """

    renewed: dict[str, float]
    model: str


def _remembered(before: Before, gateway: str) -> tuple[Annunciator, _Memory]:
    if before.state is None:
        return Annunciator(gateway), _Memory({}, "")
    document: Mapping[str, object] = before.state
    state, renewed = document["annunciator"], document["renewed"]
    assert isinstance(state, Mapping)
    assert isinstance(renewed, Mapping)
    return read(gateway, state), _Memory(dict(renewed), str(document["model"]))


def _seen_by_people(state: Annunciator, before: Before) -> Annunciator:
    """Take in what was acknowledged on record since the last turn; that is told there already."""
    lives = dict(state.lives)
    for asset, life in state.lives.items():
        alarm = before.alarms.get(AssetId(asset))
        is_off = alarm is None and not life.stage.stands
        if life.stage.waits and (is_off or (alarm is not None and alarm.acknowledged is not None)):
            lives[asset] = life.acknowledged(0.0, "")[0]
    return state if lives == state.lives else replace(state, lives=lives)


def _without_strangers(state: Annunciator, given: Given, book: Book) -> Annunciator:
    """Forget machines that stand behind another gateway now, or are gone; what stood of them is over."""
    seconds = microseconds(given.now) / 1e6
    for asset in sorted({*state.heard, *state.lives} - given.machines):
        life = state.lives.get(asset)
        if life is not None:
            ended = [AssetTransition(asset, each) for each in life.ended(seconds, MOVED)[1]]
            book.take(ended, UNFITTED, "")
        if asset in state.silent:
            gone = PathNotice(seconds, NoticeKind.MACHINE_SILENT, Told.RETURNED, given.gateway, asset)
            book.take([gone], UNFITTED, "")
        lives = {name: each for name, each in state.lives.items() if name != asset}
        state = _unexpected(replace(state, lives=lives), asset)
    return state


def _unexpected(state: Annunciator, asset: str) -> Annunciator:
    """Expect nothing more of a machine."""
    heard = {name: at for name, at in state.heard.items() if name != asset}
    planned = {name: work for name, work in state.planned.items() if name != asset}
    gone = {asset}
    return replace(state, heard=heard, planned=planned, silent=state.silent - gone, tainted=state.tainted - gone)


def _inputs(state: Annunciator, memory: _Memory, given: Given) -> list[Input]:
    """Return what is new, in the order in which it counts."""
    known = {
        asset: max(state.heard.get(asset, -math.inf), memory.renewed.get(asset, -math.inf)) for asset in given.machines
    }
    found: list[Input] = []
    for each in given.conditions:
        seconds = microseconds(each.at) / 1e6
        if seconds > known[each.asset]:
            found.append(Row(each.asset, _observation(each, seconds)))
    found += [
        each
        for each in given.work
        if each.until > known[each.asset]
        and (each.asset not in state.planned or each.until > state.planned[each.asset].until)
    ]
    found += [each for each in given.renewals if each.seconds > memory.renewed.get(each.asset, -math.inf)]
    if given.moment is not None:
        found.append(Moment(given.moment))
    return in_order(found)


def _observation(condition: AssetCondition, seconds: float) -> Observation:
    score = math.nan if condition.score is None else condition.score
    lead = condition.shares[0][0][:_LONGEST_LEAD] if condition.shares else None
    return Observation(seconds, score, condition.verdict, lead)


def _stepped(
    state: Annunciator, memory: _Memory, given: Input, rule: AnnunciatorRule, book: Book
) -> tuple[Annunciator, tuple[Announced, ...]]:
    """Step; the end of a life that is heard of late ends no alarm that was raised after it."""
    if isinstance(given, Renewal):
        memory.renewed[given.asset] = given.seconds
        alarm = book.alarm(given.asset)
        if alarm is not None and alarm.raised_at > _moment(given.seconds):
            return state, ()
    return state.after(given, rule)


def _moment(seconds: float) -> datetime:
    return from_microseconds(round(seconds * 1e6))
