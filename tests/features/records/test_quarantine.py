from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from features.domain.assets import Asset
from features.domain.identifiers import AssetId, TenantId
from features.records.assets import AssetRecords
from features.records.quarantine import Quarantined, QuarantineRecords

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
A, B = AssetId("a"), AssetId("b")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def quarantine(records: Engine) -> QuarantineRecords:
    AssetRecords(records).put_all([Asset(MINE, A, "pump"), Asset(MINE, B, "cpu")])
    return QuarantineRecords(records)


def test_what_is_found_adds_up(quarantine: QuarantineRecords) -> None:
    quarantine.note([Quarantined(MINE, A, "odd", "pump", T0, T0 + HOUR, 2)])
    quarantine.note(
        [Quarantined(MINE, A, "odd", "pump", T0 - HOUR, T0, 3), Quarantined(MINE, B, "x", "cpu", T0, T0, 1)]
    )
    quarantine.note([])
    assert quarantine.list_all(MINE) == [
        Quarantined(MINE, A, "odd", "pump", T0 - HOUR, T0 + HOUR, 5),
        Quarantined(MINE, B, "x", "cpu", T0, T0, 1),
    ]
    assert quarantine.list_all(THEIRS) == []


def test_what_a_pack_claims_of_its_own_assets_leaves_by_itself(quarantine: QuarantineRecords) -> None:
    odd, usage = Quarantined(MINE, A, "odd", "pump", T0, T0, 1), Quarantined(MINE, B, "usage", "cpu", T0, T0, 1)
    foreign = Quarantined(MINE, A, "usage", "cpu", T0, T0, 1)
    quarantine.note([odd, usage, foreign])
    assert quarantine.list_all(MINE, "pump", ["speed"]) == [odd, foreign, usage]
    assert quarantine.list_all(MINE, "pump", ["odd", "usage"]) == [usage]
    assert quarantine.list_all(MINE, "cpu", ["usage"]) == [odd, foreign]
