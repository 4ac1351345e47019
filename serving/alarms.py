"""Alarms for whoever asks: what is on the list, acknowledgement, and their JSON."""

from dataclasses import dataclass
from datetime import timedelta

from features.domain.alarms import Alarm, AlarmEntry, DataPathNotice, Stage, Told
from features.domain.errors import NotFound
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource, Pack
from features.domain.time import format_time
from features.records.alarms import AlarmQuery
from serving.access import Caller, Role
from serving.errors import Refused
from serving.parts import Parts
from serving.series import axis_of

LIST_SPAN = timedelta(weeks=1)
"""An alarm that returned stays on the list so long, if nobody acknowledges it."""
LONGEST_LIST = 500


@dataclass(frozen=True, slots=True)
class AlarmDesk:
    """Answers what is asked of alarms."""

    parts: Parts

    def on_list(self, tenant: TenantId, asset: AssetId | None = None) -> list[Alarm]:
        """Return the alarms that ask for somebody: those that stand, and those that returned and nobody has seen."""
        found, _ = self.parts.alarms.list_all(tenant, AlarmQuery(asset=asset), LONGEST_LIST)
        return [each for each in found if each.stage.stands or (each.stage.waits and not self._is_lapsed(each))]

    def is_fitted(self, alarm: Alarm) -> bool:
        """Say whether a threshold was fitted to the budget for the scores behind an alarm."""
        return self.parts.thresholds.get(alarm.tenant, alarm.pack, alarm.model) is not None

    def find(self, tenant: TenantId, alarm: str) -> Alarm:
        """Return one of the tenant's alarms.

        Raises:
            Refused: With 404, if it has no such alarm, whoever else may have it.
        """
        try:
            return self.parts.alarms.get(tenant, alarm)
        except NotFound as error:
            raise no_such_alarm() from error

    def acknowledge(self, caller: Caller, alarm: str, by: str | None, comment: str | None) -> Alarm:
        """Put on record that somebody has seen an alarm; one that waits for nobody stays as it is.

        Raises:
            Refused: With 404, if the caller's tenant has no such alarm.
        """
        try:
            return self.parts.alarms.acknowledge(
                caller.tenant, alarm, self.parts.clock(), by or Role.OPERATOR.value, comment or None
            )
        except NotFound as error:
            raise no_such_alarm() from error

    def _is_lapsed(self, alarm: Alarm) -> bool:
        if self.parts.pack.life.source is LifeSource.COUNT or alarm.returned_at is None or alarm.stage is Stage.LATCHED:
            return False
        return self.parts.clock() - alarm.returned_at > LIST_SPAN


def no_such_alarm() -> Refused:
    """Return the refusal for an alarm that the tenant does not have."""
    return Refused(404, "There is no such alarm. GET /v1/alarms lists those there are.")


def alarm_document(desk: AlarmDesk, alarm: Alarm, *, is_fitted: bool) -> dict[str, object]:
    """Return the JSON of an alarm."""
    pack, seen = desk.parts.pack, alarm.acknowledged
    return {
        "id": alarm.id,
        "asset": alarm.asset,
        "gateway": alarm.gateway,
        "stage": alarm.stage.value,
        "standing": alarm.stage.stands,
        "unacknowledged": alarm.stage.waits,
        "cause": alarm.cause.value,
        "lead": alarm.lead,
        "score": alarm.score,
        "threshold": alarm.threshold,
        "threshold_fitted": is_fitted,
        "over": alarm.over,
        "raised_at": axis_of(pack, alarm.raised_at),
        "standing_since": axis_of(pack, alarm.stood_since),
        "changed_at": axis_of(pack, alarm.changed_at),
        "returned_at": None if alarm.returned_at is None else axis_of(pack, alarm.returned_at),
        "times": alarm.times,
        "acknowledged": None if seen is None else {"at": format_time(seen.at), "by": seen.by, "comment": seen.comment},
        "model": alarm.model,
    }


def entry_document(pack: Pack, entry: AlarmEntry) -> dict[str, object]:
    """Return the JSON of something that was told; somebody acknowledges by the clock, whatever machines count."""
    by_clock = entry.told is Told.ACKNOWLEDGED
    return {
        "at": format_time(entry.at) if by_clock else axis_of(pack, entry.at),
        "told": entry.told.value,
        "cause": entry.cause.value,
        "lead": entry.lead,
        "score": entry.score,
        "reason": entry.reason,
        "comment": entry.comment,
    }


def notice_document(pack: Pack, notice: DataPathNotice) -> dict[str, object]:
    """Return the JSON of a notice that lasts."""
    return {
        "kind": notice.kind.value,
        "gateway": notice.gateway,
        "asset": notice.asset,
        "raised_at": axis_of(pack, notice.raised_at),
        "standing": list(notice.standing),
    }
