from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from edge_export.issuing import Forecaster
from edge_export.runtime.runtime import Runtime
from features.domain.errors import Unavailable
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.identifiers import DEFAULT_TENANT, AssetId, TenantId
from features.domain.time import EPOCH
from features.records.database import open_records
from features.records.forecasts import ForecastLedger
from features.store.online import OnlineVector
from features.transforms.batch import compute
from tests.edge_export.machine import COUNT_SPECIFICATION, SPECIFICATION, healthy_rows

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VALUES = compute(SPECIFICATION, [healthy_rows()])[0].vectors[-1]
FAN, OTHER, NEW = AssetId("fan-1"), AssetId("fan-2"), AssetId("fan-3")


@dataclass
class FakeOnline:
    vectors: dict[AssetId, OnlineVector] = field(default_factory=dict)
    is_down: bool = False

    def read(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, OnlineVector]:
        if self.is_down:
            raise Unavailable("online store", "the file is gone")
        found = {asset: self.vectors.get(asset) for asset in assets}
        return {asset: each for asset, each in found.items() if each is not None and each.tenant == tenant}


@dataclass
class FakeLedger:
    entries: list[tuple[Forecast, bytes]] = field(default_factory=list)
    is_down: bool = False
    transactions: int = 0

    def append_all(self, entries: Iterable[tuple[Forecast, bytes]]) -> None:
        if self.is_down:
            raise Unavailable("records", "the disk is full")
        self.entries += entries
        self.transactions += 1


def online_vector(asset: AssetId, time: datetime = NOW - timedelta(hours=1)) -> OnlineVector:
    return OnlineVector(DEFAULT_TENANT, asset, time, VALUES, 39.0, 0, SPECIFICATION.sha256)


def test_each_asset_gets_a_recorded_forecast_in_the_order_asked(runtime: Runtime) -> None:
    online, ledger = FakeOnline({FAN: online_vector(FAN), OTHER: online_vector(OTHER)}), FakeLedger()
    forecasts = Forecaster(online, runtime, ledger).issue(DEFAULT_TENANT, [OTHER, NEW, FAN], NOW)
    assert [(each.asset, each.status) for each in forecasts] == [
        (OTHER, ForecastStatus.OK),
        (NEW, ForecastStatus.INSUFFICIENT),
        (FAN, ForecastStatus.OK),
    ]
    assert [forecast for forecast, _ in ledger.entries] == forecasts
    assert ledger.transactions == 1
    assert [vector for _, vector in ledger.entries] == [VALUES.tobytes(), b"", VALUES.tobytes()]


def test_what_the_ledger_holds_replays_to_the_same_numbers(runtime: Runtime) -> None:
    ledger = FakeLedger()
    Forecaster(FakeOnline({FAN: online_vector(FAN)}), runtime, ledger).issue(DEFAULT_TENANT, [FAN], NOW)
    ((forecast, recorded),) = ledger.entries
    again = replace(online_vector(FAN), values=np.frombuffer(recorded, "<f4").astype(np.float32))
    (replayed,) = Forecaster(FakeOnline({FAN: again}), runtime, FakeLedger()).issue(DEFAULT_TENANT, [FAN], NOW)
    assert replace(replayed, id=forecast.id) == forecast


def test_vectors_of_another_specification_are_not_used(runtime: Runtime) -> None:
    online = FakeOnline({FAN: replace(online_vector(FAN), specification_sha256="f" * 64), OTHER: online_vector(OTHER)})
    one, other = Forecaster(online, runtime, FakeLedger()).issue(DEFAULT_TENANT, [FAN, OTHER], NOW)
    assert one.status is ForecastStatus.UNAVAILABLE
    assert one.reason is not None
    assert one.reason.startswith("specification_mismatch: ")
    assert other.status is ForecastStatus.OK


def test_an_online_store_that_is_away_is_a_status_for_each_asset(runtime: Runtime) -> None:
    ledger = FakeLedger()
    forecasts = Forecaster(FakeOnline(is_down=True), runtime, ledger).issue(DEFAULT_TENANT, [FAN, OTHER], NOW)
    assert [each.status for each in forecasts] == [ForecastStatus.UNAVAILABLE] * 2
    assert {each.reason for each in forecasts} == {"online_store: online store is not available: the file is gone"}
    assert len(ledger.entries) == 2


def test_a_forecast_that_cannot_be_recorded_is_not_given_out(runtime: Runtime) -> None:
    forecaster = Forecaster(FakeOnline({FAN: online_vector(FAN)}), runtime, FakeLedger(is_down=True))
    (forecast,) = forecaster.issue(DEFAULT_TENANT, [FAN], NOW)
    assert forecast.status is ForecastStatus.UNAVAILABLE
    assert forecast.reason == "ledger: records is not available: the disk is full"
    assert forecast.horizons == ()


def test_another_tenants_vectors_are_never_seen(runtime: Runtime) -> None:
    forecaster = Forecaster(FakeOnline({FAN: online_vector(FAN)}), runtime, FakeLedger())
    (forecast,) = forecaster.issue(TenantId("acme"), [FAN], NOW)
    assert (forecast.tenant, forecast.status) == ("acme", ForecastStatus.INSUFFICIENT)


def test_where_life_is_counted_the_clock_on_the_wall_does_not_matter(count_runtime: Runtime) -> None:
    vector = replace(
        online_vector(FAN, EPOCH + timedelta(seconds=40)), life=40.0, specification_sha256=COUNT_SPECIFICATION.sha256
    )
    (forecast,) = Forecaster(FakeOnline({FAN: vector}), count_runtime, FakeLedger()).issue(DEFAULT_TENANT, [FAN], NOW)
    assert (forecast.status, forecast.issued_at) == (ForecastStatus.OK, vector.time)


def test_the_ledger_of_the_records_is_such_a_ledger(runtime: Runtime, tmp_path: Path) -> None:
    engine = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    try:
        ledger = ForecastLedger(engine)
        forecaster = Forecaster(FakeOnline({FAN: online_vector(FAN)}), runtime, ledger)
        (forecast,) = forecaster.issue(DEFAULT_TENANT, [FAN], NOW)
        assert ledger.latest(DEFAULT_TENANT, FAN, NOW) == forecast
        assert ledger.vector_of(DEFAULT_TENANT, forecast.id) == VALUES.tobytes()
    finally:
        engine.dispose()
