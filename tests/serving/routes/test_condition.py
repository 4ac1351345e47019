from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from starlette.testclient import TestClient

from features.domain.conditions import ConditionVerdict
from features.domain.time import format_time
from serving.languages import Words
from serving.wire_condition import ConditionOut
from tests.serving.conftest import ClientFor
from tests.serving.fakes import NOW, RIVALS_ASSET, House, condition, fleet_house


def told(client: TestClient, asset: str) -> ConditionOut:
    answer = client.get(f"/v1/assets/{asset}/condition")
    assert answer.status_code == 200
    return ConditionOut.model_validate_json(answer.content)


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
