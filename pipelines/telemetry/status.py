"""What arrives, how late, how good it is, what is set aside and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.domain.time import format_time
from features.quality.verdicts import Namur, Verdict
from features.records.arrivals import LATE_BOUNDS, ArrivalCount, ArrivalRecords
from features.records.assets import AssetRecords
from features.records.database import Records
from features.records.quarantine import Quarantined, QuarantineRecords
from features.records.set_aside import SetAside
from features.records.signal_states import SignalState, SignalStates
from features.spool.contract import SpoolCounters
from features.spool.durable import DurableSpool
from features.telemetry.store import TelemetryStore

LATE_CLASSES = ("<1m", "<10m", "<1h", "<6h", "<1d", "<7d", "≥7d")


@dataclass(frozen=True, slots=True)
class AssetStatus:
    """How the telemetry of one asset is.

    Attributes:
        newest: Time of its newest reading in the store, or None.
        readings: Readings in the store.
        arrivals: What came through the spool, by way.
        suspect: Readings of the last days that are not good, by verdict.
        points: Measuring points that are not normal.
    """

    asset: AssetId
    newest: datetime | None
    readings: int
    arrivals: tuple[ArrivalCount, ...]
    suspect: Mapping[Verdict, int]
    points: tuple[SignalState, ...]

    @property
    def last_arrival(self) -> datetime | None:
        """When the last of it arrived, or None if nothing came through the spool."""
        return max((each.last_at for each in self.arrivals), default=None)

    @property
    def late(self) -> tuple[int, ...]:
        """How many readings arrived how late, by the classes of `LATE_CLASSES`."""
        return tuple(sum(each.late[place] for each in self.arrivals) for place in range(len(LATE_BOUNDS) + 1))

    def to_dict(self) -> dict[str, object]:
        """Return the status as plain JSON types."""
        return {
            "asset": self.asset,
            "newest": _text(self.newest),
            "readings": self.readings,
            "last_arrival": _text(self.last_arrival),
            "channels": {each.channel: each.readings for each in self.arrivals},
            "late": dict(zip(LATE_CLASSES, self.late, strict=True)),
            "suspect": {verdict.name.lower(): count for verdict, count in sorted(self.suspect.items())},
            "points": [
                {
                    "signal": point.signal,
                    "namur": point.namur.value,
                    "verdict": point.verdict.name.lower(),
                    "since": format_time(point.since),
                }
                for point in self.points
            ],
        }


@dataclass(frozen=True, slots=True)
class TelemetryStatus:
    """How the telemetry of a tenant is.

    Attributes:
        spool: Counters of the spool, or None if nothing was ever received.
        set_aside: What is set aside, by reason.
        quarantine: What no pack claims.
        days: Over how many days readings that are not good are counted.
    """

    tenant: TenantId
    assets: tuple[AssetStatus, ...]
    spool: SpoolCounters | None
    set_aside: Mapping[str, int]
    quarantine: tuple[Quarantined, ...]
    days: float

    def to_dict(self) -> dict[str, object]:
        """Return the status as plain JSON types."""
        return {
            "tenant": self.tenant,
            "spool": None if self.spool is None else {name: getattr(self.spool, name) for name in self.spool.__slots__},
            "set_aside": dict(self.set_aside),
            "quarantine": [
                {
                    "asset": each.asset,
                    "signal": each.signal,
                    "pack": each.pack,
                    "readings": each.readings,
                    "first": format_time(each.first_at),
                    "last": format_time(each.last_at),
                }
                for each in self.quarantine
            ],
            "suspect_days": self.days,
            "assets": [each.to_dict() for each in self.assets],
        }


def telemetry_status(
    store: TelemetryStore, records: Records, spool: Path, pack: Pack, tenant: TenantId, days: float
) -> TelemetryStatus:
    """Look at everything that is known about the telemetry of a tenant.

    Args:
        store: The readings.
        records: Everything else.
        spool: The spool's file; it is not made by looking.
        pack: The pack that is served.
        tenant: Whose.
        days: Count readings that are not good over so many days before each asset's newest reading.
    """
    spans = {AssetId(row["asset"]): row for row in store.span(tenant).iter_rows(named=True)}
    arrived: dict[AssetId, list[ArrivalCount]] = {}
    for count in ArrivalRecords(records).list_all(tenant):
        arrived.setdefault(count.asset, []).append(count)
    points = SignalStates(records).list_all(tenant)
    named = {asset.id for asset in AssetRecords(records).list_all(tenant)}
    suspects = _suspects(store, tenant, spans, timedelta(days=days))
    assets = tuple(
        AssetStatus(
            asset,
            spans[asset]["last"] if asset in spans else None,
            int(spans[asset]["count"]) if asset in spans else 0,
            tuple(arrived.get(asset, ())),
            suspects.get(asset, {}),
            tuple(state for state in points.get(asset, ()) if state.namur is not Namur.NORMAL),
        )
        for asset in sorted(named | spans.keys())
    )
    aside = {reason.value: count for reason, count in sorted(SetAside(records).counts(tenant).items())}
    claimed = [signal.id for signal in pack.signals]
    quarantined = QuarantineRecords(records).list_all(tenant, pack.id, claimed)
    return TelemetryStatus(tenant, assets, _counters(spool), aside, tuple(quarantined), days)


def worst_first(assets: Sequence[AssetStatus], now: datetime) -> list[AssetStatus]:
    """Return assets in the order in which a person should look at them: bad measuring points, then long silence."""

    def rank(each: AssetStatus) -> tuple[int, int, float]:
        failed = sum(point.namur is Namur.FAILURE for point in each.points)
        silent = (now - each.newest).total_seconds() if each.newest is not None else float("inf")
        return -failed, -len(each.points), -silent

    return sorted(assets, key=rank)


def _suspects(
    store: TelemetryStore, tenant: TenantId, spans: Mapping[AssetId, Mapping[str, datetime]], length: timedelta
) -> dict[AssetId, dict[Verdict, int]]:
    found: dict[AssetId, Counter[Verdict]] = {}
    start = min((span["last"] for span in spans.values()), default=None)
    if start is None:
        return {}
    frame = store.read_verdicts(tenant, start=start - length)
    for asset, time, verdict in frame.select("asset", "time", "verdict").iter_rows():
        if time >= spans[asset]["last"] - length:
            found.setdefault(asset, Counter())[Verdict(verdict)] += 1
    return {asset: dict(count) for asset, count in found.items()}


def _counters(spool: Path) -> SpoolCounters | None:
    if not spool.exists():
        return None
    with DurableSpool(spool) as opened:
        return opened.counters()


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)
