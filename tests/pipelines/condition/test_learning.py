import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from features.domain.identifiers import AssetId, SignalId
from features.domain.packs import Pack, RegimeRule
from features.domain.signals import Names, Signal, SignalRole
from features.domain.time import microseconds
from pipelines.condition.learning import LearntCondition, ReadRows, learn_condition
from pipelines.condition.stretches import Healthy
from pipelines.condition.telling import condition_json_text, condition_markdown, condition_metrics
from tests.pipelines.building.machines import at, fan

ROWS = 160


def _signal(name: str, role: SignalRole, high: float) -> Signal:
    return Signal(SignalId(name), Names(name, name), "quantity", "1", role, 0.0, high, None, 1, "test")


def pump() -> Pack:
    """Return the fan with a temperature and the load that both sensors follow."""
    more = (_signal("load", SignalRole.CONDITION, 10.0), _signal("warmth", SignalRole.SENSOR, 100.0))
    base = fan()
    return replace(base, signals=(*base.signals, *more), regimes=RegimeRule((), 0.2, SignalId("speed"), 100.0))


def healthy(names: str) -> list[Healthy]:
    begin = microseconds(at(0))
    return [Healthy(AssetId(name), ((begin, begin + (ROWS - 1) * 3_600_000_000),), ROWS) for name in names]


def rows(changes: dict[str, float | None] | None = None, asked: list[str] | None = None) -> ReadRows:
    """Return what reads machines that follow load; signals named in `changes` are constant, or never measured."""

    def read(asset: AssetId, signals: Sequence[str], first_us: int, last_us: int) -> pl.DataFrame:
        if asked is not None:
            asked.append(asset)
        rng = np.random.default_rng([*asset.encode()])
        load = 5.0 + 0.5 * rng.standard_normal(ROWS)
        values: dict[str, np.ndarray] = {
            "speed": 1000.0 + 10.0 * rng.standard_normal(ROWS),
            "load": load,
            "vibration": (2.0 + rng.random()) * (load / 5.0) ** 0.8 * (1.0 + 0.02 * rng.standard_normal(ROWS)),
            "warmth": (40.0 + rng.random()) * (load / 5.0) ** 0.3 * (1.0 + 0.01 * rng.standard_normal(ROWS)),
        }
        for name, value in (changes or {}).items():
            values[name] = np.full(ROWS, np.nan if value is None else value)
        step = (last_us - first_us) // (ROWS - 1)
        time = pl.from_epoch(pl.Series(first_us + step * np.arange(ROWS)), time_unit="us").dt.replace_time_zone("UTC")
        return pl.DataFrame({"time": time, **{name: values[name] for name in signals}})

    return read


@pytest.fixture(scope="module")
def learnt() -> LearntCondition:
    return learn_condition(pump(), healthy("abc"), healthy("x"), rows())


def test_a_table_rests_on_the_machines_that_teach(learnt: LearntCondition) -> None:
    table = learnt.table
    assert table is not None
    assert (table.machines, table.conditions, table.sensors) == (3, ("speed", "load"), ("vibration", "warmth"))
    load = table.conditions.index("load")
    assert [row[load] for row in table.slopes] == pytest.approx([0.8, 0.3], abs=0.05)


def test_it_is_tried_on_a_machine_that_taught_nothing(learnt: LearntCondition) -> None:
    assert learnt.tried is not None
    assert (learnt.tried.machines, learnt.tried.rows) == (1, ROWS - 36)
    assert learnt.tried.normal > 0.95


def test_card_run_and_json_say_what_it_rests_on(learnt: LearntCondition) -> None:
    card = condition_markdown(learnt, pump())
    assert "rows in operation of 3 of the training machines" in card
    assert "1 machine that it never saw" in card
    assert "the last 72 hours before the end of a life" in card
    assert "No fault was shown to it" in card
    assert condition_metrics(learnt)["condition_test_normal"] > 0.95
    document = json.loads(condition_json_text(learnt))
    assert (document["learnt"], document["machines"], document["reason"]) == (True, 3, None)


def test_signals_of_which_nothing_can_be_learnt_are_left_out_and_named() -> None:
    found = learn_condition(pump(), healthy("abc"), [], rows({"load": None, "warmth": 40.0}))
    assert found.table is not None
    assert found.table.signals == ("speed", "vibration")
    assert found.left_out == {"load": "measured in 0% of the rows", "warmth": "never moves"}
    card = condition_markdown(found, pump())
    assert "Signals left out: load (measured in 0% of the rows), warmth (never moves)." in card
    assert "no other machine to try it on" in card


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"vibration": None, "warmth": 40.0}, "No sensor was measured, or none ever moves"),
        ({"speed": None}, "speed tells whether a machine runs, and it is measured in 0%"),
        ({"speed": 50.0}, "a machine with 20 complete rows in operation"),
    ],
)
def test_where_it_cannot_be_learnt_there_is_a_reason(changes: dict[str, float | None], why: str) -> None:
    asked: list[str] = []
    found = learn_condition(pump(), healthy("abc"), healthy("x"), rows(changes, asked))
    assert found.table is None
    assert why in found.reason
    assert "x" not in asked
    assert found.reason in condition_markdown(found, pump())
    assert condition_metrics(found) == {"condition_machines": 0.0, "condition_rows": 0.0}


def test_without_healthy_machines_or_sensors_nothing_is_read() -> None:
    asked: list[str] = []
    assert "known to be healthy for 100 rows" in learn_condition(pump(), [], healthy("x"), rows(asked=asked)).reason
    blind = replace(fan(), signals=tuple(each for each in fan().signals if each.role is not SignalRole.SENSOR))
    assert "no signal of role sensor" in learn_condition(blind, healthy("a"), [], rows(asked=asked)).reason
    assert asked == []
    assert learn_condition(blind, [], [], rows()).to_dict()["learnt"] is False


def test_few_machines_are_said_to_be_few() -> None:
    found = learn_condition(pump(), healthy("a"), [], rows())
    assert "1 machine cannot tell how much machines differ" in condition_markdown(found, pump())
