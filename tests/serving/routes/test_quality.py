from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from features.domain.time import format_time, parse_time, time_of_life
from features.quality.verdicts import Namur, Verdict
from features.records.signal_states import SignalState
from serving.settings import Settings
from serving.wire_telemetry import PointOut, QualityOut, TelemetryOut
from tests.serving.conftest import ClientFor
from tests.serving.fakes import LOCAL, NOW, RIVAL, House, asset, fleet_house, forecast, house, turbofan_pack

P01 = asset("p-01").id


def quality(client: TestClient, path: str = "p-001/quality") -> QualityOut:
    answer = client.get(f"/v1/assets/{path}")
    assert answer.status_code == 200
    return QualityOut.model_validate_json(answer.content)


def points(found: QualityOut) -> dict[str, PointOut]:
    return {point.signal: point for point in found.points}


def test_every_measuring_point_has_its_state_by_letter_and_name(client_for: ClientFor) -> None:
    found = quality(client_for(fleet_house()))
    by_name = points(found)
    assert found.judged
    assert len(by_name) == 15
    flat = by_name["bearing_temperature_drive_end"]
    assert (flat.namur, flat.state, flat.verdict, flat.missing) == ("F", "failure", "flat", False)
    assert flat.since == format_time(NOW - timedelta(hours=13))
    assert (by_name["motor_current"].namur, by_name["motor_current"].state) == ("C", "check_function")
    assert (by_name["speed"].namur, by_name["speed"].state, by_name["speed"].since) == ("N", "normal", None)


def test_a_point_that_fell_silent_is_told_from_one_with_bad_readings(client_for: ClientFor) -> None:
    flow = points(quality(client_for(fleet_house())))["flow"]
    assert (flow.namur, flow.verdict, flow.missing) == ("F", "good", True)


def test_readings_that_are_not_good_are_counted_over_the_stretch(client_for: ClientFor) -> None:
    client = client_for(fleet_house())
    week = points(quality(client))
    assert week["motor_current"].suspect == {"unit": 36}
    assert week["bearing_temperature_drive_end"].suspect == {"flat": 5}
    assert week["vibration_drive_end"].suspect == {"spike": 4}
    assert week["vibration_drive_end"].readings == 84 + 1
    assert week["speed"].suspect == {}
    day = points(quality(client, "p-001/quality?hours=24"))
    assert day["motor_current"].suspect == {"unit": 13}


def test_arrivals_ages_and_lateness(client_for: ClientFor) -> None:
    found = quality(client_for(fleet_house()))
    assert found.newest_age_seconds == 3 * 3_600
    assert parse_time(str(found.newest)) == NOW - timedelta(hours=3)
    assert found.last_arrival == NOW - timedelta(minutes=174)
    (way,) = found.arrivals
    assert (way.channel, way.readings) == ("http", 1_000)
    assert [(each.within_seconds, each.readings) for each in way.late][:3] == [(60, 940), (600, 57), (3_600, 3)]
    assert way.late[-1].within_seconds is None


def test_nobody_has_judged_it_yet(client: TestClient) -> None:
    found = quality(client, "p-01/quality")
    assert not found.judged
    assert {point.namur for point in found.points} == {None}
    assert (found.last_arrival, found.arrivals) == (None, [])


def test_a_machine_that_fell_silent_long_ago_still_shows_its_last_week(small: House, client_for: ClientFor) -> None:
    small.telemetry.last = newest = NOW - timedelta(days=40)
    small.telemetry.spoil("speed", [335], Verdict.SPIKE, 9.0)
    small.ledger.forecasts = []
    small.arrivals.put(LOCAL, P01, "mqtt", newest=newest)
    found = quality(client_for(small), "p-01/quality")
    assert points(found)["speed"].suspect == {"spike": 1}
    assert found.newest_age_seconds == timedelta(days=40).total_seconds()


def test_another_tenants_states_and_arrivals_are_not_ours(small: House, client_for: ClientFor) -> None:
    small.point_states.put(RIVAL, P01, [SignalState("speed", Namur.FAILURE, Verdict.FLAT, NOW)])
    small.arrivals.put(RIVAL, P01, "rival-gateway")
    client = client_for(small)
    found = quality(client, "p-01/quality")
    assert (found.judged, found.arrivals) == (False, [])
    assert "measuring point is not normal" not in client.get("/").text


@pytest.mark.parametrize("query", ["hours=0", "hours=nan", "hours=1e9", "life=5"])
def test_a_stretch_that_cannot_be_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/v1/assets/p-01/quality?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == ["query", query.partition("=")[0]]


def test_where_life_is_counted_moments_are_counts(client_for: ClientFor) -> None:
    pack = turbofan_pack()
    made = house([asset("e-1", pack="turbofan")], [forecast("e-1", 40.0, issued_at=time_of_life(100), pack=pack)], pack)
    made.telemetry.last, made.telemetry.step, made.telemetry.days = time_of_life(100), timedelta(seconds=1), 1
    made.point_states.put(LOCAL, asset("e-1").id, [SignalState("t24", Namur.FAILURE, Verdict.FLAT, time_of_life(91))])
    client = client_for(made)
    found = quality(client, "e-1/quality?life=10")
    assert (found.axis, found.newest, found.newest_age_seconds) == ("life", 100.0, None)
    assert points(found)["t24"].since == 91.0
    assert points(found)["t24"].readings == 11
    assert client.get("/v1/assets/e-1/quality?hours=3").status_code == 422
    page = client.get("/assets/e-1").text
    assert "91 cycles" in page
    assert "1970" not in page


def telemetry(client: TestClient, query: str) -> TelemetryOut:
    return TelemetryOut.model_validate_json(client.get(f"/v1/assets/p-001/telemetry?{query}").content)


def test_telemetry_keeps_readings_that_are_not_good_apart(client_for: ClientFor) -> None:
    client = client_for(fleet_house())
    (series,) = telemetry(client, "signals=vibration_drive_end").series
    assert 90.0 not in series.values
    assert set(series.suspect.values) == {90.0}
    assert set(series.suspect.verdicts) == {"spike"}
    assert series.measured + series.suspect.measured == 336 - 20
    assert not set(map(str, series.at)) & set(map(str, series.suspect.at))


def test_those_are_thinned_likewise_and_a_rare_kind_stays(client_for: ClientFor) -> None:
    made = fleet_house(1)
    made.telemetry.spoil("speed", range(300), Verdict.NOISE, 7.0)
    made.telemetry.spoil("speed", [211], Verdict.CLOCK, 7.0)
    (series,) = telemetry(client_for(made, Settings(telemetry_points=20)), "signals=speed").series
    assert series.suspect.measured == 300
    assert len(series.suspect.at) == len(series.suspect.values) == len(series.suspect.verdicts) <= 22
    assert "clock" in series.suspect.verdicts
    assert list(series.suspect.at) == sorted(series.suspect.at)
