from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from features.domain.forecasts import ForecastStatus, forecast_from_dict
from features.domain.identifiers import AssetId
from features.domain.time import parse_time, time_of_life
from serving.settings import Settings
from serving.wire import AssetOut, AssetsOut, ForecastOut, ForecastsOut
from serving.wire_telemetry import TelemetryOut
from tests.serving.conftest import ClientFor
from tests.serving.fakes import NOW, House, asset, fleet_house, forecast, house, small_house, turbofan_pack


def test_the_latest_forecast_has_the_form_of_the_contract(client: TestClient, small: House) -> None:
    answer = client.get("/v1/assets/p-01/forecast")
    assert answer.status_code == 200
    assert forecast_from_dict(answer.json()) == small.ledger.forecasts[0]
    ForecastOut.model_validate_json(answer.content)


def test_without_one_the_answer_is_a_reason(client: TestClient) -> None:
    document = client.get("/v1/assets/p-02/forecast").json()
    assert document["status"] == "unavailable"
    assert (document["id"], document["horizons"], document["life"]) == (None, [], None)
    assert "POST" in document["reason"]
    ForecastOut.model_validate(document)


def test_an_expired_forecast_is_never_served(client_for: ClientFor) -> None:
    old = forecast("p-01", issued_at=NOW - timedelta(hours=24))
    made = house([asset("p-01")], [old])
    client = client_for(made)
    assert old.valid_until == NOW
    assert client.get("/v1/assets/p-01/forecast").json()["status"] == "unavailable"
    assert client.get("/v1/assets").json()["assets"][0]["forecast"]["status"] == "unavailable"
    assert len(client.get("/v1/assets/p-01/forecasts").json()["forecasts"]) == 1


@pytest.mark.parametrize("status", [each for each in ForecastStatus if each is not ForecastStatus.OK])
def test_every_status_comes_through_with_its_reason(client_for: ClientFor, status: ForecastStatus) -> None:
    made = house([asset("p-01")], [forecast("p-01", None, status=status)])
    document = client_for(made).get("/v1/assets/p-01/forecast").json()
    assert document["status"] == status.value
    assert document["reason"]
    assert document["life"] is None


def test_where_life_is_counted_it_decides_what_has_expired(client_for: ClientFor) -> None:
    pack = turbofan_pack()
    made = house([asset("e-1", pack="turbofan")], [forecast("e-1", 40.0, issued_at=time_of_life(100), pack=pack)], pack)
    client = client_for(made)
    made.life_clock.times = {AssetId("e-1"): time_of_life(102)}
    assert client.get("/v1/assets/e-1/forecast").json()["status"] == "ok"
    assert client.get("/v1/assets").json()["assets"][0]["forecast"]["status"] == "ok"
    made.life_clock.times = {AssetId("e-1"): time_of_life(105)}
    assert client.get("/v1/assets/e-1/forecast").json()["status"] == "unavailable"
    assert client.get("/v1/assets").json()["assets"][0]["forecast"]["status"] == "unavailable"


def test_the_list_begins_with_what_needs_people(client_for: ClientFor) -> None:
    client = client_for(fleet_house())
    document = AssetsOut.model_validate_json(client.get("/v1/assets?limit=8").content)
    assert [each.attention for each in document.assets] == ["act", "act", "plan", "plan", *["unknown"] * 3, "quiet"]
    assert (document.total, document.offset, document.limit) == (24, 0, 8)


def test_pages_of_the_list_join_without_gap_or_repetition(client_for: ClientFor) -> None:
    client = client_for(fleet_house())
    for sort in ("risk", "id"):
        whole = [each["id"] for each in client.get(f"/v1/assets?sort={sort}").json()["assets"]]
        joined: list[str] = []
        for offset in range(0, 30, 7):
            page = client.get(f"/v1/assets?sort={sort}&offset={offset}&limit=7").json()["assets"]
            joined += [each["id"] for each in page]
        assert joined == whole
        assert len(set(whole)) == 24
    assert whole == sorted(whole)


def test_one_asset_is_described(client: TestClient) -> None:
    document = AssetOut.model_validate_json(client.get("/v1/assets/p-01").content)
    assert document.identifiers[0].value == "88.118.8/p-01"
    assert document.forecast.status == "ok"


def test_history_is_newest_first_and_bounded(client_for: ClientFor) -> None:
    client = client_for(fleet_house(1))
    document = client.get("/v1/assets/p-001/forecasts?limit=5").json()
    ForecastsOut.model_validate(document)
    issued = [each["issued_at"] for each in document["forecasts"]]
    assert issued == sorted(issued, reverse=True)
    assert len(issued) == 5


def test_telemetry_has_names_units_and_a_window(client: TestClient) -> None:
    document = TelemetryOut.model_validate_json(
        client.get("/v1/assets/p-01/telemetry?signals=speed,motor_current&hours=24").content
    )
    assert [(each.signal, each.unit) for each in document.series] == [("speed", "rpm"), ("motor_current", "A")]
    assert document.series[0].names["zh"] == "轴转速"
    times = [parse_time(str(each)) for each in document.series[0].at]
    assert times[-1] - times[0] == timedelta(hours=24)
    assert parse_time(str(document.end)) > times[-1]


def test_telemetry_is_thinned_to_the_setting(small: House, client_for: ClientFor) -> None:
    client = client_for(small, Settings(telemetry_points=20))
    series = client.get("/v1/assets/p-01/telemetry?signals=speed").json()["series"][0]
    assert len(series["at"]) == len(series["values"]) <= 22
    assert series["measured"] > 300


@pytest.mark.parametrize("query", ["signals=warp", "signals=speed,speed", "signals=", "hours=0", "hours=nan", "life=5"])
def test_telemetry_that_cannot_be_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/v1/assets/p-01/telemetry?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == ["query", query.partition("=")[0]]


def test_life_counts_are_never_shown_as_dates(client_for: ClientFor) -> None:
    pack = turbofan_pack()
    made = house([asset("e-1", pack="turbofan")], [forecast("e-1", 40.0, issued_at=time_of_life(100), pack=pack)], pack)
    made.telemetry.last, made.telemetry.step = time_of_life(100), timedelta(seconds=1)
    made.telemetry.days = 1
    client = client_for(made)
    document = client.get("/v1/assets/e-1/telemetry?signals=t24&life=10").json()
    assert (document["axis"], document["axis_unit"]) == ("life", "cycles")
    assert document["series"][0]["at"] == [float(each) for each in range(90, 101)]
    assert client.get("/v1/assets/e-1/telemetry?hours=3").status_code == 422
    page = client.get("/assets/e-1").text
    assert "1970-" not in page
    assert "Jan 1970" not in page


@pytest.mark.parametrize("path", ["hall%2Fp-01", "hall%2fp-01", "hall~p-01"])
def test_a_slash_in_an_identity_stays_in_its_segment(client_for: ClientFor, path: str) -> None:
    client = client_for(house([asset("hall/p-01"), asset("hall/forecast")], [forecast("hall/p-01")]))
    assert client.get(f"/v1/assets/{path}").json()["id"] == "hall/p-01"
    assert client.get(f"/v1/assets/{path}/forecast").json()["asset"] == "hall/p-01"
    assert client.get(f"/assets/{path}").status_code == 200
    assert client.get("/v1/assets/hall%2Fforecast").json()["id"] == "hall/forecast"
    assert 'href="/assets/hall~p-01"' in client.get("/").text


@pytest.mark.parametrize("path", ["..%2F..%2Fetc", "%00", "p 01", "é", "-x", "a" * 200, "%ff"])
def test_what_can_be_no_identity_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(f"/v1/assets/{path}").status_code == 404


def test_a_slash_that_is_not_encoded_is_another_address(client_for: ClientFor) -> None:
    assert client_for(house([asset("hall/p-01")], [])).get("/v1/assets/hall/p-01").status_code == 404


def test_an_asset_of_another_pack_says_so(client_for: ClientFor) -> None:
    made = small_house()
    made.assets.assets.append(asset("e-1", pack="turbofan"))
    document = client_for(made).get("/v1/assets/e-1/forecast").json()
    assert document["status"] == "unavailable"
    assert "turbofan" in document["reason"]
