"""What annunciators tell, written as alarms, their history and notices."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from features.domain.alarms import Alarm, AlarmEntry, DataPathNotice, Stage, Told, alarm_id
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import from_microseconds
from features.records.alarm_turns import After, Before
from models.condition.alarms.annunciator import Announced, PathNotice
from models.condition.alarms.lifecycle import Transition


@dataclass(slots=True)
class Book:
    """Follows the alarms and notices of one gateway through a turn.

    Attributes:
        before: What was on record.
        now: The present moment, for what came back before anybody knew that it was gone.
    """

    before: Before
    tenant: TenantId
    pack: str
    gateway: str
    now: datetime
    _alarms: dict[AssetId, Alarm] = field(init=False)
    _changed: dict[str, Alarm] = field(default_factory=dict, init=False)
    _entries: list[tuple[str | None, AlarmEntry]] = field(default_factory=list, init=False)
    _lasting: list[DataPathNotice] = field(init=False)
    _notices: dict[tuple[object, ...], DataPathNotice] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Begin with what is on record."""
        self._alarms, self._lasting = dict(self.before.alarms), list(self.before.notices)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was told."""
        return not (self._changed or self._entries or self._notices)

    def alarm(self, asset: str) -> Alarm | None:
        """Return the alarm of a machine that is on the list, as it is by now."""
        return self._alarms.get(AssetId(asset))

    def after(self, state: Mapping[str, object]) -> After:
        """Return what goes on record with a state."""
        return After(state, tuple(self._changed.values()), tuple(self._entries), tuple(self._notices.values()))

    def take(self, told: Iterable[Announced], threshold: float, model: str) -> None:
        """Take in what was told.

        Args:
            told: In order.
            threshold: Of the score, at that time.
            model: What judged.
        """
        for each in told:
            if isinstance(each, PathNotice):
                self._take_notice(each)
            else:
                self._take_transition(AssetId(each.asset), each.transition, threshold, model)

    def _take_transition(self, asset: AssetId, new: Transition, threshold: float, model: str) -> None:
        entry = _entry(asset, new)
        if new.told is Told.SUPPRESSED:
            self._entries.append((None, entry))
            return
        alarm = self._alarms.get(asset)
        if new.told is Told.RAISED or (alarm is None and new.told in (Told.AGAIN, Told.WORSENED)):
            alarm = self._raised(alarm, entry, threshold, model)
        elif alarm is not None:
            alarm = (
                replace(alarm.after(entry), threshold=threshold, model=model)
                if entry.told.stands
                else alarm.after(entry)
            )
        if alarm is not None:
            self._alarms[asset] = self._changed[alarm.id] = alarm
            self._entries.append((alarm.id, entry))

    def _raised(self, listed: Alarm | None, entry: AlarmEntry, threshold: float, model: str) -> Alarm:
        """Return a new alarm; one that waited on the list for somebody is over."""
        if listed is not None:
            self._changed[listed.id] = replace(listed, stage=Stage.NORMAL)
        return Alarm(
            self.tenant,
            alarm_id(self.tenant, entry.asset, entry.at),
            entry.asset,
            self.pack,
            self.gateway,
            Stage.UNACKNOWLEDGED,
            entry.cause,
            entry.lead,
            entry.score,
            threshold,
            model,
            raised_at=entry.at,
            stood_since=entry.at,
            changed_at=entry.at,
        )

    def _take_notice(self, new: PathNotice) -> None:
        asset = None if new.asset is None else AssetId(new.asset)
        at = _moment(new.seconds)
        if new.told is not Told.RETURNED:
            standing = tuple(map(AssetId, new.standing))
            notice = DataPathNotice(self.tenant, self.pack, self.gateway, new.kind, at, None, asset, standing)
            self._lasting.append(notice)
            self._keep(notice)
            return
        for each in [each for each in self._lasting if (each.kind, each.asset) == (new.kind, asset)]:
            self._lasting.remove(each)
            self._keep(replace(each, returned_at=at if at > each.raised_at else max(self.now, each.raised_at)))

    def _keep(self, notice: DataPathNotice) -> None:
        self._notices[notice.kind, notice.asset, notice.raised_at] = notice


def _entry(asset: AssetId, new: Transition) -> AlarmEntry:
    score = None if math.isnan(new.score) else new.score
    return AlarmEntry(asset, _moment(new.seconds), new.told, new.cause, new.lead, score, new.reason)


def _moment(seconds: float) -> datetime:
    return from_microseconds(round(seconds * 1e6))
