from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from features.domain.alarms import DataPathNotice, KeptThreshold, NoticeKind, Stage
from features.domain.identifiers import AssetId
from features.domain.time import format_time
from serving.wire_alarms import AlarmHistoryOut, AlarmOut, AlarmsOut
from tests.serving.conftest import ClientFor
from tests.serving.fake_alarms import alarm
from tests.serving.fakes import LOCAL, NOW, RIVAL, RIVALS_ASSET, House, asset, house, turbofan_pack


def listed(client: TestClient, query: str = "") -> AlarmsOut:
    answer = client.get(f"/v1/alarms{query}")
    assert answer.status_code == 200
    return AlarmsOut.model_validate_json(answer.content)


def assets(found: AlarmsOut) -> list[str]:
    return [each.asset for each in found.alarms]


@pytest.fixture
def busy(small: House) -> House:
    stages = (Stage.NORMAL, Stage.RETURNED, Stage.ACKNOWLEDGED, Stage.UNACKNOWLEDGED)
    small.alarms.alarms = [alarm(f"p-{hours}", hours, stage) for hours, stage in enumerate(stages, start=1)]
    small.alarms.alarms.append(alarm(RIVALS_ASSET, tenant=RIVAL))
    return small


def test_an_alarm_says_all_that_somebody_needs_to_act(small: House, client: TestClient) -> None:
    small.alarms.alarms = [one := alarm("p-01")]
    (found,) = listed(client).alarms
    assert (found.id, found.asset, found.stage, found.standing, found.unacknowledged) == (
        one.id, "p-01", "unacknowledged", True, True,
    )  # fmt: skip
    assert (found.cause, found.lead, found.score, found.threshold, found.over) == (
        "machine", "vibration_drive_end", 4.6, 2.0, 2.3,
    )  # fmt: skip
    assert (found.standing_since, found.returned_at) == (format_time(NOW - timedelta(hours=9)), None)
    assert found.threshold_fitted is False
    small.thresholds.kept = [KeptThreshold(LOCAL, "pump", one.model, 2.0, 5.0, 0.95, 4.0, 800.0, NOW)]
    assert listed(client).alarms[0].threshold_fitted


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["p-4", "p-3", "p-2", "p-1"]),
        ("?standing=true", ["p-4", "p-3"]),
        ("?unacknowledged=true", ["p-4", "p-2"]),
        ("?standing=false&unacknowledged=false", ["p-1"]),
        ("?asset=p-3", ["p-3"]),
        (f"?asset={RIVALS_ASSET}", []),
        (f"?since={format_time(NOW - timedelta(hours=2))}", ["p-2", "p-1"]),
    ],
)
def test_alarms_are_found_by_what_is_asked(busy: House, client: TestClient, query: str, found: list[str]) -> None:
    assert assets(listed(client, query)) == found


def test_pages_hold_together(busy: House, client: TestClient) -> None:
    page = listed(client, "?limit=2&offset=1")
    assert (assets(page), page.total, page.offset, page.limit) == (["p-3", "p-2"], 4, 1, 2)


@pytest.mark.parametrize(
    "query", ["?since=yesterday", "?since=2026-01-01T00:00:00", "?standing=perhaps", "?limit=0", "?offset=-1"]
)
def test_what_cannot_be_asked_is_refused_with_its_reason(client: TestClient, query: str) -> None:
    answer = client.get(f"/v1/alarms{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"][0] == "query"


def test_notices_that_last_stand_beside_the_alarms(small: House, client: TestClient) -> None:
    small.alarms.lasting = [
        DataPathNotice(LOCAL, "pump", "g", NoticeKind.GATEWAY_SILENT, NOW, standing=(AssetId("p-01"),)),
        DataPathNotice(RIVAL, "pump", "theirs", NoticeKind.GATEWAY_SILENT, NOW),
    ]
    (notice,) = listed(client).notices
    assert (notice.gateway, notice.kind, notice.asset, notice.standing) == ("g", "gateway_silent", None, ["p-01"])


def test_where_data_has_no_dates_none_is_shown_and_a_count_is_asked_for(client_for: ClientFor) -> None:
    made = house([asset("u-1", pack="turbofan")], [], turbofan_pack())
    made.alarms.alarms = [alarm("u-1")]
    client = client_for(made)
    assert isinstance(listed(client, "?since=12").alarms[0].raised_at, float)
    for since in ("nan", "1e99", "2026-01-01T00:00:00Z"):
        assert client.get(f"/v1/alarms?since={since}").status_code == 422


def acknowledge(client: TestClient, name: str, said: dict[str, Any]) -> AlarmOut:
    answer = client.post(f"/v1/alarms/{name}/acknowledge", json=said)
    assert answer.status_code == 200
    return AlarmOut.model_validate_json(answer.content)


def test_who_has_seen_it_is_on_record_once(small: House, client: TestClient) -> None:
    small.alarms.alarms = [one := alarm("p-01")]
    seen = acknowledge(client, one.id, {"by": "Li Wei", "comment": "greased"})
    assert (seen.stage, seen.unacknowledged) == ("acknowledged", False)
    assert seen.acknowledged is not None
    assert (seen.acknowledged.at, seen.acknowledged.by, seen.acknowledged.comment) == (
        format_time(NOW), "Li Wei", "greased",
    )  # fmt: skip
    assert acknowledge(client, one.id, {"by": "somebody else"}) == seen
    answer = AlarmHistoryOut.model_validate_json(client.get(f"/v1/alarms/{one.id}").content)
    assert [(each.told, each.reason) for each in answer.history] == [("raised", None), ("acknowledged", "Li Wei")]


def test_without_a_name_it_is_the_operator(small: House, client: TestClient) -> None:
    small.alarms.alarms = [one := alarm("p-01")]
    seen = acknowledge(client, one.id, {})
    assert seen.acknowledged is not None
    assert seen.acknowledged.by == "operator"


@pytest.mark.parametrize("said", [{"by": " "}, {"by": "x" * 129}, {"comment": "x" * 2001}, {"at": "now"}, []])
def test_an_acknowledgement_that_breaks_the_rules_changes_nothing(small: House, client: TestClient, said: Any) -> None:
    small.alarms.alarms = [one := alarm("p-01")]
    assert client.post(f"/v1/alarms/{one.id}/acknowledge", json=said).status_code == 422
    assert small.alarms.alarms == [one]


def test_an_alarm_of_somebody_else_is_not_there(busy: House, client: TestClient) -> None:
    theirs = busy.alarms.alarms[-1]
    for answer in (
        client.get(f"/v1/alarms/{theirs.id}"),
        client.post(f"/v1/alarms/{theirs.id}/acknowledge", json={}),
        client.post(f"/alarms/{theirs.id}/acknowledge", data={"by": "me"}),
    ):
        assert answer.status_code == 404
        assert "rival" not in answer.text
    assert busy.alarms.alarms[-1] == theirs
