from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from features.domain.events import EventKind, LifeEpoch
from features.domain.identifiers import TenantId
from features.domain.scores import EndedLife
from features.domain.time import time_of_life
from features.domain.windows import WorkWindow
from serving.wire_decision import DecisionOut
from tests.serving.conftest import ClientFor
from tests.serving.fakes import LOCAL, NOW, RIVAL, House, asset, forecast, house, turbofan_pack

P = asset("p-01")


def ended(length: float, tenant: TenantId = LOCAL, end: EventKind = EventKind.FAILURE) -> EndedLife:
    started = NOW - timedelta(days=900)
    return EndedLife(LifeEpoch(tenant, P.id, 0, started, started + timedelta(hours=length), end), length)


def window(hours: float, site: str = "", tenant: TenantId = LOCAL) -> WorkWindow:
    return WorkWindow(tenant, site, NOW + timedelta(hours=hours), NOW + timedelta(hours=hours + 8))


@pytest.fixture
def worn() -> House:
    """A pump that is to fail within days, of a type whose failures are known."""
    made = house([P], [forecast("p-01", 150.0)])
    made.ended_lives.lives = [ended(2_000.0), ended(2_400.0), ended(2_800.0)]
    return made


def decision(client: TestClient, name: str = "p-01") -> DecisionOut:
    answer = client.get(f"/v1/assets/{name}/decision")
    assert answer.status_code == 200
    return DecisionOut.model_validate_json(answer.content)


def test_cheapest_window_of_the_machines_own_site_is_named_with_what_waiting_costs(
    worn: House, client_for: ClientFor
) -> None:
    worn.windows.windows = [
        window(20.0, "North station"),
        window(200.0, "North station"),
        window(1.0, "Elsewhere"),
        window(1.0, tenant=RIVAL),
    ]
    found = decision(client_for(worn))
    assert (found.call, found.windows, found.reason) == ("then", True, None)
    assert found.best is not None
    assert found.now is not None
    assert found.best.start == NOW + timedelta(hours=20)
    assert found.best.extra == 0.0
    assert [each.after for each in found.options][:2] == [20.0, 200.0]
    assert found.options[1].extra > 0.0
    assert found.forecast == worn.ledger.forecasts[0].id


def test_without_windows_any_moment_is_compared(worn: House, client_for: ClientFor) -> None:
    found = decision(client_for(worn))
    assert (found.call, found.windows) == ("now", False)


def test_expired_forecast_and_unknown_failures_are_answers_with_a_reason(worn: House, client_for: ClientFor) -> None:
    client = client_for(worn)
    worn.ledger.forecasts = [forecast("p-01", 150.0, issued_at=NOW - timedelta(hours=24))]
    expired = decision(client)
    assert (expired.call, expired.best, expired.forecast) == ("unknown", None, None)
    worn.ledger.forecasts = [forecast("p-01", 150.0)]
    worn.ended_lives.lives = [ended(2_000.0, end=EventKind.PREVENTIVE_REPLACEMENT), ended(10.0, RIVAL)]
    unknown = decision(client)
    assert unknown.call == "unknown"
    assert (unknown.reason or "").startswith("no_failure_known:")


def test_machines_that_go_on_tell_that_life_is_longer(worn: House, client_for: ClientFor) -> None:
    before = decision(client_for(worn)).fixed_age
    worn.life_clock.lengths = {P.id: 9_000.0}
    after = decision(client_for(worn)).fixed_age
    assert before is not None
    assert after is not None
    assert (before.lives, after.lives) == (3, 4)
    assert after.mean_life > before.mean_life


def test_machine_of_another_pack_is_told_so_and_not_priced_by_this_one(worn: House, client_for: ClientFor) -> None:
    worn.assets.assets = [asset("p-01", pack="turbofan")]
    found = decision(client_for(worn))
    assert (found.call, found.best) == ("unknown", None)
    assert (found.reason or "").startswith("no_forecast:")


def test_nobody_elses_asset_is_found(worn: House, client_for: ClientFor) -> None:
    worn.assets.assets.append(asset("theirs", RIVAL))
    assert client_for(worn).get("/v1/assets/theirs/decision").status_code == 404


def test_life_that_is_a_bare_count_has_no_dates(client_for: ClientFor) -> None:
    pack = turbofan_pack()
    engine = asset("e-1", pack="turbofan")
    at = time_of_life(150.0)
    made = house([engine], [forecast("e-1", 30.0, issued_at=at, pack=pack)], pack)
    made.life_clock.times = {engine.id: at}
    made.ended_lives.lives = [ended(200.0), ended(220.0)]
    found = decision(client_for(made), "e-1")
    assert found.at is None
    assert found.best is not None
    assert found.best.start is None


@pytest.mark.parametrize(("language", "word"), [("en", "When to act"), ("zh", "何时行动")])
def test_page_says_when_to_act_in_both_languages(worn: House, client_for: ClientFor, language: str, word: str) -> None:
    worn.windows.windows = [window(20.0)]
    page = client_for(worn).get(f"/assets/p-01?lang={language}").text
    assert word in page
    assert page.count('class="cost"') == 3


def test_page_without_advice_leaves_it_out(worn: House, client_for: ClientFor) -> None:
    worn.ended_lives.lives = []
    assert "When to act" not in client_for(worn).get("/assets/p-01?lang=en").text
