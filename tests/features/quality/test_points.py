"""States of measuring points told from stored verdicts are those that were told when the readings were judged."""

from dataclasses import replace

import numpy as np

from features.quality.batch import AssetRows, judge, judge_fleet
from features.quality.plan import Plan
from features.quality.points import follow_points, initial_points, reset_points
from features.quality.state import reset
from features.quality.verdicts import Verdict
from tests.features.quality.machines import FLOW, FRONT, REAR, machine_rows, machine_rules

RULES = machine_rules()
PLAN = Plan.of(RULES)
PLAN_OF_THREE = Plan.of(replace(RULES, signals=RULES.signals[:3], swappable=()))


def troubled(seed: int, rows: int = 160) -> AssetRows:
    """A machine with stretches that stand still, jump, are absent, are exchanged or come again."""
    drawn, rng = machine_rows(seed, rows), np.random.default_rng(seed)
    values = drawn.values.copy()
    for _ in range(7):
        begin, length, signal = int(rng.integers(60, rows)), int(rng.integers(1, 14)), int(rng.integers(0, 6))
        stretch = slice(begin, begin + length)
        match int(rng.integers(0, 6)):
            case 0:
                values[stretch, signal] = values[begin, signal]
            case 1:
                values[stretch, signal] *= 1.8
            case 2:
                values[stretch, signal] = np.nan
            case 3:
                values[stretch, signal] = 1e6
            case 4:
                values[stretch] = values[10 : 10 + len(values[stretch])]
            case _:
                values[stretch, FRONT], values[stretch, REAR] = values[stretch, REAR], values[stretch, FRONT].copy()
    values[rng.random(values.shape) < 0.01] = np.nan
    return AssetRows(drawn.time_us, values)


def test_states_follow_from_verdicts_and_presence() -> None:
    machines = [troubled(seed) for seed in range(12)]
    fleet = judge_fleet(RULES, machines)
    for rows, judged in zip(machines, fleet, strict=True):
        memory = initial_points(len(RULES.names))
        for place, verdicts in enumerate(judged.verdicts):
            told = follow_points(PLAN, memory, verdicts[None], np.isfinite(rows.values[place])[None])
            assert told[0].tolist() == judged.namur[place].tolist()
    assert {int(code) for each in fleet for code in np.unique(each.namur)} == {0, 1, 2, 3, 4}
    kinds = {int(kind) for each in fleet for kind in np.unique(each.verdicts)}
    assert kinds >= {Verdict.RANGE, Verdict.FLAT, Verdict.REPLAYED, Verdict.SPIKE}


def test_how_often_a_reading_is_there_is_followed_alike_whether_all_came_or_some() -> None:
    memory, rng = initial_points(3), np.random.default_rng(1)
    expected, missing = [0.3, 1.0, 0.9], [0, 0, 0]
    memory.presence[0] = expected
    for row in range(120):
        came = [row > 20 or bool(rng.random() < 0.6), True, row % 40 < 37]
        for place, is_there in enumerate(came):
            is_missed = expected[place] > 0.8 and not is_there and row > 0
            missing[place] = 0 if is_there else missing[place] + is_missed
            expected[place] += 0.0 if is_missed else (is_there - expected[place]) / 50.0
        follow_points(PLAN_OF_THREE, memory, np.zeros((1, 3), np.int8), np.array([came]))
        assert memory.presence[0].tolist() == expected
        assert memory.missing[0].tolist() == missing


def test_replaced_sensor_begins_without_its_faults() -> None:
    rows = troubled(3)
    before, memory = judge(RULES, rows.time_us[:100], rows.values[:100]), initial_points(len(RULES.names))
    for place in range(100):
        follow_points(PLAN, memory, before.verdicts[place][None], np.isfinite(rows.values[place])[None])
    names = [RULES.names[FLOW], RULES.names[FRONT]]
    after = judge(RULES, rows.time_us[100:], rows.values[100:], reset(RULES, before.state, names))
    reset_points(RULES, memory, names)
    for place, verdicts in enumerate(after.verdicts):
        told = follow_points(PLAN, memory, verdicts[None], np.isfinite(rows.values[100 + place])[None])
        assert told[0].tolist() == after.namur[place].tolist()
