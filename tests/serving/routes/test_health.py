from starlette.testclient import TestClient

from serving.app import build_app
from serving.parts import PartState, Readiness, Wiring
from serving.wire import ReadyOut
from tests.serving.conftest import LOOPBACK, ClientFor
from tests.serving.fakes import House


def test_ready_when_every_part_is(client: TestClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert ReadyOut.model_validate_json(answer.content).ready


def test_not_ready_while_a_part_is_not(small: House, client_for: ClientFor) -> None:
    client = client_for(small)
    for state in (PartState.STARTING, PartState.FAILED, PartState.MISSING):
        small.states[1] = Readiness("model", state, "what to do")
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["parts"][1] == {"part": "model", "state": state.value, "detail": "what to do"}
        assert client.get("/livez").status_code == 200


def test_not_ready_before_start_up() -> None:
    client = TestClient(build_app(Wiring()), base_url="http://localhost", client=LOOPBACK)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["parts"][0]["state"]) == (503, "starting")


def test_measures_are_labelled_by_template_and_bounded(client: TestClient) -> None:
    for number in range(20):
        client.get(f"/v1/assets/p-{number}/forecast")
        client.get(f"/nowhere/{number}")
        client.request(f"VERB{number}", "/livez")
    text = client.get("/metrics").text
    assert 'millwright_requests_total{method="GET",route="/v1/assets/{asset}/forecast",status="404"} 20.0' in text
    assert 'millwright_requests_total{method="GET",route="none",status="404"} 20.0' in text
    assert 'millwright_requests_total{method="other",route="/livez",status="405"} 20.0' in text
    assert "p-7" not in text
    assert "VERB" not in text


def test_refused_peers_are_counted_too(small: House, client_for: ClientFor) -> None:
    client = client_for(small)
    client.get("/livez", headers={"host": "evil.example"})
    assert 'route="none",status="403"} 1.0' in client.get("/metrics").text
