import re

from starlette.testclient import TestClient


def test_the_document_is_openapi_3_1_and_describes_every_route_for_programs(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1.")
    assert set(document["paths"]) == {
        "/livez",
        "/readyz",
        "/metrics",
        "/v1/assets",
        "/v1/assets/{asset}",
        "/v1/assets/{asset}/forecast",
        "/v1/assets/{asset}/forecasts",
        "/v1/assets/{asset}/decision",
        "/v1/assets/{asset}/telemetry",
        "/v1/assets/{asset}/quality",
        "/v1/assets/{asset}/condition",
        "/v1/alarms",
        "/v1/alarms/{alarm}",
        "/v1/alarms/{alarm}/acknowledge",
        "/v1/forecasts",
        "/v1/telemetry",
        "/v1/events",
        "/api/v2/write",
        "/write",
        "/query",
        "/ping",
        "/health",
    }


def test_every_operation_names_its_role_and_its_errors(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["x-allowed-role"] in {"anyone", "device", "reader", "operator"}, path
            assert "application/problem+json" in operation["responses"]["default"]["content"], path


def test_every_reference_leads_somewhere(client: TestClient) -> None:
    answer = client.get("/openapi.json")
    schemas = answer.json()["components"]["schemas"]
    assert set(re.findall(r"#/components/schemas/(\w+)", answer.text)) <= set(schemas)


def test_the_page_lists_every_route_and_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs").text
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
