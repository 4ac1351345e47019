import pytest
from starlette.testclient import TestClient

from features.domain.errors import ServiceError, Unavailable
from features.domain.time import format_time
from serving.settings import Settings
from serving.wire import ForecastsOut
from tests.serving.conftest import ClientFor
from tests.serving.fakes import NOW, House, asset, fleet_house


def test_forecasts_come_in_the_order_asked_for_and_are_recorded(client_for: ClientFor) -> None:
    made = fleet_house()
    before = len(made.ledger.forecasts)
    client = client_for(made)
    answer = client.post("/v1/forecasts", json={"assets": ["p-009", "p-002", "p-020"]})
    document = ForecastsOut.model_validate_json(answer.content)
    assert [each.asset for each in document.forecasts] == ["p-009", "p-002", "p-020"]
    assert all(each.status == "ok" and each.issued_at == NOW for each in document.forecasts)
    assert len(made.ledger.forecasts) == before + 3
    assert client.get("/v1/assets/p-009/forecast").json()["issued_at"] == format_time(NOW)


def test_unknown_assets_are_named_and_nothing_is_computed(client: TestClient, small: House) -> None:
    answer = client.post("/v1/forecasts", json={"assets": ["p-01", "nobody", "not an id!"]})
    assert answer.status_code == 404
    assert [each["location"][-1] for each in answer.json()["errors"]] == [1, 2]
    assert small.issuer.asked == []


def test_more_than_the_limit_is_refused(client_for: ClientFor) -> None:
    client = client_for(fleet_house(), Settings(batch_limit=2))
    assert client.post("/v1/forecasts", json={"assets": ["p-001", "p-002"]}).status_code == 200
    assert client.post("/v1/forecasts", json={"assets": ["p-001", "p-002", "p-003"]}).status_code == 422


@pytest.mark.parametrize(
    "failure", [Unavailable("online store", "/secret/path: disk I/O error"), ServiceError("the graph did not answer")]
)
def test_what_cannot_be_computed_is_an_answer_with_a_reason(
    small: House, client_for: ClientFor, failure: ServiceError
) -> None:
    small.issuer.failure = failure
    answer = client_for(small).post("/v1/forecasts", json={"assets": ["p-01", "p-02"]})
    assert answer.status_code == 200
    assert [each["status"] for each in answer.json()["forecasts"]] == ["unavailable", "unavailable"]
    assert all(each["reason"] for each in answer.json()["forecasts"])
    assert "/secret/path" not in answer.text


def test_assets_of_another_pack_do_not_reach_the_model(small: House, client_for: ClientFor) -> None:
    small.assets.assets.append(asset("e-1", pack="turbofan"))
    answer = client_for(small).post("/v1/forecasts", json={"assets": ["e-1", "p-01"]})
    assert [each["status"] for each in answer.json()["forecasts"]] == ["unavailable", "ok"]
    assert small.issuer.asked == [["p-01"]]


def test_computed_forecasts_are_counted_by_status(client: TestClient) -> None:
    client.post("/v1/forecasts", json={"assets": ["p-01", "p-02"]})
    assert 'millwright_forecasts_computed_total{status="ok"} 2.0' in client.get("/metrics").text
