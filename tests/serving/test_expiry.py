"""No route returns an expired forecast as current: every one of them is asked, those to come included."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.routing import Route
from starlette.testclient import TestClient

from features.domain.events import EventKind, LifeEpoch
from features.domain.forecasts import Forecast, ForecastStatus, ModelReference
from features.domain.scores import EndedLife
from features.domain.time import parse_time
from serving.app import build_app
from tests.serving.conftest import LOOPBACK
from tests.serving.fakes import LOCAL, NOW, House, asset, forecast, house

ASSETS = ("p-01", "p-02")
HISTORY = "/v1/assets/{asset}/forecasts"
"""The one route whose name says that it tells of the past; everything it returns carries its own expiry."""

NO_FORECASTS = {"/v1/assets/{asset}/telemetry", "/v1/assets/{asset}/quality", "/v1/assets/{asset}/condition"}
EXPIRED, VALID = "gone-by", "in-force"


@pytest.fixture(scope="module")
def served() -> House:
    made = house([asset(name) for name in ASSETS], [])
    life = LifeEpoch(LOCAL, asset("p-01").id, 0, NOW - timedelta(days=99), NOW - timedelta(days=9), EventKind.FAILURE)
    made.ended_lives.lives = [EndedLife(life, 2_160.0)]
    return made


@pytest.fixture(scope="module")
def client(served: House) -> TestClient:
    return TestClient(build_app(served.wiring()), base_url="http://localhost", client=LOOPBACK)


def issued(name: str, age_hours: float, valid_hours: float, number: int, status: ForecastStatus) -> Forecast:
    """A forecast whose model's version says whether it has expired."""
    at = NOW - timedelta(hours=age_hours)
    until = at + timedelta(hours=valid_hours)
    made = forecast(name, 400.0 if status is ForecastStatus.OK else None, status=status, issued_at=at)
    version = VALID if until > NOW else EXPIRED
    return replace(made, id=f"f-{number}", valid_until=until, model=ModelReference("m", version, "ab" * 32))


FORECASTS = st.lists(
    st.tuples(
        st.sampled_from(ASSETS),
        st.floats(0.0, 72.0),
        st.sampled_from([0.0, 0.5, 6.0, 24.0, 72.0]),
        st.sampled_from([ForecastStatus.OK, ForecastStatus.OK, ForecastStatus.STALE]),
    ),
    max_size=6,
)


def documents(found: object) -> Iterator[dict[str, object]]:
    """Yield every forecast within an answer, however deep."""
    if isinstance(found, dict):
        if "valid_until" in found:
            yield found
        for each in found.values():
            yield from documents(each)
    elif isinstance(found, list):
        for each in found:
            yield from documents(each)


def paths(client: TestClient) -> list[str]:
    routes = [each for each in client.app.routes if isinstance(each, Route) and "GET" in (each.methods or ())]  # type: ignore[attr-defined]  # an application
    return [each.path for each in routes if each.path.startswith(("/v1/assets", "/assets")) or each.path == "/"]


@settings(max_examples=20, deadline=None)
@given(made=FORECASTS)
def test_no_route_returns_an_expired_forecast_as_current(
    made: list[tuple[str, float, float, ForecastStatus]], served: House, client: TestClient
) -> None:
    every = [issued(*each[:3], number, each[3]) for number, each in enumerate(made)]
    served.ledger.forecasts = every
    expired = {each.id for each in every if each.valid_until <= NOW}
    for path in paths(client):
        if path in NO_FORECASTS or path == HISTORY:
            continue
        for name in ASSETS if "{asset" in path else ("",):
            answer = client.get(re.sub(r"\{asset[^}]*\}", name, path), headers={"accept": "*/*"})
            assert answer.status_code == 200, path
            assert EXPIRED not in answer.text, path
            if "json" not in answer.headers["content-type"]:
                continue
            for document in documents(answer.json()):
                assert document["id"] is None or parse_time(str(document["valid_until"])) > NOW, path
            if path.endswith("/decision"):
                assert answer.json()["forecast"] not in expired


def test_the_routes_that_are_asked_are_all_there_are(client: TestClient) -> None:
    found = set(paths(client))
    assert {"/", "/assets/{asset}", "/v1/assets", "/v1/assets/{asset}/decision", HISTORY, *NO_FORECASTS} <= found


def test_what_tells_of_the_past_says_until_when_it_held(served: House, client: TestClient) -> None:
    served.ledger.forecasts = [issued("p-01", 50.0, 24.0, 1, ForecastStatus.OK)]
    (document,) = client.get("/v1/assets/p-01/forecasts").json()["forecasts"]
    assert parse_time(document["valid_until"]) == NOW - timedelta(hours=26)
    assert client.get("/v1/assets/p-01/forecast").json()["id"] is None


def test_a_planted_expired_answer_is_found(served: House, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    late = issued("p-01", 50.0, 24.0, 1, ForecastStatus.OK)
    monkeypatch.setattr(served.ledger, "latest", lambda *asked: late)
    answer = client.get("/v1/assets/p-01/forecast")
    (document,) = documents(answer.json())
    assert parse_time(str(document["valid_until"])) <= NOW
    assert EXPIRED in answer.text
