from datetime import UTC, timedelta

import pytest
from starlette.testclient import TestClient

from features.domain.alarms import DataPathNotice, KeptThreshold, NoticeKind, Stage
from features.domain.identifiers import AssetId
from serving.languages import Words
from tests.serving.conftest import ClientFor
from tests.serving.fake_alarms import alarm
from tests.serving.fakes import LOCAL, NOW, RIVAL, House, asset, condition, house, troubled_house, turbofan_pack
from tests.serving.routes.test_pages import checked

LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])
ORIGIN = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}


def section(client: TestClient, path: str) -> str:
    """The part of a page that tells of alarms."""
    return checked(client.get(path).text).split('id="alarms"')[1].split("</section>")[0]


@LANGUAGES
def test_standing_alarms_come_first_with_all_that_somebody_needs(client_for: ClientFor, language: str) -> None:
    words, found = Words(language, UTC, NOW), section(client_for(troubled_house()), f"/?lang={language}")
    assert words("alarms.standing", count=2) in found
    assert words("alarms.waiting", count=2) in found
    order = [found.index(f'href="/assets/p-00{number}#alarms"') for number in (1, 2, 3)]
    assert order == sorted(order)
    assert "p-004" not in found  # that one is over
    assert words("alarms.times", factor="2.3") in found
    assert words.time(NOW - timedelta(hours=9)) in found
    assert "Li Wei" in found
    assert found.count("<form") == 2
    assert words("alarms.unfitted").split("`")[0] in found
    assert "{" not in found


@LANGUAGES
def test_trouble_of_the_data_path_is_one_line_for_each_gateway(client_for: ClientFor, language: str) -> None:
    words, found = Words(language, UTC, NOW), section(client_for(troubled_house()), f"/?lang={language}")
    assert found.count("<li><strong>") == 2
    assert words("alarms.out_of_sight", count=2, machines=words("epoch.and").join(["p-001", "p-002"])) in found
    assert words("alarms.machine_silent", count=7, machines="@").split("@")[0] in found
    assert "p-009 +2" in found


@LANGUAGES
def test_an_empty_list_says_so_in_a_friendly_way(small: House, client: TestClient, language: str) -> None:
    words = Words(language, UTC, NOW)
    assert words("alarms.none_not_judged") in section(client, f"/?lang={language}")
    assert words("alarms.none_not_judged_one") in section(client, f"/assets/p-01?lang={language}")
    small.conditions.conditions = [condition("p-01")]
    for path, key in (("/", "alarms.none_fleet"), ("/assets/p-01", "alarms.none_machine")):
        found = section(client, f"{path}?lang={language}")
        assert words(key) in found
        assert "<table" not in found


@LANGUAGES
def test_the_page_of_a_machine_tells_what_became_of_its_alarms(client_for: ClientFor, language: str) -> None:
    words, client = Words(language, UTC, NOW), client_for(troubled_house())
    found = section(client, f"/assets/p-001?lang={language}")
    assert words("alarms.past") in found
    held = words("event.planned_stop")
    assert words("alarms.told_suppressed", cause=words("condition.machine"), reason=held) in found
    seen = section(client, f"/assets/p-002?lang={language}")
    assert words("alarms.told_acknowledged", reason="Li Wei", cause="") in seen
    assert "Sensor is on order" in seen
    assert "{" not in found + seen


def test_what_somebody_else_has_is_not_shown(small: House, client: TestClient) -> None:
    small.alarms.alarms = [alarm("p-01", tenant=RIVAL)]
    small.alarms.lasting = [DataPathNotice(RIVAL, "pump", "g", NoticeKind.GATEWAY_SILENT, NOW)]
    for path in ("/", "/assets/p-01"):
        assert "<table" not in section(client, path)
        assert "<li>" not in section(client, path)


def test_one_that_returned_leaves_the_list_after_a_week(small: House, client: TestClient) -> None:
    small.alarms.alarms = [alarm("p-01", 24 * 7 + 2, Stage.RETURNED), alarm("p-02", 24, Stage.RETURNED)]
    found = section(client, "/")
    assert "p-02" in found
    assert "p-01" not in found


def test_a_fitted_threshold_needs_no_word_and_a_long_list_says_how_much_more_there_is(
    small: House, client: TestClient
) -> None:
    small.alarms.alarms = [alarm(f"m-{number}", number) for number in range(1, 24)]
    small.thresholds.kept = [KeptThreshold(LOCAL, "pump", "ab" * 32, 2.0, 5.0, 0.95, 4.0, 800.0, NOW)]
    found = section(client, "/?lang=en")
    assert "No threshold was fitted" not in found
    assert "3 more are listed" in found


def test_where_data_has_no_dates_life_is_shown(client_for: ClientFor) -> None:
    made = house([asset("u-1", pack="turbofan")], [], turbofan_pack())
    made.alarms.alarms = [alarm("u-1")]
    assert "cycles" in section(client_for(made), "/?lang=en")
    assert " ago" not in section(client_for(made), "/?lang=en")


def test_the_form_acknowledges_and_leads_back(small: House, client: TestClient) -> None:
    for back, place in (("fleet", "/#alarms"), ("asset", "/assets/hall~p-01#alarms"), ("//evil.example", "/#alarms")):
        small.alarms.alarms = [one := alarm("hall/p-01")]
        said = {"by": "Li <b>", "comment": "", "back": back}
        answer = client.post(f"/alarms/{one.id}/acknowledge", data=said, headers=ORIGIN, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, place)
        (seen,) = small.alarms.alarms
        assert seen.acknowledged is not None
        assert (seen.stage, seen.acknowledged.by, seen.acknowledged.comment) == (Stage.ACKNOWLEDGED, "Li <b>", None)
    assert "Li &lt;b&gt;" in section(client, "/")


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}]
)
def test_a_page_of_another_site_cannot_acknowledge(small: House, client: TestClient, headers: dict[str, str]) -> None:
    small.alarms.alarms = [one := alarm("p-01")]
    answer = client.post(f"/alarms/{one.id}/acknowledge", data={"by": "evil"}, headers=headers)
    assert answer.status_code == 403
    assert small.alarms.alarms == [one]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{}", "application/json", 415),
        ("by=a&by=b", "application/x-www-form-urlencoded", 422),
        ("by=" + "x" * 129, "application/x-www-form-urlencoded", 422),
        ("comment=" + "x" * 2001, "application/x-www-form-urlencoded", 422),
        (b"\xff", "application/x-www-form-urlencoded", 422),
        ("&".join(f"f{number}=1" for number in range(11)), "application/x-www-form-urlencoded", 422),
    ],
)
def test_a_form_that_is_none_of_ours_is_refused(
    small: House, client: TestClient, body: str | bytes, kind: str, status: int
) -> None:
    small.alarms.alarms = [one := alarm("p-01")]
    answer = client.post(f"/alarms/{one.id}/acknowledge", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert small.alarms.alarms == [one]


def test_an_alarm_of_the_machine_of_a_slash_is_linked(small: House, client: TestClient) -> None:
    small.alarms.alarms = [alarm(AssetId("hall/p-01"))]
    assert 'href="/assets/hall~p-01#alarms"' in section(client, "/")
