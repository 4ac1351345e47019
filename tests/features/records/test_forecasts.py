from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from features.domain.forecasts import (
    FeatureReference,
    Forecast,
    ForecastStatus,
    HorizonProbability,
    ModelReference,
    RemainingLife,
)
from features.domain.identifiers import AssetId, TenantId
from features.records.errors import ConflictingRecord, RecordNotFound
from features.records.forecasts import ForecastLedger

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SEEN = Forecast(
    id="f-1",
    tenant=MINE,
    asset=AssetId("p-01"),
    issued_at=T0,
    valid_until=T0 + DAY,
    status=ForecastStatus.OK,
    life_unit="hours",
    horizons=(HorizonProbability(24.0, 0.1), HorizonProbability(168.0, 1 / 3)),
    life=RemainingLife(10.0, 100.0, 200.0, 101.5, 500.0),
    per_mode=(("bearing_wear", 0.2), ("seal_leak", 0.1)),
    regime=2,
    age_of_data_seconds=12.5,
    model=ModelReference("pump", "3", "ab" * 32),
    features=FeatureReference("pump_v1", "1", "cd" * 32),
)


@pytest.fixture
def ledger(records: Engine) -> ForecastLedger:
    return ForecastLedger(records)


def test_a_forecast_comes_back_with_every_number_and_its_vector(ledger: ForecastLedger) -> None:
    ledger.append(SEEN, b"\x00\xff vector")
    assert ledger.latest(MINE, SEEN.asset, T0) == SEEN
    assert ledger.vector_of(MINE, SEEN.id) == b"\x00\xff vector"


def test_an_expired_forecast_is_never_the_latest(ledger: ForecastLedger) -> None:
    ledger.append(SEEN, b"")
    assert ledger.latest(MINE, SEEN.asset, SEEN.valid_until - timedelta(microseconds=1)) == SEEN
    assert ledger.latest(MINE, SEEN.asset, SEEN.valid_until) is None
    assert ledger.latest_all(MINE, SEEN.valid_until) == []
    assert ledger.history(MINE, SEEN.asset, 10) == [SEEN]


def test_the_latest_is_the_one_issued_last_whatever_the_order_of_arrival(ledger: ForecastLedger) -> None:
    later = replace(SEEN, id="f-2", issued_at=T0 + timedelta(hours=1))
    same_moment = replace(later, id="f-3")
    other = replace(SEEN, id="f-4", asset=AssetId("p-02"))
    ledger.append_all([(later, b"2"), (SEEN, b"1"), (same_moment, b"3"), (other, b"4")])
    assert ledger.latest(MINE, SEEN.asset, T0) == same_moment
    assert ledger.latest_all(MINE, T0) == [same_moment, other]
    assert ledger.history(MINE, SEEN.asset, 2) == [same_moment, later]


def test_the_newest_of_each_asset_comes_expired_or_not(ledger: ForecastLedger) -> None:
    later = replace(SEEN, id="f-2", issued_at=T0 + timedelta(hours=1), valid_until=T0 + timedelta(hours=2))
    other = replace(SEEN, id="f-3", asset=AssetId("p-02"))
    ledger.append_all([(later, b"2"), (SEEN, b"1"), (other, b"3"), (replace(later, id="f-4", tenant=THEIRS), b"4")])
    assert ledger.newest(MINE, [SEEN.asset, AssetId("never")]) == {SEEN.asset: later}
    assert ledger.newest(MINE, [SEEN.asset, other.asset]) == {SEEN.asset: later, other.asset: other}


def test_many_forecasts_go_in_together_and_each_once(ledger: ForecastLedger) -> None:
    entries = [(replace(SEEN, id=f"f-{number}"), b"v") for number in range(1_200)]
    ledger.append_all([*entries, entries[0]])
    ledger.append_all(entries[:3])
    assert len(ledger.history(MINE, SEEN.asset, 2_000)) == 1_200


def test_appending_the_same_again_does_nothing(ledger: ForecastLedger) -> None:
    ledger.append(SEEN, b"v")
    ledger.append(SEEN, b"v")
    assert ledger.history(MINE, SEEN.asset, 10) == [SEEN]


@pytest.mark.parametrize(("changed", "vector"), [(replace(SEEN, regime=1), b"v"), (SEEN, b"w")])
def test_other_content_under_the_same_identity_is_refused(
    ledger: ForecastLedger, changed: Forecast, vector: bytes
) -> None:
    ledger.append(SEEN, b"v")
    with pytest.raises(ConflictingRecord, match="f-1"):
        ledger.append_all([(replace(SEEN, id="f-9"), b"x"), (changed, vector)])
    assert ledger.history(MINE, SEEN.asset, 10) == [SEEN]
    assert ledger.vector_of(MINE, SEEN.id) == b"v"


def test_a_forecast_without_numbers_keeps_its_reason(ledger: ForecastLedger) -> None:
    mute = Forecast("f-1", MINE, SEEN.asset, T0, T0 + DAY, ForecastStatus.STALE, "hours", reason="no data for 3 days")
    ledger.append(mute, b"")
    assert ledger.latest(MINE, SEEN.asset, T0) == mute


def test_another_tenant_finds_nothing(ledger: ForecastLedger) -> None:
    ledger.append(SEEN, b"v")
    assert ledger.latest(THEIRS, SEEN.asset, T0) is None
    assert ledger.latest_all(THEIRS, T0) == []
    assert ledger.history(THEIRS, SEEN.asset, 10) == []
    with pytest.raises(RecordNotFound):
        ledger.vector_of(THEIRS, SEEN.id)
    ledger.append(replace(SEEN, tenant=THEIRS, regime=1), b"w")
    assert ledger.vector_of(MINE, SEEN.id) == b"v"


def test_all_that_was_issued_comes_oldest_first_and_one_by_its_identity(ledger: ForecastLedger) -> None:
    later = replace(SEEN, id="f-2", issued_at=T0 + timedelta(hours=1))
    ledger.append_all([(later, b"2"), (SEEN, b"1")])
    assert ledger.issued(MINE, SEEN.asset) == [SEEN, later]
    assert ledger.issued(THEIRS, SEEN.asset) == []
    assert ledger.find(MINE, "f-2") == (later, b"2")
    with pytest.raises(RecordNotFound, match="f-2"):
        ledger.find(THEIRS, "f-2")
