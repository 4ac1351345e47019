from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from features.domain.forecasts import ForecastStatus, HorizonProbability, ModelReference
from features.domain.identifiers import AssetId
from features.records.forecasts import ForecastLedger
from features.records.shadows import ShadowRecords
from tests.features.records.test_forecasts import MINE, SEEN, T0, THEIRS

SHA = "ef" * 32
SHADOW = replace(SEEN, id="s-1", model=ModelReference("pump", "4", SHA), horizons=(HorizonProbability(24.0, 0.4),))


@pytest.fixture
def shadows(records: Engine) -> ShadowRecords:
    return ShadowRecords(records)


def test_evidence_tells_how_much_how_long_and_how_far_apart(shadows: ShadowRecords) -> None:
    later = replace(SHADOW, id="s-2", asset=AssetId("p-02"), issued_at=T0 + timedelta(hours=36))
    shadows.append_all("pump", [(SHADOW, SEEN), (later, replace(SEEN, horizons=(HorizonProbability(24.0, 0.3),)))])
    found = shadows.evidence(MINE, SHA)
    assert (found.forecasts, found.assets, found.lost, found.hours) == (2, 2, 0, 36.0)
    assert found.mean_apart == pytest.approx(0.2)  # .3 and .1


def test_an_answer_that_only_the_champion_gave_is_lost(shadows: ShadowRecords) -> None:
    silent = replace(SHADOW, status=ForecastStatus.UNKNOWN_REGIME, horizons=(), life=None)
    shadows.append_all("pump", [(silent, SEEN)])
    shadows.append_all("pump", [(replace(silent, id="s-3"), replace(SEEN, status=ForecastStatus.STALE))])
    assert shadows.evidence(MINE, SHA).lost == 1


def test_what_is_not_there_is_none(shadows: ShadowRecords) -> None:
    found = shadows.evidence(MINE, SHA)
    assert (found.forecasts, found.first, found.mean_apart, found.hours) == (0, None, None, 0.0)


def test_the_same_again_changes_nothing_and_another_tenant_sees_nothing(shadows: ShadowRecords) -> None:
    shadows.append_all("pump", [(SHADOW, SEEN)])
    shadows.append_all("pump", [(SHADOW, SEEN)])
    assert shadows.evidence(MINE, SHA).forecasts == 1
    assert shadows.evidence(THEIRS, SHA).forecasts == 0


def test_nothing_of_the_shadow_is_in_the_ledger(shadows: ShadowRecords, records: Engine) -> None:
    shadows.append_all("pump", [(SHADOW, SEEN)])
    assert ForecastLedger(records).history(MINE, SEEN.asset, 10) == []
