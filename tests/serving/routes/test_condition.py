from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from starlette.testclient import TestClient

from features.domain.assets import Component
from features.domain.conditions import ConditionVerdict
from features.domain.forecasts import ForecastStatus
from features.domain.identifiers import AssetId
from features.domain.time import format_time
from features.quality.verdicts import Namur, Verdict
from features.records.signal_states import SignalState
from serving.languages import Words
from serving.wire_condition import ConditionOut, HealthOut
from tests.serving.conftest import ClientFor
from tests.serving.fakes import LOCAL, NOW, RIVALS_ASSET, House, asset, condition, fleet_house, forecast, house


def told(client: TestClient, asset: str) -> ConditionOut:
    answer = client.get(f"/v1/assets/{asset}/condition")
    assert answer.status_code == 200
    return ConditionOut.model_validate_json(answer.content)


def section(client: TestClient, asset: str, language: str) -> str:
    page: str = client.get(f"/assets/{asset}?lang={language}").text
    return page.split('id="health"')[1].split("</section>")[0]


def test_a_condition_comes_with_its_evidence_its_shares_and_its_age(small: House, client: TestClient) -> None:
    small.conditions.conditions = [condition("p-01")]
    found = told(client, "p-01")
    assert (found.judged, found.verdict, found.score, found.threshold) == (True, "machine", 2.34, 1.5)
    assert (found.at, found.age_seconds) == (format_time(NOW - timedelta(hours=3)), 3 * 3_600)
    assert found.since == format_time(NOW - timedelta(hours=27))
    assert sum(each.share for each in found.shares) == 1.0
    assert [(each.name, each.value) for each in found.evidence] == [("related_signals", 3.0)]


def test_nobody_has_judged_it_yet(client: TestClient) -> None:
    found = told(client, "p-01")
    assert (found.judged, found.verdict, found.at, found.shares) == (False, None, None, [])


def test_somebody_elses_machine_is_not_there(client: TestClient) -> None:
    assert client.get(f"/v1/assets/{RIVALS_ASSET}/condition").status_code == 404


@pytest.mark.parametrize("verdict", list(ConditionVerdict))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_says_every_verdict_in_both_languages(
    small: House, client: TestClient, verdict: ConditionVerdict, language: str
) -> None:
    small.conditions.conditions = [condition("p-01", verdict)]
    page = client.get(f"/assets/p-01?lang={language}").text
    section = page.split('id="condition"')[1].split("</section>")[0]
    assert "4,200" in section
    assert "{" not in section
    assert ("<table" in section) is (verdict is not ConditionVerdict.NORMAL)
    assert section.count("<tr>") in {0, 4}
    assert (Words(language, UTC, NOW)(f"condition.{verdict.value}_do") in section) is ("<table" in section)


def test_an_old_verdict_bears_its_age_and_no_alarming_colour(small: House, client: TestClient) -> None:
    old = replace(condition("p-01"), at=NOW - timedelta(days=3), since=NOW - timedelta(days=4))
    small.conditions.conditions = [old]
    page = client.get("/?lang=en").text
    assert "Deviation of the machine · 3 days ago" in page
    assert 'class="state unknown"' in page


def test_the_fleet_marks_machines_that_are_not_normal_and_no_others(client_for: ClientFor) -> None:
    page = client_for(fleet_house()).get("/?lang=en").text
    assert page.count('class="state ') == len(ConditionVerdict) - 1
    assert "Deviation of the machine" in page
    assert "As usual" not in page


@pytest.mark.parametrize(("language", "label"), [("en", "Begins to stray"), ("zh", "开始偏离")])
def test_what_strays_is_not_called_usual_while_nothing_explains_it_yet(
    client_for: ClientFor, language: str, label: str
) -> None:
    made = house([asset("p-01")], [forecast("p-01", None, status=ForecastStatus.NO_MODEL)])
    made.conditions.conditions = [replace(condition("p-01", ConditionVerdict.NORMAL), score=2.34)]
    client = client_for(made)
    page = client.get(f"/assets/p-01?lang={language}").text
    shown = page.split('id="condition"')[1].split("</section>")[0]
    assert label in page.split("<h1>")[1].split("</h1>")[0]
    assert label in shown
    assert "<table" in shown
    fleet = client.get(f"/?lang={language}").text
    assert fleet.count('class="state ') == 1
    assert {"en": "1 of 1 machines is not as usual", "zh": "1 台设备中有 1 台状态异常"}[language] in fleet


@pytest.mark.parametrize(("language", "more"), [("en", "; 1 is not as usual"), ("zh", "；1 台状态异常")])
def test_a_fleet_that_is_not_to_fail_soon_is_not_called_calm_while_a_machine_strays(
    client_for: ClientFor, language: str, more: str
) -> None:
    made = house([asset("p-01")], [forecast("p-01", 3_000.0)])
    assert more not in client_for(made).get(f"/?lang={language}").text
    made.conditions.conditions = [condition("p-01")]
    heading = client_for(made).get(f"/?lang={language}").text.split("<h1>")[1].split("</h1>")[0]
    assert heading.endswith(more)


def test_health_comes_with_a_verdict_and_its_contributions_add_up(small: House, client: TestClient) -> None:
    assert told(client, "p-01").health is None
    small.conditions.conditions = [condition("p-01")]
    small.point_states.put(LOCAL, AssetId("p-01"), [SignalState("speed", Namur.NORMAL, Verdict.GOOD, NOW)])
    health = told(client, "p-01").health
    assert health is not None
    assert health.index == health.at_most
    assert sum(each.points for each in health.contributions) == 100.0 - health.at_most
    assert (health.state, health.unknown) == ("M", [])
    assert {each.part for each in health.contributions} == {"condition", "forecast"}
    assert {each.signal for each in health.contributions if each.part == "condition"} == {
        "vibration_drive_end",
        "bearing_temperature_drive_end",
        "motor_current",
    }


def test_deviation_that_is_not_the_machine_s_leaves_its_health_untold(small: House, client: TestClient) -> None:
    small.conditions.conditions = [condition("p-01", ConditionVerdict.INSTRUMENT)]
    health = told(client, "p-01").health
    assert health is not None
    assert health.index is None
    assert [each.part for each in health.unknown] == ["condition", "measurement"]
    page = client.get("/assets/p-01?lang=en").text.split('id="health"')[1].split("</section>")[0]
    assert "Cannot be told; at most" in page
    assert "Deviation of the machine · Instruments" in page


def test_components_come_worst_first_with_what_is_their_own_and_what_may_be_another_s(
    small: House, client: TestClient
) -> None:
    small.conditions.conditions = [condition("p-01")]
    small.point_states.put(LOCAL, AssetId("p-01"), [SignalState("speed", Namur.NORMAL, Verdict.GOOD, NOW)])
    health = told(client, "p-01").health
    assert health is not None
    found = {each.id: each for each in health.components}
    assert list(found)[:2] == ["bearing_drive_end", "coupling"]
    assert set(found) == {each.id for each in small.pack.components}
    coupling, seal = found["coupling"], found["mechanical_seal"]
    assert (coupling.index, coupling.at_most, coupling.state) == (None, 100.0, None)
    assert coupling.at_least is not None
    assert coupling.at_least < health.at_most + 10.0
    assert coupling.shared_with == ["bearing_drive_end", "bearing_non_drive_end"]
    assert (seal.index, seal.at_least, seal.at_most, seal.state) == (100.0, 100.0, 100.0, "N")
    assert seal.names is not None
    assert (seal.names.en, seal.names.zh) == ("Mechanical seal", "机械密封")
    assert {each.component for each in health.contributions} == {"p-01"}


def test_a_component_of_which_nothing_was_judged_is_said_to_be_unknown(small: House, client: TestClient) -> None:
    said = condition("p-01", ConditionVerdict.NORMAL)
    shares = tuple(each for each in said.shares if not each[0].startswith("seal_"))
    small.conditions.conditions = [replace(said, score=0.5, shares=shares)]
    small.point_states.put(LOCAL, AssetId("p-01"), [SignalState("speed", Namur.NORMAL, Verdict.GOOD, NOW)])
    health = told(client, "p-01").health
    assert health is not None
    assert health.index is None
    assert [(each.component, each.part) for each in health.unknown] == [("mechanical_seal", "condition")]
    seal = health.components[0]
    assert (seal.id, seal.index, seal.at_least, seal.state, seal.unknown) == (
        "mechanical_seal",
        None,
        None,
        None,
        ["condition"],
    )
    page = section(client, "p-01", "en")
    assert "Not known: Mechanical seal" in page
    assert "None of its signals could be judged." in page


@pytest.mark.parametrize(
    ("language", "first", "shared", "sound"),
    [
        ("en", "Bearing at drive end", "or else Coupling · Bearing at non-drive end", "Normal"),
        ("zh", "驱动端轴承", "也可能是联轴器 · 非驱动端轴承", "正常"),
    ],
)
def test_the_page_names_components_worst_first_in_both_languages(
    small: House, client: TestClient, language: str, first: str, shared: str, sound: str
) -> None:
    small.conditions.conditions = [condition("p-01")]
    small.point_states.put(LOCAL, AssetId("p-01"), [SignalState("speed", Namur.NORMAL, Verdict.GOOD, NOW)])
    names = [getattr(each.names, language) for each in small.pack.components]
    page = section(client, "p-01", language)
    rows = page.split("<tbody>")[1].split("</tbody>")[0].split("</tr>")[:-1]
    assert len(rows) == len(names)
    assert first in rows[0]
    assert shared in rows[0]
    assert sound in rows[-1]
    assert all(any(name in row for row in rows) for name in names)


def test_a_machine_s_own_record_names_its_components_and_hides_none(small: House, client: TestClient) -> None:
    small.conditions.conditions = [condition("p-01", ConditionVerdict.NORMAL)]
    named = (Component("mechanical_seal", "Seal 3 <b>"), Component("belt", "Belt"))
    small.assets.assets[0] = replace(small.assets.assets[0], components=named)
    page = section(client, "p-01", "zh")
    assert "Seal 3 &lt;b&gt;" in page
    assert "机械密封" not in page
    assert "电机" in page
    assert "Belt" not in page


def test_a_pack_without_names_shows_ids_and_one_without_components_shows_none(
    small: House, client_for: ClientFor
) -> None:
    small.conditions.conditions = [condition("p-01")]
    pack = small.pack
    small.pack = replace(pack, components=tuple(replace(each, names=None) for each in pack.components))
    plain = client_for(small)
    divided = told(plain, "p-01").health
    assert "Mechanical seal" in section(plain, "p-01", "zh")
    small.pack = replace(pack, components=())
    undivided = client_for(small)
    whole = told(undivided, "p-01").health
    assert divided is not None
    assert whole is not None
    assert (whole.components, divided.components[0].names) == ([], None)
    assert (whole.index, whole.at_most) == (divided.index, divided.at_most)
    assert section(undivided, "p-01", "en").count("<table") == 1


def test_a_machine_called_like_a_component_is_not_taken_for_it(client_for: ClientFor) -> None:
    made = house([asset("coupling")], [forecast("coupling", None, status=ForecastStatus.STALE)])
    made.conditions.conditions = [condition("coupling", ConditionVerdict.INSTRUMENT)]
    shown = section(client_for(made), "coupling", "en")
    assert "Not known: Deviation of the machine · Risk of failure · Instruments" in " ".join(shown.split())
    assert "None of its signals could be judged" not in shown


def test_old_data_cost_points_and_then_say_nothing(small: House, client: TestClient) -> None:
    def found(hours: float) -> HealthOut:
        judged = condition("p-01", ConditionVerdict.NORMAL)
        at = NOW - timedelta(hours=hours)
        small.conditions.conditions = [replace(judged, at=at, since=at, score=0.5)]
        health = told(client, "p-01").health
        assert health is not None
        return health

    lost = [{each.part: each.points for each in found(hours).contributions} for hours in (1.0, 48.0, 72.0)]
    assert "data" not in lost[0]
    assert lost[1]["data"] > 0.0
    old = found(72.0)
    assert "condition" in [each.part for each in old.unknown]
    assert all("condition" in each.unknown for each in old.components)


def test_a_condition_that_nobody_judges_any_more_is_not_the_present_one_though_readings_go_on(
    small: House, client: TestClient
) -> None:
    def unknown(hours: float) -> list[str]:
        at = NOW - timedelta(hours=hours)
        judged = replace(condition("p-01", ConditionVerdict.NORMAL), at=at, since=at, score=0.5)
        small.conditions.conditions = [judged]
        health = told(client, "p-01").health
        assert health is not None
        assert {each.part for each in health.contributions} <= {"forecast"}  # the readings are fresh
        return [each.part for each in health.unknown]

    small.arrivals.put(LOCAL, AssetId("p-01"), "http", late=(1, 0, 0, 0, 0, 0, 0))
    small.point_states.put(LOCAL, AssetId("p-01"), [SignalState("speed", Namur.NORMAL, Verdict.GOOD, NOW)])
    assert unknown(71.0) == []
    assert unknown(72.0) == ["condition"]


@pytest.mark.parametrize(
    ("verdict", "evidence", "reason"),
    [
        (ConditionVerdict.MACHINE, (), "Vibration velocity at drive end, RMS and Bearing temperature at drive end"),
        (ConditionVerdict.INSTRUMENT, (("reading_flat:flow", 1.0),), "Volume flow repeats the same value"),
        (ConditionVerdict.INSTRUMENT, (("explained_by_one_signal:flow", 0.9),), "Volume flow"),
        (ConditionVerdict.DATA_PATH, (("gateway_silent_intervals", 4.0),), "Nothing comes from its whole gateway"),
        (ConditionVerdict.DATA_PATH, (("readings_missing:flow", 1.0),), "Nothing comes of Volume flow"),
        (
            ConditionVerdict.UNDETERMINED,
            (("probability_machine", 0.5), ("probability_operation_change", 0.45), ("probability_instrument", 0.05)),
            "Deviation of the machine, or Run in another way: the readings fit both",
        ),
        (
            ConditionVerdict.OPERATION_CHANGE,
            (("condition_moved:speed", 1.0), ("condition_moved:flow", -4.0)),
            "Volume flow",
        ),
        (ConditionVerdict.UNDETERMINED, (("not_computed", 1.0),), "Its numbers could not be computed with"),
    ],
)
def test_both_pages_say_what_speaks_most_for_a_condition(
    small: House,
    client: TestClient,
    verdict: ConditionVerdict,
    evidence: tuple[tuple[str, float], ...],
    reason: str,
) -> None:
    small.conditions.conditions = [replace(condition("p-01", verdict), evidence=evidence)]
    assert f"<small>{reason}" in client.get("/?lang=en").text
    assert f"<strong>{reason}" in client.get("/assets/p-01?lang=en").text


def test_of_the_machine_or_the_way_it_is_run_somebody_is_to_be_asked(small: House, client: TestClient) -> None:
    either = (("probability_machine", 0.5), ("probability_operation_change", 0.5))
    small.conditions.conditions = [replace(condition("p-01", ConditionVerdict.UNDETERMINED), evidence=either)]
    assert "If nobody changed anything, take it for the machine" in client.get("/assets/p-01?lang=en").text
    assert "若无人改动，请按设备异常处理" in client.get("/assets/p-01?lang=zh").text
    assert "Two explanations are equally good." in client.get("/assets/p-01?lang=en").text
    assert "有两种解释同样成立。" in client.get("/assets/p-01?lang=zh").text


def test_where_nothing_forecasts_the_page_begins_with_the_condition(client_for: ClientFor) -> None:
    made = house([asset("p-01")], [forecast("p-01", None, status=ForecastStatus.NO_MODEL)])
    made.conditions.conditions = [condition("p-01")]
    page = client_for(made).get("/assets/p-01?lang=en").text
    assert "Deviation of the machine" in page.split("<h1>")[1].split("</h1>")[0]
    assert page.index('id="alarms"') < page.index('id="condition"') < page.index("Watched, not forecast")
    assert "then inspect the machine." in page
    assert "when the forecast says so" not in page
    assert 'id="history-title"' not in page


@pytest.mark.parametrize(("score", "has_shares"), [(0.4, False), (2.3, True)])
def test_an_instrument_that_reads_nonsense_blames_no_other_signal(
    small: House, client: TestClient, score: float, has_shares: bool
) -> None:
    told_so = replace(condition("p-01", ConditionVerdict.INSTRUMENT), score=score)
    small.conditions.conditions = [told_so]
    page = client.get("/assets/p-01?lang=en").text
    assert ("<table" in page.split('id="condition"')[1].split("</section>")[0]) is has_shares


def test_a_deviation_is_told_beside_the_name_whatever_is_forecast(small: House, client: TestClient) -> None:
    small.conditions.conditions = [condition("p-01")]
    heading = client.get("/assets/p-01?lang=en").text.split("<h1>")[1].split("</h1>")[0]
    assert heading.count("badge") == 2
    small.conditions.conditions = [condition("p-01", ConditionVerdict.NORMAL)]
    assert client.get("/assets/p-01?lang=en").text.split("<h1>")[1].split("</h1>")[0].count("badge") == 1


def test_where_nothing_forecasts_risk_is_no_part_of_health(client_for: ClientFor) -> None:
    made = house([asset("p-01")], [forecast("p-01", None, status=ForecastStatus.NO_MODEL)])
    made.conditions.conditions = [condition("p-01")]
    made.point_states.put(LOCAL, AssetId("p-01"), [SignalState("speed", Namur.NORMAL, Verdict.GOOD, NOW)])
    health = told(client_for(made), "p-01").health
    assert health is not None
    assert health.index is not None
    assert {each.part for each in health.contributions} == {"condition"}


def test_what_costs_no_tenth_of_a_point_has_no_line(small: House, client: TestClient) -> None:
    said = condition("p-01")
    small.conditions.conditions = [replace(said, shares=(("vibration_drive_end", 0.9998), ("motor_current", 0.0002)))]
    small.point_states.put(LOCAL, AssetId("p-01"), [SignalState("speed", Namur.NORMAL, Verdict.GOOD, NOW)])
    health = told(client, "p-01").health
    assert health is not None
    assert any(each.signal == "motor_current" and 0.0 < each.points < 0.05 for each in health.contributions)
    lines = section(client, "p-01", "en").split("Where points are lost")[1]
    assert "Vibration velocity at drive end, RMS" in lines
    assert "Motor current, RMS" not in lines
