"""What another tenant owns is not found, and nothing of it is in any answer."""

import re

import httpx
import pytest
from starlette.testclient import TestClient

from tests.serving.fakes import RIVAL, RIVALS_ASSET, House

ROUTES = (
    f"/v1/assets/{RIVALS_ASSET}",
    f"/v1/assets/{RIVALS_ASSET}/forecast",
    f"/v1/assets/{RIVALS_ASSET}/forecasts",
    f"/v1/assets/{RIVALS_ASSET}/decision",
    f"/v1/assets/{RIVALS_ASSET}/telemetry",
    f"/v1/assets/{RIVALS_ASSET}/quality",
    f"/assets/{RIVALS_ASSET}",
)


def without_echo(answer: httpx.Response) -> str:
    """The answer less the asker's own words: the path that was asked for."""
    return answer.text.replace(answer.request.url.path, "")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("headers", [{}, {"accept": "text/html"}, {"x-tenant": RIVAL}, {"authorization": RIVAL}])
def test_an_asset_of_another_tenant_is_not_found(client: TestClient, route: str, headers: dict[str, str]) -> None:
    answer = client.get(route, headers=headers)
    assert answer.status_code == 404
    assert str(RIVAL) not in answer.text
    assert "rival" not in without_echo(answer).lower()


def test_it_looks_the_same_as_an_asset_that_nobody_has(client: TestClient) -> None:
    theirs, nobodys = (client.get(f"/v1/assets/{name}/forecast") for name in (RIVALS_ASSET, "nobody"))
    assert theirs.text.replace(RIVALS_ASSET, "nobody") == nobodys.text


def test_a_batch_with_one_is_refused_as_a_whole(client: TestClient, small: House) -> None:
    answer = client.post("/v1/forecasts", json={"assets": ["p-01", RIVALS_ASSET]})
    assert answer.status_code == 404
    assert answer.json()["errors"] == [{"location": ["body", "assets", 1], "detail": "There is no such asset."}]
    assert "rival" not in answer.text
    assert small.issuer.asked == []


@pytest.mark.parametrize(
    "route", ["/v1/assets", "/v1/assets?sort=id", "/", "/?search=rival", "/metrics", "/openapi.json"]
)
def test_no_list_shows_anything_of_it(client: TestClient, route: str) -> None:
    client.get(f"/v1/assets/{RIVALS_ASSET}")
    answer = client.get(route)
    assert answer.status_code == 200
    found = answer.text.replace('value="rival"', "").replace("search=rival", "")
    assert re.findall("(?<![a-z])rival", found.lower()) == []  # an arrival is none
