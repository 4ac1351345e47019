import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.forecasts import ForecastStatus
from serving.fleet import Attention, attention_of, by_risk, count_attention, risk_of
from tests.serving.fakes import asset, forecast


@pytest.mark.parametrize(
    ("median_hours", "attention"),
    [(100.0, Attention.ACT), (168.0, Attention.ACT), (169.0, Attention.PLAN), (720.0, Attention.PLAN),
     (721.0, Attention.QUIET), (None, Attention.UNKNOWN)],
)  # fmt: skip
def test_the_median_life_against_the_horizons_decides(median_hours: float | None, attention: Attention) -> None:
    assert attention_of(forecast("p-01", median_hours, status=ForecastStatus.STALE)) is attention


@given(st.lists(st.one_of(st.none(), st.floats(10.0, 3_000.0)), min_size=1, max_size=12))
def test_the_order_is_by_attention_then_by_falling_risk(medians: list[float | None]) -> None:
    assets = [asset(f"p-{number}") for number in range(len(medians))]
    made = [
        forecast(each.id, median, status=ForecastStatus.STALE) for each, median in zip(assets, medians, strict=True)
    ]
    standings = by_risk(assets, {each.asset: each for each in made})
    assert sorted(each.asset.id for each in standings) == sorted(each.id for each in assets)
    kinds = list(Attention)
    keys = [(kinds.index(each.attention), -(each.risk or 0.0)) for each in standings]
    assert keys == sorted(keys)
    assert sum(count_attention(standings).values()) == len(medians)


def test_the_nearer_the_failure_the_higher_the_risk() -> None:
    risks = [risk_of(forecast("p-01", median)) for median in (50.0, 300.0, 900.0, 2_000.0)]
    assert risks == sorted((risk for risk in risks if risk is not None), reverse=True)
    assert risk_of(forecast("p-01", None, status=ForecastStatus.STALE)) is None
