import json

import numpy as np
import pytest

from features.domain.conditions import ConditionVerdict
from features.packs.loader import load_pack
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.table import ConditionTable
from models.condition.errors import HistoryTooShort
from models.condition.expectation.fitting import fit_condition
from models.condition.expectation.layout import ConditionLayout, condition_layout
from models.condition.expectation.rows import MachineRows, judge_rows
from tests.features.transforms.condition.rig import NOISE, SLOPES, TABLE, rows_of

LAYOUT = ConditionLayout(
    conditions=TABLE.conditions,
    sensors=TABLE.sensors,
    floors=TABLE.floors,
    spans=TABLE.spans,
    running=None,
    running_above=0.0,
    regime_conditions=(),
    regime_tolerance=1.0,
    modes=TABLE.modes,
)


def machine(seed: int, count: int = 160) -> MachineRows:
    rows = rows_of(count, seed)
    return MachineRows.sound(np.array([row.seconds for row in rows]), np.stack([row.values for row in rows]))


@pytest.fixture(scope="module")
def table() -> ConditionTable:
    return fit_condition([machine(seed) for seed in range(4)], LAYOUT)


def test_relations_and_noise_are_those_of_the_machines(table: ConditionTable) -> None:
    np.testing.assert_allclose(table.slopes, SLOPES, atol=0.1)
    np.testing.assert_allclose(table.noise, NOISE, rtol=0.2)
    assert (table.machines, table.rows) == (4, 4 * 158)


def test_another_sound_machine_is_within_the_limits(table: ConditionTable) -> None:
    answers = judge_rows(ConditionModel.of(table), machine(9))
    assert sum(each.verdict is ConditionVerdict.NORMAL for each in answers) >= 150


def test_a_table_survives_json(table: ConditionTable) -> None:
    assert ConditionTable.from_lists(json.loads(json.dumps(table.to_dict()))) == table


def test_too_little_history_is_refused() -> None:
    with pytest.raises(HistoryTooShort, match="20 complete rows in operation"):
        fit_condition([machine(0, 10)], LAYOUT)
    with pytest.raises(HistoryTooShort, match="at least 60 complete rows"):
        fit_condition([machine(0, 60)], LAYOUT)


@pytest.mark.parametrize("count", [22, 30, 40])
def test_history_a_little_longer_than_none_is_refused_without_a_warning(count: int) -> None:
    with pytest.raises(HistoryTooShort, match="at least 60 complete rows"):
        fit_condition([machine(0, count)], LAYOUT)


def test_a_sensor_that_was_never_measured_is_named() -> None:
    machines = [machine(seed) for seed in range(3)]
    for each in machines:
        each.values[:, 4] = np.nan
    with pytest.raises(HistoryTooShort, match=r"found none of warmth\."):
        fit_condition(machines, LAYOUT)


def test_slopes_are_those_of_the_rows_in_which_a_sensor_was_measured() -> None:
    machines = []
    for seed in range(4):
        load = np.where(np.arange(200) % 2 == 0, 0.0, 0.5)
        rows = rows_of(200, seed, load=load)
        values = np.stack([row.values for row in rows])
        values[values[:, 0] < 1.1, 2] = np.nan
        machines.append(MachineRows.sound(np.array([row.seconds for row in rows]), values))
    table = fit_condition(machines, LAYOUT)
    assert table.slopes[0][0] == pytest.approx(SLOPES[0, 0], abs=0.1)
    assert table.noise[0] == pytest.approx(NOISE, rel=0.25)


def test_a_machine_without_a_sensor_says_nothing_of_its_slopes() -> None:
    machines = [machine(seed) for seed in range(6)]
    for each in machines[2:]:
        each.values[:, 4] = np.nan
    table = fit_condition(machines, LAYOUT)
    assert table.slope_spreads[2] == (1.0, 1.0)
    assert max(table.slope_spreads[0]) < 0.5


@pytest.mark.parametrize("count", [1, 2, 4])
def test_too_few_machines_do_not_tell_how_much_slopes_differ(count: int) -> None:
    table = fit_condition([machine(seed) for seed in range(count)], LAYOUT)
    assert table.slope_spreads == ((1.0, 1.0),) * 4


def test_the_fewer_machines_teach_the_farther_another_one_may_go() -> None:
    machines = [machine(seed) for seed in range(5)]
    few, many = fit_condition(machines, LAYOUT), fit_condition([*machines, *machines], LAYOUT)
    assert np.array(few.slopes) == pytest.approx(np.array(many.slopes), abs=1e-3)
    assert few.limit / many.limit == pytest.approx((1.0 + 2.0 / 5.0) / (1.0 + 2.0 / 10.0), rel=0.05)


def test_the_layout_of_a_pack_puts_conditions_first_and_takes_what_it_knows_of_failure_modes() -> None:
    layout = condition_layout(load_pack("pump"))
    assert layout.signals[:4] == ("speed", "flow", "suction_pressure", "ambient_temperature")
    assert layout.running == 0
    assert layout.floors[3] is None  # it may be below zero
    signs = dict(zip(layout.signals, next(each.signs for each in layout.modes if each.id == "cavitation"), strict=True))
    assert (signs["suction_pressure"], signs["vibration_high_frequency"], signs["seal_temperature"]) == (-1.0, 1.0, 0.0)
    assert "running_hours" not in layout.signals


def test_regimes_are_found_among_the_conditions() -> None:
    load = np.where(np.arange(160) // 40 % 2 == 0, 0.0, 3.0)
    rows = rows_of(160, load=load)
    steps = MachineRows.sound(np.array([row.seconds for row in rows]), np.stack([row.values for row in rows]))
    spans = (4.0, 4.0, 1.0, 1.0, 1.0, 1.0)
    layout = ConditionLayout(
        LAYOUT.conditions, LAYOUT.sensors, LAYOUT.floors, spans, None, 0.0, (0, 1), 0.2, LAYOUT.modes
    )
    table = fit_condition([steps], layout)
    model = ConditionModel.of(table)
    assert len(table.regime_centers) == 2
    assert model.regime(np.array([1.0, 1.0])) != model.regime(np.array([4.0, 1.0]))
    assert model.regime(np.array([9.0, 1.0])) == -1
