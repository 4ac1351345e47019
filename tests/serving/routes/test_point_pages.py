import re
from datetime import timedelta

import pytest

from features.quality.verdicts import Namur, Verdict
from features.records.signal_states import SignalState
from serving.languages import LANGUAGES
from tests.serving.conftest import ClientFor
from tests.serving.fakes import LOCAL, NOW, House, asset, fleet_house
from tests.serving.routes.test_pages import chart_data, checked

P01 = asset("p-01").id
BOTH = pytest.mark.parametrize("language", LANGUAGES)


def section(page: str) -> str:
    found = re.search(r'<section aria-labelledby="points">.*?</section>', page, re.DOTALL)
    assert found is not None
    return found.group(0)


@BOTH
def test_each_point_that_is_not_normal_has_a_row_in_plain_words(client_for: ClientFor, language: str) -> None:
    shown = section(checked(client_for(fleet_house()).get(f"/assets/p-001?lang={language}").text))
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", shown, re.DOTALL)
    assert [re.search(r"<b>(\w)</b>", row).group(1) for row in rows] == ["F", "F", "S", "M", "C"]  # type: ignore[union-attr]  # every row has one
    expected = {
        "en": ["Measuring points", "</b> Failure", "repeats the same value", "sends no readings", "13 h ago"],
        "zh": ["测点", "</b> 故障", "重复同一数值", "没有读数", "13 小时前"],
    }
    assert [text for text in expected[language] if text not in shown] == []


@BOTH
def test_arrival_and_lateness_are_told(client_for: ClientFor, language: str) -> None:
    shown = section(client_for(fleet_house()).get(f"/assets/p-001?lang={language}").text)
    expected = {
        "en": ["Newest reading", "Last arrival", "(2 h ago)", "95 % of 1,000 readings arrived within 10 min"],
        "zh": ["最新读数", "最近到达", "2 小时前", "1,000 个读数中有 95% 在 10 分钟内到达"],
    }
    assert [text for text in expected[language] if text not in " ".join(shown.split())] == []


@BOTH
def test_all_is_well_only_where_somebody_judged(client_for: ClientFor, language: str) -> None:
    client = client_for(fleet_house())
    normal = {"en": "All measuring points are normal.", "zh": "所有测点均正常。"}[language]
    assert normal in section(client.get(f"/assets/p-002?lang={language}").text)


@BOTH
def test_a_machine_that_nobody_judged_is_not_called_normal(small: House, client_for: ClientFor, language: str) -> None:
    shown = section(client_for(small).get(f"/assets/p-01?lang={language}").text)
    assert {"en": "No readings of this machine were judged yet.", "zh": "尚未评判"}[language] in shown
    assert {"en": "No arrivals are on record", "zh": "没有到达记录"}[language] in shown


@BOTH
@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_finding_has_its_words(small: House, client_for: ClientFor, language: str, verdict: Verdict) -> None:
    small.point_states.put(LOCAL, P01, [SignalState("speed", Namur.CHECK_FUNCTION, verdict, NOW)])
    shown = section(checked(client_for(small).get(f"/assets/p-01?lang={language}").text))
    assert "{" not in shown
    assert {"en": "Check function", "zh": "功能检查"}[language] in shown


def test_a_range_is_told_with_its_unit(client_for: ClientFor) -> None:
    shown = section(client_for(fleet_house()).get("/assets/p-001").text)
    assert re.search(r"outside of its range of -?[\d,.]+ to [\d,.]+ kPa", shown)


def test_the_charts_carry_readings_that_are_not_good_with_what_was_found(client_for: ClientFor) -> None:
    client = client_for(fleet_house())
    page = client.get("/assets/p-001?lang=zh").text
    by_id = {each["id"]: each for each in chart_data(page)["signals"]}
    assert by_id["vibration_drive_end"]["suspect"]["values"] == [90.0] * 6
    assert set(by_id["vibration_drive_end"]["suspect"]["found"]) == {"个别读数突跳"}
    assert by_id["speed"]["suspect"] == {"at": [], "values": [], "found": []}
    assert "空心灰色标记" in page


def test_a_signal_without_one_good_reading_is_still_drawn(small: House, client_for: ClientFor) -> None:
    small.telemetry.spoil("flow", range(336), Verdict.FLAT, 3.0)
    page = client_for(small).get("/assets/p-01").text
    (flow,) = [each for each in chart_data(page)["signals"] if each["id"] == "flow"]
    assert flow["values"] == []
    assert set(flow["suspect"]["values"]) == {3.0}


def test_without_any_nothing_is_said_of_marks(small: House, client_for: ClientFor) -> None:
    assert "Hollow grey" not in client_for(small).get("/assets/p-01").text


@BOTH
def test_the_fleet_marks_machines_with_points_that_are_not_normal(client_for: ClientFor, language: str) -> None:
    page = checked(client_for(fleet_house()).get(f"/?lang={language}").text)
    assert page.count('class="mark"') == 1
    assert {"en": "5 measuring points are not normal", "zh": "5 个测点不正常"}[language] in page
    assert 'href="/assets/p-001#points"' in page


def test_one_is_not_many(small: House, client_for: ClientFor) -> None:
    state = SignalState("speed", Namur.FAILURE, Verdict.FLAT, NOW - timedelta(hours=1))
    small.point_states.put(LOCAL, P01, [state, SignalState("flow", Namur.NORMAL, Verdict.GOOD, NOW)])
    assert "1 measuring point is not normal" in client_for(small).get("/").text


def test_points_of_another_pack_are_no_business_of_this_one(small: House, client_for: ClientFor) -> None:
    small.point_states.put(LOCAL, P01, [SignalState("warp", Namur.FAILURE, Verdict.FLAT, NOW)])
    client = client_for(small)
    assert 'class="mark"' not in client.get("/").text
    assert "All measuring points are normal" in client.get("/assets/p-01").text
