import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.forecasts import (
    FeatureReference,
    Forecast,
    ForecastStatus,
    HorizonProbability,
    ModelReference,
    RemainingLife,
    forecast_from_dict,
)
from features.domain.identifiers import AssetId, TenantId

ISSUED = datetime(2026, 3, 1, 8, tzinfo=UTC)
FULL = Forecast(
    id="f-1",
    tenant=TenantId("mine"),
    asset=AssetId("p-01"),
    issued_at=ISSUED,
    valid_until=ISSUED + timedelta(hours=24, microseconds=7),
    status=ForecastStatus.OK,
    life_unit="hours",
    horizons=(HorizonProbability(168.0, 0.125), HorizonProbability(720.0, 0.5)),
    life=RemainingLife(100.0, 400.5, 1440.0, 512.25, 1440.0),
    per_mode=(("seal_leak", 0.4), ("bearing_wear", 0.1)),
    regime=0,
    age_of_data_seconds=12.5,
    model=ModelReference("pump_prognosis", "3", "ab" * 32),
    features=FeatureReference("pump_condition", "1f2e", "cd" * 32),
)
NONE = Forecast(
    "f-2",
    TenantId("mine"),
    AssetId("p-02"),
    ISSUED,
    ISSUED,
    ForecastStatus.STALE,
    "hours",
    reason="data_too_old: The newest reading is too old.",
)


@pytest.mark.parametrize("forecast", [FULL, NONE])
def test_forecast_reads_back_from_its_json(forecast: Forecast) -> None:
    assert forecast_from_dict(json.loads(json.dumps(forecast.to_dict()))) == forecast


def test_wire_form_has_the_names_of_the_contract() -> None:
    wire = FULL.to_dict()
    assert wire["horizons"] == [{"h": 168.0, "p_fail": 0.125}, {"h": 720.0, "p_fail": 0.5}]
    assert wire["issued_at"] == "2026-03-01T08:00:00Z"
    assert wire["age_of_data"] == 12.5
    assert wire["life"] == {"p05": 100.0, "p50": 400.5, "p95": 1440.0, "mean": 512.25, "cap": 1440.0}
    assert NONE.to_dict()["horizons"] == []
    assert NONE.to_dict()["per_mode"] is None


@given(
    st.sampled_from(list(ForecastStatus)),
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1)), max_size=3),
    st.none() | st.integers(0, 9),
    st.none() | st.floats(0, 1e9),
    st.none() | st.text(max_size=20),
)
def test_every_forecast_reads_back(
    status: ForecastStatus,
    horizons: list[tuple[float, float]],
    regime: int | None,
    age: float | None,
    reason: str | None,
) -> None:
    pairs = tuple(HorizonProbability(*pair) for pair in horizons)
    forecast = replace(FULL, status=status, horizons=pairs, regime=regime, age_of_data_seconds=age, reason=reason)
    assert forecast_from_dict(json.loads(json.dumps(forecast.to_dict()))) == forecast


@pytest.mark.parametrize("key", ["id", "tenant", "asset", "issued_at", "status", "horizons", "life", "model"])
def test_missing_key_is_said(key: str) -> None:
    wire = FULL.to_dict()
    del wire[key]
    with pytest.raises(KeyError, match=key):
        forecast_from_dict(wire)
