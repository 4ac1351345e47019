"""State detection in the answers of a gateway, beside the forecasts, and the proof at every load."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from edge_export.bundle.errors import BundleCorrupt, BundleRefused, SelfTestFailed
from edge_export.bundle.golden import Golden, GoldenCondition
from edge_export.bundle.reading import VerifiedBundle
from edge_export.golden_condition import golden_condition
from edge_export.runtime.bench import condition_call
from edge_export.runtime.gateway import Answer, Gateway, GatewayPlan
from edge_export.runtime.runtime import Runtime
from features.domain.identifiers import DEFAULT_TENANT
from features.domain.time import format_time
from models.condition.expectation.rows import MachineRows, judge_rows
from tests.edge_export.fan_condition import CONDITION_TABLE, with_condition
from tests.edge_export.runtime.test_condition import MODEL, T0, rows, signals


@pytest.fixture(scope="module")
def watching(bundle: VerifiedBundle) -> Runtime:
    return Runtime.load(with_condition(bundle))


def lines(count: int, fault: int | None = None) -> list[dict[str, Any]]:  # Any: whatever JSON holds
    return [
        {"asset_id": "fan-1", "time": format_time(T0 + timedelta(hours=hour)), "signals": signals(row)}
        for hour, row in enumerate(rows(count, fault=fault))
    ]


def gateway_of(runtime: Runtime, every: int | None = 1) -> Gateway:
    return Gateway(runtime, GatewayPlan(DEFAULT_TENANT, every))


def run(gateway: Gateway, given: list[dict[str, Any]]) -> list[Any]:
    return [each for number, line in enumerate(given, 1) for each in gateway.answers(json.dumps(line).encode(), number)]


def test_a_gateway_says_what_the_centre_says_to_the_bit(watching: Runtime) -> None:
    answers = run(gateway_of(watching), lines(60, fault=46))
    values = rows(60, fault=46)
    seconds = np.array([T0.timestamp() + 3600.0 * hour for hour in range(60)])
    central = judge_rows(MODEL, MachineRows.sound(seconds, values))
    said = [each["condition"] for each in answers]
    assert [each["verdict"] for each in said] == [each.verdict.value for each in central]
    assert [each["seen"] for each in said] == [each.seen_rows for each in central]
    scores = [each.score if np.isfinite(each.score) else None for each in central]
    assert [each["score"] for each in said] == scores
    assert said[-1]["verdict"] != "normal"
    assert said[-1]["evidence"]
    assert set(said[-1]["shares"]) == set(CONDITION_TABLE.sensors)


def test_forecasts_are_the_same_with_and_without_state_detection(watching: Runtime, runtime: Runtime) -> None:
    given = lines(6)
    plain = [{**line, "signals": {k: v for k, v in line["signals"].items() if k != "room"}} for line in given]

    def numbers(answers: list[Answer]) -> list[object]:
        return [[each[name] for name in ("status", "horizons", "life", "features", "reason")] for each in answers]

    without = run(gateway_of(runtime), plain)
    assert numbers(run(gateway_of(watching), given)) == numbers(without)
    assert "condition" not in without[0]


def test_where_forecasts_alone_are_asked_for_no_state_is_told(watching: Runtime) -> None:
    gateway = Gateway(watching, GatewayPlan(DEFAULT_TENANT, detects=False))
    answers = run(gateway, lines(2))
    assert [each["status"] for each in answers if "status" in each] == ["insufficient"] * 2
    assert not any("condition" in each for each in answers)
    assert "conditions" not in gateway.summary()


def test_signals_that_state_detection_alone_looks_at_are_not_set_aside(watching: Runtime) -> None:
    gateway, (first, second) = gateway_of(watching), lines(2)
    only = {**second, "signals": {"room": 21.0}}
    broken = {**second, "signals": {"room": "warm", "noise": 1.0, "vibration": 2.0}}
    answers = run(gateway, [first, only, broken, {**second, "signals": {"fan": 1}}])
    assert [each.get("notice", each.get("error")) for each in answers if "status" not in each] == [
        "set_aside: These signals were left out: noise (unknown_signal), room (not_a_number).",
        "empty: Nothing usable was measured.",
    ]
    said = gateway.summary().pop("conditions")
    assert isinstance(said, dict)
    assert sum(said.values()) == 3
    assert gateway.summary() | {"conditions": 3} == {
        "assets": 1,
        "rows": {"accepted": 2, "judged_only": 1},
        "events": {},
        "set_aside": {"unknown_signal": 2, "not_a_number": 1},
        "refused": {"empty": 1},
        "forecasts": {"insufficient": 2},
        "conditions": 3,
    }


def test_an_answer_before_the_first_row_says_nothing_of_the_machine(watching: Runtime) -> None:
    gateway, (row,) = gateway_of(watching, every=None), lines(1)
    failure = {"asset_id": "fan-2", "time": row["time"], "event": "failure"}
    assert run(gateway, [row, failure])[0]["notice"].startswith("life_ended")
    by_asset = {str(each["asset"]): each["condition"] for each in gateway.last_answers()}
    assert by_asset["fan-2"] is None
    assert by_asset["fan-1"] is not None


def test_golden_rows_show_a_fault_and_come_back(bundle: VerifiedBundle) -> None:
    golden = golden_condition(CONDITION_TABLE)
    assert "normal" in golden.verdict
    assert len(set(golden.verdict)) > 1
    assert np.isnan(np.array(golden.values)).any()
    assert golden.seen[-1] > 36
    document = replace(bundle.golden, condition=golden).to_json()
    found = Golden.from_json(document)
    assert found.condition is not None
    assert found.to_json() == document


def _refused(bundle: VerifiedBundle, golden: GoldenCondition | None) -> None:
    Runtime.load(replace(bundle, golden=replace(bundle.golden, condition=golden)))


def test_a_machine_that_computes_something_else_is_found(bundle: VerifiedBundle) -> None:
    watched = with_condition(bundle)
    golden = watched.golden.condition
    assert golden is not None
    with pytest.raises(SelfTestFailed, match="scores of state detection"):
        _refused(watched, replace(golden, score=(*golden.score[:-1], golden.score[-1] + 0.001)))
    with pytest.raises(SelfTestFailed, match="verdicts of state detection"):
        _refused(watched, replace(golden, verdict=("machine", *golden.verdict[1:])))
    with pytest.raises(SelfTestFailed, match="verdicts of state detection"):
        _refused(watched, replace(golden, seen=(9, *golden.seen[1:])))


def test_golden_rows_are_there_exactly_where_there_is_a_table(bundle: VerifiedBundle) -> None:
    with pytest.raises(BundleRefused, match="Golden rows of state detection"):
        _refused(with_condition(bundle), None)
    with pytest.raises(BundleRefused, match="Golden rows of state detection"):
        _refused(bundle, golden_condition(CONDITION_TABLE))


def test_golden_rows_without_an_answer_are_refused(bundle: VerifiedBundle) -> None:
    document = json.loads(with_condition(bundle).golden.to_json())
    document["condition"]["score"].pop()
    with pytest.raises(BundleCorrupt, match="every answer of condition must have one entry per row"):
        Golden.from_json(json.dumps(document).encode())


def test_what_is_measured_goes_on_beyond_the_golden_rows(watching: Runtime) -> None:
    golden = watching.bundle.golden.condition
    assert watching.condition is not None
    assert golden is not None
    call = condition_call(watching.condition, golden)
    assert all(call(number) for number in range(len(golden.time) + 5))
