"""A plant of three pumps behind two gateways, and what state detection says of them."""

from datetime import UTC, datetime, timedelta
from functools import cache
from types import MappingProxyType

from features.domain.alarms import Alarm, AlarmEntry, DataPathNotice
from features.domain.assets import Asset
from features.domain.conditions import AssetCondition, ConditionVerdict
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.packs.loader import load_pack
from features.records.alarms import AlarmQuery, AlarmRecords
from features.records.database import Records

MINE = TenantId("mine")
T0 = datetime(2026, 1, 1, tzinfo=UTC)
MODEL = "ab" * 32
GATEWAY_BY_ASSET = {"m1": "g1", "m2": "g1", "m3": "g2"}
ASSETS = [
    Asset(MINE, AssetId(name), "pump", attributes=MappingProxyType({"gateway": gateway}))
    for name, gateway in GATEWAY_BY_ASSET.items()
]


@cache
def pumps() -> Pack:
    return load_pack("pump")


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def condition(
    asset: str, hours: float, score: float | None, verdict: ConditionVerdict = ConditionVerdict.MACHINE
) -> AssetCondition:
    """A row that was judged; one that strays no further than is usual is normal."""
    verdict = ConditionVerdict.NORMAL if score is not None and score <= 1.0 else verdict
    shares = (("vibration_drive_end", 0.7), ("motor_current", 0.3))
    return AssetCondition(MINE, AssetId(asset), verdict, at(hours), at(hours), score, None, shares, (), 500, MODEL)


Kept = tuple[list[Alarm], dict[str, list[AlarmEntry]], list[DataPathNotice], list[AlarmEntry]]


def kept(records: Records) -> Kept:
    """Return everything that is on record of alarms."""
    found = AlarmRecords(records)
    alarms, _ = found.list_all(MINE, AlarmQuery())
    histories = {alarm.id: found.history(MINE, alarm.id) for alarm in alarms}
    held = [entry for asset in GATEWAY_BY_ASSET for entry in found.suppressed(MINE, AssetId(asset))]
    return alarms, histories, found.notices(MINE, since=T0 - timedelta(days=1)), held
