from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.conditions import ConditionVerdict
from features.domain.forecasts import ForecastStatus
from features.domain.identifiers import AssetId
from serving.fleet import (
    Attention,
    attention_of,
    by_risk,
    count_attention,
    count_straying,
    is_watched_only,
    risk_of,
    standing,
)
from tests.serving.fakes import asset, condition, forecast


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


def test_without_forecasts_those_come_first_that_state_detection_has_most_to_say_of() -> None:
    told = {"a": None, "b": ConditionVerdict.NORMAL, "c": ConditionVerdict.MACHINE, "d": ConditionVerdict.INSTRUMENT}
    conditions = {AssetId(name): condition(name, verdict) for name, verdict in told.items() if verdict is not None}
    forecasts = {AssetId(name): forecast(name, None, status=ForecastStatus.NO_MODEL) for name in told}
    standings = by_risk([asset(name) for name in told], forecasts, conditions)
    assert [each.asset.id for each in standings] == ["c", "d", "b", "a"]
    assert is_watched_only(standings)
    assert count_straying(standings) == 2


def test_what_strays_comes_first_though_nothing_explains_it() -> None:
    strays = replace(condition("z", ConditionVerdict.UNDETERMINED), score=47.0, threshold=1.0)
    conditions = {AssetId("a"): condition("a", ConditionVerdict.UNDETERMINED), AssetId("z"): strays}
    forecasts = {AssetId(name): forecast(name, None, status=ForecastStatus.NO_MODEL) for name in "az"}
    standings = by_risk([asset("a"), asset("z")], forecasts, conditions)
    assert [each.asset.id for each in standings] == ["z", "a"]
    assert count_straying(standings) == 1


def test_one_forecast_is_enough_to_be_more_than_watched() -> None:
    none = forecast("a", None, status=ForecastStatus.NO_MODEL)
    assert not is_watched_only([standing(asset("a"), none), standing(asset("b"), forecast("b"))])
    assert not is_watched_only([])


def test_what_strays_without_an_explanation_is_not_as_usual() -> None:
    bare = forecast("a", None, status=ForecastStatus.NO_MODEL)
    unknown = condition("a", ConditionVerdict.UNDETERMINED)
    assert not standing(asset("a"), bare, unknown).is_straying
    assert standing(asset("a"), bare, replace(unknown, score=47.0, threshold=1.0)).is_straying
    assert not standing(asset("a"), bare, replace(unknown, score=0.7, threshold=1.0)).is_straying


def test_what_strays_is_not_as_usual_before_anything_explains_it() -> None:
    bare = forecast("a", None, status=ForecastStatus.NO_MODEL)
    normal = replace(condition("a", ConditionVerdict.NORMAL), threshold=1.0)
    assert standing(asset("a"), bare, replace(normal, score=2.5)).is_straying
    assert not standing(asset("a"), bare, replace(normal, score=0.5)).is_straying
    assert not standing(asset("a"), bare, replace(normal, score=None)).is_straying
