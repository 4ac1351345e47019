"""Alarms, notices and thresholds in memory."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from features.domain.alarms import Alarm, AlarmEntry, DataPathNotice, KeptThreshold, NoticeKind, Stage, Told, alarm_id
from features.domain.conditions import ConditionVerdict
from features.domain.identifiers import AssetId, TenantId
from features.records.alarms import AlarmQuery
from features.records.errors import RecordNotFound
from tests.serving.fake_readings import NOW

LOCAL = TenantId("local")
_ORDER = (Stage.UNACKNOWLEDGED, Stage.ACKNOWLEDGED, Stage.LATCHED, Stage.RETURNED, Stage.NORMAL)


def alarm(
    asset: str,
    hours: float = 9.0,
    stage: Stage = Stage.UNACKNOWLEDGED,
    *,
    tenant: TenantId = LOCAL,
    cause: ConditionVerdict = ConditionVerdict.MACHINE,
) -> Alarm:
    """An alarm that was raised so many hours ago."""
    at, name = NOW - timedelta(hours=hours), AssetId(asset)
    returned = None if stage.stands else at + timedelta(hours=1)
    identity, lead = alarm_id(tenant, name, at), "vibration_drive_end"
    return Alarm(
        tenant, identity, name, "pump", "g-north", stage, cause, lead, 4.6, 2.0, "ab" * 32, at, at, at, returned
    )  # fmt: skip


def entry(told: Told, of: Alarm, at: datetime, reason: str | None = None, comment: str | None = None) -> AlarmEntry:
    return AlarmEntry(of.asset, at, told, of.cause, of.lead, of.score, reason, comment)


@dataclass
class FakeAlarms:
    alarms: list[Alarm] = field(default_factory=list)
    lasting: list[DataPathNotice] = field(default_factory=list)
    held: list[tuple[TenantId, AlarmEntry]] = field(default_factory=list)
    said: dict[str, list[AlarmEntry]] = field(default_factory=dict)

    def list_all(
        self, tenant: TenantId, asked: AlarmQuery, limit: int = 100, offset: int = 0
    ) -> tuple[list[Alarm], int]:
        found = sorted(
            (each for each in self.alarms if each.tenant == tenant and _fits(each, asked)),
            key=lambda each: (_ORDER.index(each.stage), NOW - each.stood_since),
        )
        return found[offset : offset + limit], len(found)

    def get(self, tenant: TenantId, alarm: str) -> Alarm:
        for each in self.alarms:
            if (each.tenant, each.id) == (tenant, alarm):
                return each
        raise RecordNotFound("alarm", alarm)

    def history(self, tenant: TenantId, alarm: str) -> list[AlarmEntry]:
        found = self.get(tenant, alarm)
        return [entry(Told.RAISED, found, found.raised_at), *self.said.get(alarm, [])]

    def suppressed(self, tenant: TenantId, asset: AssetId, limit: int = 100) -> list[AlarmEntry]:
        return [each for owner, each in self.held if (owner, each.asset) == (tenant, asset)][:limit]

    def acknowledge(self, tenant: TenantId, alarm: str, at: datetime, by: str, comment: str | None = None) -> Alarm:
        found = self.get(tenant, alarm)
        if not found.stage.waits:
            return found
        told = replace(entry(Told.ACKNOWLEDGED, found, at, by, comment), lead=None, score=None)
        self.said.setdefault(alarm, []).append(told)
        self.alarms = [found.after(told) if each is found else each for each in self.alarms]
        return self.get(tenant, alarm)

    def notices(self, tenant: TenantId, *, since: datetime | None = None, limit: int = 100) -> list[DataPathNotice]:
        return [each for each in self.lasting if each.tenant == tenant][:limit]


@dataclass
class FakeThresholds:
    kept: list[KeptThreshold] = field(default_factory=list)

    def get(self, tenant: TenantId, pack: str, model: str) -> KeptThreshold | None:
        found = (each for each in self.kept if (each.tenant, each.pack, each.model) == (tenant, pack, model))
        return next(found, None)


def trouble(assets: Iterable[str], alarms: FakeAlarms) -> None:
    """Let some machines have alarms of every stage, and two gateways trouble of their own."""
    first, second, third, fourth, *others = assets
    seen = alarm(second, 30, cause=ConditionVerdict.INSTRUMENT)
    alarms.alarms = [
        alarm(first),
        seen,
        alarm(third, 52, Stage.RETURNED, cause=ConditionVerdict.UNDETERMINED),
        alarm(fourth, 900, Stage.NORMAL),
        alarm(first, 800, Stage.NORMAL),
    ]
    alarms.acknowledge(LOCAL, seen.id, NOW - timedelta(hours=28), "Li Wei", "Sensor is on order")
    held = entry(Told.SUPPRESSED, alarm(first), NOW - timedelta(days=5), "planned_stop")
    alarms.held = [(LOCAL, held)]
    at, standing = NOW - timedelta(hours=4), tuple(map(AssetId, (first, second)))
    silent = DataPathNotice(LOCAL, "pump", "g-north", NoticeKind.GATEWAY_SILENT, at, standing=standing)
    machines = [
        DataPathNotice(LOCAL, "pump", "g-south", NoticeKind.MACHINE_SILENT, at, asset=AssetId(name))
        for name in others[:7]
    ]
    alarms.lasting = [silent, *machines]


def _fits(alarm: Alarm, asked: AlarmQuery) -> bool:
    return (
        asked.standing in (None, alarm.stage.stands)
        and asked.unacknowledged in (None, alarm.stage.waits)
        and asked.asset in (None, alarm.asset)
        and (asked.since is None or alarm.changed_at >= asked.since)
    )
