import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from starlette.testclient import TestClient

from features.domain.errors import Unavailable
from features.domain.forecasts import ForecastStatus, RemainingLife
from serving.settings import Settings
from tests.serving.conftest import ClientFor
from tests.serving.fakes import NOW, House, asset, fleet_house, forecast, house

LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])


class Balance(HTMLParser):
    """Checks that elements close in the order in which they opened, and that identities are unique."""

    VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def checked(page: str) -> str:
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert len(set(balance.ids)) == len(balance.ids)
    assert balance.handlers == []
    return page


def chart_data(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="chart-data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found.group(1))
    return data


@LANGUAGES
def test_the_fleet_page_says_first_what_needs_a_decision(client_for: ClientFor, language: str) -> None:
    page = checked(client_for(fleet_house()).get(f"/?lang={language}").text)
    headline = {"en": "2 of 24 machines need a decision", "zh": "24 台设备中有 2 台需要决策"}[language]
    assert f"<h1>{headline}</h1>" in page
    assert [page.index(f">p-{number:03d}</a>") for number in (1, 3, 2, 4)] == sorted(
        page.index(f">p-{number:03d}</a>") for number in (1, 2, 3, 4)
    )
    assert re.findall(r'class="figure">(\d+)<', page) == ["2", "2", "3", "17"]


def test_the_fleet_page_shows_dates_intervals_units_and_ages(client_for: ClientFor) -> None:
    page = client_for(fleet_house()).get("/").text
    assert "4 Mar 2026" in page  # 95 h median, 52 h to the 5 % quantile, counted from three o'clock on 2 March
    assert "<strong>95 h</strong>" in page
    assert "[52 – 152 h]" in page
    assert "3 h ago" in page
    assert "hazard-network 7" in page
    assert "without a break" in page


@pytest.mark.parametrize(
    ("query", "machines"),
    [
        ("attention=unknown", {"p-007", "p-012", "p-013"}),
        ("site=South station&attention=act", {"p-001"}),
        ("search=P-02", {"p-020", "p-021", "p-022", "p-023", "p-024"}),
        ("site=Nowhere", set()),
    ],
)
def test_filters_choose(client_for: ClientFor, query: str, machines: set[str]) -> None:
    page = checked(client_for(fleet_house()).get(f"/?{query}").text)
    assert set(re.findall(r">(p-\d+)</a>", page)) == machines
    assert re.findall(r'class="figure">(\d+)<', page) == ["2", "2", "3", "17"]
    assert ("No machine matches" in page) == (not machines)


def test_a_thousand_machines_come_in_pages(client_for: ClientFor) -> None:
    made = house([asset(f"m-{number:04d}") for number in range(1_000)], [forecast(f"m-{n:04d}") for n in range(1_000)])
    client = client_for(made)
    seen: list[str] = []
    for number in range(1, 11):
        page = client.get(f"/?page={number}").text
        assert len(page) < 400_000
        seen += re.findall(r">(m-\d+)</a>", page)
    assert len(seen) == len(set(seen)) == 1_000
    assert "901–1000 of 1000" in page.replace(",", "")
    assert checked(client.get("/?page=99").text)


def test_an_empty_fleet_says_how_to_begin(client_for: ClientFor) -> None:
    page = checked(client_for(house([], [])).get("/").text)
    assert "No machines are on record yet" in page
    assert "make demo" in page


@LANGUAGES
@pytest.mark.parametrize("number", [1, 2, 7, 10])
def test_an_assets_page_is_whole_in_both_languages(client_for: ClientFor, language: str, number: int) -> None:
    page = checked(client_for(fleet_house()).get(f"/assets/p-{number:03d}?lang={language}").text)
    assert f'<html lang="{ {"en": "en", "zh": "zh-Hans"}[language] }">' in page
    assert "88.118.8/" in page
    assert {"en": "Motor current, RMS", "zh": "电机电流有效值"}[language] in page


@LANGUAGES
def test_likely_failure_modes_bear_their_names_the_likeliest_first(client_for: ClientFor, language: str) -> None:
    told = (("bearing_wear", 0.06), ("other", 0.02), ("seal_leak", 0.31))
    likely = replace(forecast("p-001"), per_mode=told)
    page = checked(client_for(house([asset("p-001")], [likely])).get(f"/assets/p-001?lang={language}").text)
    names = {
        "en": ("Leak of the mechanical seal", "Wear of the drive-end bearing", "Other"),
        "zh": ("机械密封泄漏", "驱动端轴承磨损", "其他"),
    }[language]
    shown = re.search(r'<ul class="modes">(.*?)</ul>', page)
    assert shown is not None
    places = [shown[1].index(name) for name in names]
    assert places == sorted(places)


def test_an_assets_page_says_by_when_to_decide(client_for: ClientFor) -> None:
    page = client_for(fleet_house()).get("/assets/p-001").text
    assert "95 % sure to run until 4 Mar 2026" in page
    assert "More likely than not to fail within 7 days." in page
    assert "without a break" in page
    assert "for another 21 h" in page


def test_a_deadline_within_a_day_is_now(client_for: ClientFor) -> None:
    page = client_for(house([asset("p-01")], [forecast("p-01", 30.0)])).get("/assets/p-01").text
    assert "It may fail any day: decide today</p>" in page


def test_a_life_at_the_cap_is_at_least_that(client_for: ClientFor) -> None:
    sound = replace(forecast("p-01"), life=RemainingLife(1_000.0, 1_440.0, 1_440.0, 1_300.0, 1_440.0))
    page = client_for(house([asset("p-01")], [sound])).get("/assets/p-01").text
    assert "≥ 1,440 h" in page
    assert "It is likely to fail after" in page


@LANGUAGES
@pytest.mark.parametrize("status", [each for each in ForecastStatus if each is not ForecastStatus.OK])
def test_without_a_forecast_the_page_says_why_and_what_to_do(
    client_for: ClientFor, language: str, status: ForecastStatus
) -> None:
    made = house([asset("p-01")], [forecast("p-01", None, status=status)])
    page = checked(client_for(made).get(f"/assets/p-01?lang={language}").text)
    assert {"en": "What to do", "zh": "该怎么做"}[language] in page
    assert "the newest reading is 61 h old" in page
    assert chart_data(page)["curve"] is None


def test_charts_carry_units_events_and_gaps(client_for: ClientFor) -> None:
    data = chart_data(client_for(fleet_house()).get("/assets/p-001").text)
    assert data["curve"]["x"] == [0.0, 168.0, 336.0, 720.0]
    assert None in data["history"]["median"]
    assert {each["unit"] for each in data["signals"]} >= {"°C", "mm/s", "kPa", "m³/h"}
    assert None in data["signals"][0]["values"]
    assert [each["kind"] for each in data["events"]] == ["failure", "inspection", "sensor_replaced"]


def test_readings_that_cannot_be_read_leave_the_rest_of_the_page(small: House, client_for: ClientFor) -> None:
    small.telemetry.failure = Unavailable("telemetry", "locked")
    page = checked(client_for(small).get("/assets/p-01").text)
    assert "cannot be shown at the moment" in page
    assert "900 h" in page


def test_what_people_wrote_stays_text(client_for: ClientFor) -> None:
    evil = "</script><script>alert(1)</script>"
    made = house([asset("p-01", site=evil)], [replace(forecast("p-01", None), reason=evil)])
    made.telemetry.last = NOW - timedelta(days=90)
    client = client_for(made)
    for path in ("/", "/assets/p-01", f"/?search={evil}"):
        assert "<script>alert" not in checked(client.get(path).text)


def test_a_language_that_was_asked_for_is_remembered(client: TestClient) -> None:
    assert '<html lang="en">' in client.get("/").text
    answer = client.get("/?lang=zh")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert '<html lang="zh-Hans">' in client.get("/").text
    assert '<html lang="en">' in client.get("/?lang=en").text


def test_the_browsers_language_is_heard(client: TestClient) -> None:
    assert '<html lang="zh-Hans">' in client.get("/", headers={"accept-language": "zh-TW,zh;q=0.9,en;q=0.8"}).text


def test_the_language_link_keeps_the_filters(client_for: ClientFor) -> None:
    page = client_for(fleet_house()).get("/?attention=act").text
    assert 'href="/?attention=act&amp;lang=zh"' in page


def test_times_are_shown_in_the_zone_of_the_settings(small: House, client_for: ClientFor) -> None:
    page = client_for(small, Settings(time_zone="Asia/Shanghai")).get("/assets/p-01?lang=zh").text
    assert "2026年3月2日 11:00" in page
    assert "UTC+08:00" in page


def test_pages_carry_a_policy_that_allows_nothing_from_elsewhere(client: TestClient) -> None:
    for path in ("/", "/assets/p-01", "/docs", "/nowhere"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
