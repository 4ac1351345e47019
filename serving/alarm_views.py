"""What the pages say of alarms and of the data path, in the reader's words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from features.domain.alarms import MOVED, Alarm, AlarmEntry, DataPathNotice, NoticeKind, Stage, Told
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource
from features.domain.time import life_of_time
from features.records.alarms import AlarmQuery
from serving.alarms import AlarmDesk
from serving.condition_views import TONES
from serving.languages import Words
from serving.parts import Parts
from serving.views import life_text, name_of

SHOWN = 20
_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that became of an alarm, in words."""

    when: str
    what: str


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm.

    Attributes:
        tone: Colours, as of the attention that it asks for.
        state: Where it stands, in a word or two.
        lead: The signal that strays most.
        since: Since when it stands, or when it was raised.
        ago: How long that is ago; None where data has no dates.
        over: How far over the threshold.
        waits: Whether somebody must acknowledge it.
        seen: Who has acknowledged it, and what they said.
        steps: What became of it.
    """

    id: str
    asset: str
    tone: str
    state: str
    cause: str
    why: str
    lead: str
    since: str
    ago: str | None
    over: str
    waits: bool
    seen: str | None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """What is wrong with the way of the data behind one gateway: one line."""

    gateway: str
    text: str
    since: str
    ago: str | None


@dataclass(frozen=True, slots=True)
class AlarmsView:
    """The alarms of a fleet or of one machine.

    Attributes:
        lead: How many there are, in a sentence; what it means where there are none.
        past: Those that are over, on the page of one machine.
        held: What planned work held back, on the page of one machine.
        more: How many alarms are not shown, in words; None if all are.
        is_unfitted: Whether a threshold was used that keeps no budget.
    """

    lead: str
    rows: tuple[AlarmRow, ...]
    past: tuple[AlarmRow, ...]
    held: tuple[Step, ...]
    notices: tuple[NoticeRow, ...]
    more: str | None
    is_unfitted: bool


def fleet_alarms(parts: Parts, tenant: TenantId, words: Words) -> AlarmsView:
    """Return the alarms of a fleet that ask for somebody, and what is wrong with the way of the data."""
    desk = AlarmDesk(parts)
    found, notices = desk.on_list(tenant), parts.alarms.notices(tenant, limit=1000)
    is_judged = bool(found) or bool(parts.conditions.list_all(tenant))
    more = len(found) - SHOWN
    return AlarmsView(
        _lead(found, words, "fleet" if is_judged else "not_judged"),
        tuple(_row(parts, each, words) for each in found[:SHOWN]),
        (),
        (),
        _notices(parts, notices, words),
        words("alarms.more", count=more) if more > 0 else None,
        not all(map(desk.is_fitted, _one_of_each_model(found))),
    )


def asset_alarms(parts: Parts, tenant: TenantId, asset: AssetId, words: Words) -> AlarmsView:
    """Return the alarms of one machine, past ones too, with what became of them."""
    desk = AlarmDesk(parts)
    every, total = parts.alarms.list_all(tenant, AlarmQuery(asset=asset), SHOWN)
    listed = desk.on_list(tenant, asset)
    named = {each.id for each in listed}
    is_judged = bool(every) or bool(parts.conditions.list_all(tenant, asset))
    rows = {each.id: _row(parts, each, words, parts.alarms.history(tenant, each.id)) for each in [*listed, *every]}
    held = parts.alarms.suppressed(tenant, asset, SHOWN)
    more = total - len(every)
    return AlarmsView(
        _lead(listed, words, "machine" if is_judged else "not_judged_one"),
        tuple(rows[each.id] for each in listed),
        tuple(rows[each.id] for each in every if each.id not in named),
        tuple(_step(parts, each, words) for each in held),
        (),
        words("alarms.more", count=more) if more > 0 else None,
        not all(map(desk.is_fitted, _one_of_each_model(listed))),
    )


def _lead(found: Sequence[Alarm], words: Words, without: str) -> str:
    if not found:
        return words(f"alarms.none_{without}")
    standing = sum(each.stage.stands for each in found)
    waiting = sum(each.stage.waits for each in found)
    said = words("alarms.standing", count=standing) if standing else words("alarms.none_stands")
    return f"{said} {words('alarms.waiting', count=waiting)}" if waiting else said


def _row(parts: Parts, alarm: Alarm, words: Words, history: Sequence[AlarmEntry] = ()) -> AlarmRow:
    names = {str(signal.id): name_of(signal.names, words) for signal in parts.pack.signals}
    seen, code = alarm.acknowledged, alarm.cause.value
    said = None if seen is None else words("alarms.seen", by=seen.by, at=words.time(seen.at))
    over = None if alarm.over is None else words("alarms.times", factor=words.number(round(alarm.over, 2)))
    return AlarmRow(
        alarm.id,
        alarm.asset,
        TONES[alarm.cause] if alarm.stage.stands else "unknown",
        words(f"alarms.{alarm.stage.value}"),
        words(f"condition.{code}"),
        words(f"condition.{code}_why"),
        names.get(alarm.lead or "", alarm.lead or words("fleet.no_date")),
        _when(parts, alarm.stood_since, words),
        _ago(parts, alarm.stood_since, words),
        over or words("fleet.no_date"),
        alarm.stage.waits,
        f"{said}: {seen.comment}" if seen is not None and seen.comment else said,
        tuple(_step(parts, each, words) for each in history),
    )


def _step(parts: Parts, entry: AlarmEntry, words: Words) -> Step:
    by_clock = entry.told is Told.ACKNOWLEDGED
    when = words.time(entry.at) if by_clock else _when(parts, entry.at, words)
    cause = words(f"condition.{entry.cause.value}")
    reason = entry.reason or "" if by_clock else _reason(entry.reason or "", words)
    told = "ended" if entry.told is Told.RETURNED and reason else entry.told.value
    what = words(f"alarms.told_{told}", cause=cause, reason=reason)
    return Step(when, f"{what} {entry.comment}" if entry.comment else what)


def _reason(reason: str, words: Words) -> str:
    """Return a reason in the reader's language where it is the kind of an event."""
    if reason == MOVED:
        return words("alarms.moved")
    return words(f"event.{reason}") if words.has(f"event.{reason}") else reason


def _notices(parts: Parts, notices: Sequence[DataPathNotice], words: Words) -> tuple[NoticeRow, ...]:
    """Return one line for each gateway: its own silence before that of its machines."""
    lines: list[NoticeRow] = []
    for gateway in sorted({each.gateway for each in notices}):
        own = [each for each in notices if each.gateway == gateway]
        whole = [each for each in own if each.kind is NoticeKind.GATEWAY_SILENT]
        told = whole or own
        since = min(each.raised_at for each in told)
        lines.append(NoticeRow(gateway, _told(told, words), _when(parts, since, words), _ago(parts, since, words)))
    return tuple(lines)


def _told(notices: Sequence[DataPathNotice], words: Words) -> str:
    said: list[str] = []
    for kind in NoticeKind:
        of_kind = [each for each in notices if each.kind is kind]
        machines = sorted({str(each.asset) for each in of_kind if each.asset is not None})
        if of_kind:
            said.append(words(f"alarms.{kind.value}", count=len(machines), machines=_listed(machines, words)))
        standing = sorted({str(asset) for each in of_kind for asset in each.standing})
        if standing:
            said.append(words("alarms.out_of_sight", count=len(standing), machines=_listed(standing, words)))
    return " ".join(said)


def _listed(names: Sequence[str], words: Words) -> str:
    shown = words("epoch.and").join(names[:_NAMES_SHOWN])
    return shown if len(names) <= _NAMES_SHOWN else f"{shown} +{len(names) - _NAMES_SHOWN}"


def _when(parts: Parts, moment: datetime, words: Words) -> str:
    pack = parts.pack
    if pack.life.source is LifeSource.COUNT:
        return life_text(life_of_time(moment), pack.life.unit, words)
    return words.time(moment)


def _ago(parts: Parts, moment: datetime, words: Words) -> str | None:
    return None if parts.pack.life.source is LifeSource.COUNT else words.ago(moment)


def _one_of_each_model(alarms: Sequence[Alarm]) -> list[Alarm]:
    return list({(each.pack, each.model): each for each in alarms if each.stage is not Stage.NORMAL}.values())
