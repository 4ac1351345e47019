"""Readings in memory, what they are worth, and how they arrived."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import polars as pl

from features.domain.conditions import AssetCondition
from features.domain.identifiers import AssetId, TenantId
from features.quality.verdicts import Verdict
from features.records.arrivals import ArrivalCount
from features.records.signal_states import SignalState
from features.telemetry.readings import VERDICTS

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


@dataclass
class FakeTelemetry:
    """Every asset has readings each two hours of the last days; the signals sway, each in its own place."""

    days: int = 28
    last: datetime = NOW - timedelta(hours=3)
    step: timedelta = timedelta(hours=2)
    failure: Exception | None = None
    spoiled: dict[str, dict[int, tuple[float, Verdict]]] = field(default_factory=dict)

    def spoil(self, signal: str, places: Iterable[int], verdict: Verdict, value: float) -> None:
        """Put a value that is not good in place of some readings of a signal."""
        self.spoiled.setdefault(signal, {}).update(dict.fromkeys(places, (value, verdict)))

    def read_wide(
        self,
        tenant: TenantId,
        *,
        signals: Sequence[str],
        assets: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        with_suspect: bool = False,
    ) -> pl.DataFrame:
        kept = self._kept(start, end)
        times = [time for _, time in kept]
        table: dict[str, object] = {"asset": [str((assets or ["?"])[0])] * len(kept), "time": times}
        for row, name in enumerate(signals):
            table[name] = [self._value(row, name, place, with_suspect) for place, _ in kept]
        return pl.DataFrame(table, schema_overrides=dict.fromkeys(signals, pl.Float64))

    def read_verdicts(
        self,
        tenant: TenantId,
        *,
        assets: Sequence[str] | None = None,
        signals: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> pl.DataFrame:
        asset = str((assets or ["?"])[0])
        rows = [
            (asset, name, time, int(self.spoiled[name][place][1]))
            for name in signals or ()
            for place, time in self._kept(start, end)
            if place in self.spoiled.get(name, {})
        ]
        return pl.DataFrame(rows, schema=VERDICTS, orient="row")

    def _kept(self, start: datetime | None, end: datetime | None) -> list[tuple[int, datetime]]:
        if self.failure is not None:
            raise self.failure
        count = int(timedelta(days=self.days) / self.step)
        times = [self.last - self.step * (count - 1 - place) for place in range(count)]
        return [
            (place, time)
            for place, time in enumerate(times)
            if (start is None or time >= start) and (end is None or time < end)
        ]

    def _value(self, row: int, name: str, place: int, with_suspect: bool) -> float | None:
        if place in self.spoiled.get(name, {}):
            return self.spoiled[name][place][0] if with_suspect else None
        return None if 150 <= place < 170 else 10.0 * (row + 1) + math.sin(place / 6 + row) + place / 100


@dataclass
class FakePointStates:
    states: dict[tuple[TenantId, AssetId], list[SignalState]] = field(default_factory=dict)

    def put(self, tenant: TenantId, asset: AssetId, states: list[SignalState]) -> None:
        self.states[tenant, asset] = states

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> dict[AssetId, list[SignalState]]:
        return {
            name: states for (owner, name), states in self.states.items() if owner == tenant and asset in (None, name)
        }


@dataclass
class FakeConditions:
    conditions: list[AssetCondition] = field(default_factory=list)

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> dict[AssetId, AssetCondition]:
        return {each.asset: each for each in self.conditions if each.tenant == tenant and asset in (None, each.asset)}


@dataclass
class FakeArrivals:
    counts: list[ArrivalCount] = field(default_factory=list)

    def put(
        self,
        tenant: TenantId,
        asset: AssetId,
        channel: str,
        *,
        newest: datetime = NOW - timedelta(hours=3),
        late: tuple[int, ...] = (0,) * 7,
    ) -> None:
        first, last = NOW - timedelta(days=30), NOW - timedelta(minutes=174)
        self.counts.append(ArrivalCount(tenant, asset, channel, first, last, newest, max(1, sum(late)), late))

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> list[ArrivalCount]:
        return [each for each in self.counts if each.tenant == tenant and asset in (None, each.asset)]
