from dataclasses import replace
from datetime import datetime, timedelta
from math import exp

import pytest

from features.domain.events import EventKind, LifeEpoch
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.identifiers import AssetId
from features.domain.packs import Costs, Pack
from features.domain.scores import EndedLife
from features.domain.windows import WorkWindow
from models.prognosis.advice import Advice, Call, advise
from tests.models.prognosis.forecasts import HOUR, MINE, T0, forecast_of
from tests.pipelines.building.machines import COUNT, fan

PACK = replace(fan(), costs=Costs(20.0, 1.0, 4.0))


def ended(length: float, end: EventKind = EventKind.FAILURE) -> EndedLife:
    return EndedLife(LifeEpoch(MINE, forecast_of(lambda life: 1.0).asset, 0, T0, T0 + length * HOUR, end), length)


SOME = forecast_of(lambda life: 1.0).asset
KNOWN = [ended(900.0), ended(1000.0), ended(1100.0), ended(1200.0)]


def wearing(scale: float, hour: float = 0.0) -> Forecast:
    return forecast_of(lambda life: exp(-((life / scale) ** 3)), hour)


def window(hour: float, hours: float = 8.0) -> WorkWindow:
    return WorkWindow(MINE, "", T0 + hour * HOUR, T0 + (hour + hours) * HOUR)


def advised(forecast: Forecast, *windows: WorkWindow, now: datetime = T0, pack: Pack = PACK) -> Advice:
    return advise(forecast, pack, KNOWN, {}, windows, now)


def test_machine_about_to_fail_is_to_be_worked_on_in_the_next_window() -> None:
    found = advised(wearing(120.0), window(20.0), window(200.0))
    assert found.call is Call.THEN
    assert found.decision is not None
    assert found.moment(found.decision.best) == T0 + 20 * HOUR
    now, then, late = found.decision.now, *found.decision.options[:2]
    assert then.total < late.total
    assert now.p_fail == 0.0
    assert advised(wearing(120.0)).call is Call.NOW


def test_window_that_is_open_counts_as_now_and_one_that_closed_not_at_all() -> None:
    open_now = advised(wearing(120.0), window(-4.0), window(-100.0), now=T0 + HOUR)
    assert open_now.call is Call.NOW
    assert open_now.decision is not None
    assert [each.after for each in open_now.decision.options][:1] == [0.0]


def test_sound_machine_waits_for_the_next_forecast() -> None:
    assert advised(forecast_of(lambda life: exp(-life / 1e7))).call is Call.WAIT


@pytest.mark.parametrize("hour", [24.0, 25.0, 1_000.0])
def test_expired_forecast_decides_nothing(hour: float) -> None:
    found = advised(wearing(120.0), now=T0 + hour * HOUR)
    assert (found.call, found.decision) == (Call.UNKNOWN, None)
    assert (found.reason or "").startswith("expired:")


def test_without_numbers_or_known_failures_nobody_can_say() -> None:
    silent = replace(wearing(120.0), status=ForecastStatus.STALE, life=None, horizons=())
    assert (advised(silent).reason or "").startswith("no_forecast:")
    censored = [ended(900.0, EventKind.PREVENTIVE_REPLACEMENT)]
    found = advise(wearing(120.0), PACK, censored, {SOME: 500.0}, [], T0)
    assert (found.reason or "").startswith("no_failure_known:")
    assert found.to_dict()["best"] is None


def test_life_that_has_no_dates_is_never_shown_as_one() -> None:
    counted = replace(fan(COUNT), costs=PACK.costs)
    forecast = replace(wearing(120.0), valid_until=T0 + timedelta(days=9))
    found = advise(forecast, counted, KNOWN, {}, [10.0, 60.0], T0 + timedelta(seconds=5))
    document = found.to_dict()
    assert document["at"] is None
    assert document["windows"] is True
    options = document["options"]
    assert isinstance(options, list)
    assert {each["start"] for each in options} == {None}


def test_document_tells_every_part_of_the_cost() -> None:
    document = advised(wearing(300.0), window(20.0)).to_dict()
    best = document["best"]
    assert isinstance(best, dict)
    assert best["total"] == pytest.approx(best["planned"] + best["failure"] + best["lost_life"])
    assert best["extra"] == 0.0
    assert document["costs"] == {"failure": 20.0, "planned": 4.0}


def test_lives_that_go_on_count_as_at_least_so_long() -> None:
    many = {AssetId(f"q-{number}"): 2_000.0 for number in range(9)}
    alone, among = (advise(wearing(600.0), PACK, KNOWN[:1], running, [], T0) for running in ({}, many))
    assert alone.policy is not None
    assert among.policy is not None
    assert among.policy.lives == 10
    assert among.policy.mean_life > 5 * alone.policy.mean_life
    assert among.to_dict()["value_of_life"] == pytest.approx(among.policy.rate)


def test_machine_that_nobody_observes_any_more_is_not_counted_twice() -> None:
    closed = [*KNOWN, ended(700.0, EventKind.END_OF_OBSERVATION)]
    found = advise(wearing(600.0), PACK, closed, {SOME: 700.0}, [], T0)
    assert found.policy is not None
    assert found.policy.lives == len(closed)
