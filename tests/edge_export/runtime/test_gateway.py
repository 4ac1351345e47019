import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from edge_export.runtime.gateway import Answer, Gateway, GatewayPlan
from edge_export.runtime.runtime import Runtime
from edge_export.runtime.stream import AssetStreams
from features.domain.events import EventKind
from features.domain.identifiers import DEFAULT_TENANT, TenantId


def reading(hour: float, asset: str = "fan-1", **signals: object) -> dict[str, object]:
    time = f"2026-03-01T{int(hour):02d}:{round(hour % 1 * 60):02d}:00Z"
    values = {"speed": 1000.0, "vibration": 2.1, "temperature": 41.0} | signals
    return {"asset_id": asset, "time": time, "signals": values}


def run(gateway: Gateway, *lines: dict[str, object]) -> list[Answer]:
    return [
        each
        for number, line in enumerate(lines, start=1)
        for each in gateway.answers(json.dumps(line).encode(), number)
    ]


def gateway_of(runtime: Runtime, every: int | None = 1, as_of: datetime | str | None = None) -> Gateway:
    return Gateway(runtime, GatewayPlan(TenantId("acme"), every, as_of))


def test_each_accepted_row_gets_a_forecast(runtime: Runtime) -> None:
    answers = run(gateway_of(runtime), reading(8), reading(9), reading(12))
    assert [each["status"] for each in answers] == ["insufficient", "insufficient", "ok"]
    assert [each["tenant"] for each in answers] == ["acme"] * 3
    assert [each["issued_at"] for each in answers] == [f"2026-03-01T{hour}:00:00Z" for hour in ("08", "09", "12")]


def test_a_forecast_at_each_nth_row_of_an_asset(runtime: Runtime) -> None:
    gateway = gateway_of(runtime, every=3)
    lines = [reading(hour, asset) for hour in range(8, 14) for asset in ("fan-1", "fan-2")]
    assert [(each["asset"], each["issued_at"]) for each in run(gateway, *lines)] == [
        (asset, f"2026-03-01T{hour}:00:00Z") for hour in (10, 13) for asset in ("fan-1", "fan-2")
    ]


def test_at_the_end_one_forecast_per_asset_and_a_silent_one_is_stale(runtime: Runtime) -> None:
    gateway = gateway_of(runtime, every=None)
    lines = [reading(hour) for hour in (0, 4)] + [reading(hour, "fan-2") for hour in (0, 4, 8, 13)]
    assert run(gateway, *lines) == []
    answers = list(gateway.last_answers())
    assert [(each["asset"], each["status"]) for each in answers] == [("fan-1", "stale"), ("fan-2", "ok")]
    assert {each["issued_at"] for each in answers} == {"2026-03-01T13:00:00Z"}


def test_as_of_a_moment_later_rows_are_refused(runtime: Runtime) -> None:
    gateway = gateway_of(runtime, every=None, as_of=datetime(2026, 3, 1, 12, tzinfo=UTC))
    answers = run(gateway, reading(4), reading(11), reading(13))
    assert [each["line"] for each in answers] == [3]
    assert str(answers[0]["error"]).startswith("later_than_as_of: ")
    (forecast,) = gateway.last_answers()
    assert (forecast["issued_at"], forecast["age_of_data"]) == ("2026-03-01T12:00:00Z", 3600.0)


def test_a_live_gateway_goes_by_its_own_clock(runtime: Runtime) -> None:
    (answer, *_) = run(gateway_of(runtime, as_of="now"), reading(8))[-1:]
    issued_at = datetime.fromisoformat(str(answer["issued_at"]))
    assert abs((datetime.now(UTC) - issued_at).total_seconds()) < 60
    assert answer["status"] in ("insufficient", "stale")


def test_a_clock_at_the_end_of_the_calendar_does_not_end_the_run(runtime: Runtime) -> None:
    far = reading(8) | {"time": "9999-12-31T23:59:59Z"}
    first, second = run(gateway_of(runtime), far, reading(9, "fan-2"))
    assert (first["valid_until"], second["asset"]) == ("9999-12-31T23:59:59.999999Z", "fan-2")


def test_what_is_not_taken_is_said_and_counted(runtime: Runtime) -> None:
    gateway = gateway_of(runtime)
    answers = run(gateway, reading(8, noise=1), reading(9, noise=2, vibration="x"), reading(8), {"asset_id": "fan-1"})
    assert [each.get("notice", each.get("error")) for each in answers if "status" not in each] == [
        "set_aside: These signals were left out: noise (unknown_signal).",
        "set_aside: These signals were left out: vibration (not_a_number).",
        "late: It is older than the newest of its asset; a stream knows no past, so replay it in the centre.",
        "missing_time: The line must carry time and not life: so the model counts.",
    ]
    assert gateway.summary() == {
        "assets": 1,
        "rows": {"accepted": 2},
        "events": {},
        "set_aside": {"unknown_signal": 2, "not_a_number": 1},
        "refused": {"late": 1, "missing_time": 1},
        "forecasts": {"insufficient": 2},
    }


def test_a_duplicate_is_counted_and_not_answered(runtime: Runtime) -> None:
    gateway = gateway_of(runtime)
    assert len(run(gateway, reading(8), reading(8))) == 1
    assert gateway.summary()["rows"] == {"accepted": 1, "duplicate": 1}


@pytest.mark.parametrize(("time", "code"), [("05:00", "life_ended"), ("03:00", "life_ended_late")])
def test_the_end_of_a_life_is_said_and_the_next_one_begins_empty(runtime: Runtime, time: str, code: str) -> None:
    end: dict[str, object] = {"asset_id": "fan-1", "time": f"2026-03-01T{time}:00Z", "event": "failure"}
    answers = run(gateway_of(runtime), reading(0), reading(4), end, reading(6))
    assert [each["status"] for each in answers if "status" in each] == ["insufficient", "ok", "insufficient"]
    assert [str(each["notice"]).split(":")[0] for each in answers if "notice" in each] == [code]


def test_event_that_no_feature_asks_for_changes_nothing(runtime: Runtime) -> None:
    gateway = gateway_of(runtime)
    error: dict[str, object] = {"asset_id": "fan-1", "time": "2026-03-01T05:00:00Z", "event": "error", "code": "e1"}
    assert len(run(gateway, reading(8), error)) == 1
    assert gateway.summary()["events"] == {"no_change": 1}


def test_event_that_comes_late_is_said_and_the_forecast_is_given_anew(event_runtime: Runtime) -> None:
    error: dict[str, object] = {"asset_id": "fan-1", "time": "2026-03-01T05:30:00Z", "event": "error", "code": "e1"}
    gateway = gateway_of(event_runtime)
    answers = run(gateway, reading(0), reading(4), error, reading(6), error, reading(7))
    in_time = run(gateway_of(event_runtime), reading(0), error, reading(4), reading(6), reading(7))
    late = gateway_of(event_runtime)
    corrected = run(late, reading(0), reading(4), reading(6), error, reading(7))
    assert [each.get("status", each.get("notice", ""))[:13] for each in corrected] == [  # type: ignore[index]  # texts
        "insufficient",
        "ok",
        "ok",
        "counted_late:",
        "ok",
        "ok",
    ]
    assert late.summary()["events"] == {"counted_late": 1}
    assert gateway.summary()["events"] == {"counted": 1, "duplicate": 1}
    before, after = corrected[2], corrected[4]
    assert after["issued_at"] == before["issued_at"] == "2026-03-01T06:00:00Z"
    assert numbers(after) != numbers(before)
    assert numbers(after) == numbers(answers[2]) == numbers(in_time[2])
    assert numbers(corrected[-1]) == numbers(answers[-1]) == numbers(in_time[-1])


def test_event_told_at_once_is_answered_before_the_next_reading(event_runtime: Runtime) -> None:
    told = event_runtime.specification
    gateway = gateway_of(event_runtime)
    error: dict[str, object] = {"asset_id": "fan-1", "time": "2026-03-01T05:30:00Z", "event": "error", "code": "e1"}
    gateway._streams = AssetStreams(replace(told, rule=replace(told.rule, at_events=(EventKind.ERROR,))))
    answers = run(gateway, reading(0), reading(4), error)
    assert [each["status"] for each in answers] == ["insufficient", "ok", "ok"]
    assert numbers(answers[2]) != numbers(answers[1])


def told_at_once(runtime: Runtime, every: int | None) -> Gateway:
    told, gateway = runtime.specification, gateway_of(runtime, every)
    gateway._streams = AssetStreams(replace(told, rule=replace(told.rule, at_events=(EventKind.ERROR,))))
    return gateway


def error_at(time: str, code: str = "e1") -> dict[str, object]:
    return {"asset_id": "fan-1", "time": f"2026-03-01T{time}:00Z", "event": "error", "code": code}


def test_event_told_at_once_is_answered_between_the_rows_that_are(event_runtime: Runtime) -> None:
    gateway = told_at_once(event_runtime, 2)
    answers = run(gateway, reading(0), reading(4), reading(5), error_at("05:30"), error_at("05:30"), reading(6))
    times = [str(each["issued_at"])[11:] for each in answers]
    assert times == ["04:00:00Z", "05:30:00.000001Z", "06:00:00Z"]


def test_event_before_one_that_waits_is_answered_with_what_is_known_after_both(event_runtime: Runtime) -> None:
    lines, both = [reading(0), reading(4)], [error_at("05:30"), error_at("05:10", "e2")]
    shuffled, ordered = (run(told_at_once(event_runtime, 1), *lines, *each) for each in (both, both[::-1]))
    assert [str(each["issued_at"])[11:16] for each in shuffled] == ["00:00", "04:00", "05:30", "05:30"]
    assert numbers(shuffled[-1]) == numbers(ordered[-1]) != numbers(shuffled[-2])


def test_at_the_end_the_newest_event_told_at_once_is_the_moment_of_issue(event_runtime: Runtime) -> None:
    gateway = told_at_once(event_runtime, None)
    assert run(gateway, reading(0), reading(4), error_at("07:30")) == []
    (answer,) = gateway.last_answers()
    assert (answer["status"], answer["issued_at"]) == ("ok", "2026-03-01T07:30:00.000001Z")


def numbers(answer: Answer) -> object:
    return answer["horizons"], answer["life"], answer["features"]


def test_where_life_is_counted_lines_carry_it(count_runtime: Runtime) -> None:
    lines = [{"asset_id": "fan-1", "life": life, "signals": reading(0)["signals"]} for life in (1, 2, 9)]
    answers = run(Gateway(count_runtime, GatewayPlan(DEFAULT_TENANT)), *lines)
    assert [each["status"] for each in answers] == ["insufficient", "insufficient", "ok"]
    last = Gateway(count_runtime, GatewayPlan(DEFAULT_TENANT, None))
    run(last, *lines)
    (final,) = last.last_answers()
    assert {**final, "id": ""} == {**answers[-1], "id": ""}
