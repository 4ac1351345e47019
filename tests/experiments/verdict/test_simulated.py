"""The harness on small fleets: whoever knows the truth scores high, whoever always blames the machine scores low."""

from collections.abc import Sequence

import numpy as np
import pytest

from experiments.verdict.command import confusion_table
from experiments.verdict.fleet import Watched
from experiments.verdict.simulated import FleetSize, begun, run_faulty
from experiments.verdict.watching import VERDICTS, Told, watch
from features.domain.conditions import ConditionVerdict
from features.domain.events import Event, EventKind
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import from_microseconds
from features.transforms.condition.model import ConditionModel
from models.condition.expectation.fitting import fit_condition
from models.condition.expectation.rows import MachineRows
from tests.features.transforms.condition.rig import MODEL, rows_of
from tests.models.condition.expectation.test_fitting import LAYOUT

SMALL = FleetSize(pumps=4, days=100)


def oracle(_model: ConditionModel, machines: Sequence[Watched]) -> list[Told]:
    """Say of every row what is true of it, and with a row that ends a gap, what the gap was."""
    found = []
    for machine in machines:
        seconds, verdicts = machine.rows.seconds, np.zeros(len(machine.rows), np.int8)
        for each in machine.truth:
            inside = (seconds >= each.begin) & (seconds <= each.end + 6.0 * 3600.0 * (each.verdict == "data_path"))
            verdicts[inside & (verdicts == 0)] = VERDICTS.index(ConditionVerdict(each.verdict))
        found.append(Told(verdicts, np.zeros(len(seconds))))
    return found


def blame(_model: ConditionModel, machines: Sequence[Watched]) -> list[Told]:
    """Say that it is the machine, whatever it is."""
    place = VERDICTS.index(ConditionVerdict.MACHINE)
    return [Told(np.full(len(each.rows), place, np.int8), np.zeros(len(each.rows))) for each in machines]


@pytest.mark.slow
def test_the_harness_tells_an_oracle_from_a_verdict_that_always_blames_the_machine() -> None:
    right = run_faulty(MODEL, SMALL, [5], lambda _done, _total: None, oracle)
    wrong = run_faulty(MODEL, SMALL, [5], lambda _done, _total: None, blame)
    assert isinstance(right["verdict_macro_f1"], float)
    assert isinstance(wrong["verdict_macro_f1"], float)
    assert right["verdict_macro_f1"] > 0.9
    assert wrong["verdict_macro_f1"] < 0.3
    assert confusion_table(right["confusion"]).row_count == 5


def test_machines_behind_one_gateway_are_watched_side_by_side() -> None:
    rows = rows_of(60)
    seconds, values = np.array([row.seconds for row in rows]), np.stack([row.values for row in rows])
    runs = np.ones(60, np.bool_)
    repaired = from_microseconds(int(seconds[30] * 1e6))
    names = [f"p-{number}" for number in range(3)]
    machines = [
        Watched(
            name,
            number // 2,
            MachineRows.sound(seconds, values),
            runs,
            (Event(DEFAULT_TENANT, AssetId(name), repaired, EventKind.REPAIR),),
            (),
        )
        for number, name in enumerate(names)
    ]
    told = watch(MODEL, machines)
    assert [len(each.verdicts) for each in told] == [60, 60, 60]
    assert not np.isnan(told[2].scores[-1])
    np.testing.assert_array_equal(told[0].scores, told[2].scores)


def test_every_beginning_of_a_verdict_is_counted() -> None:
    place = VERDICTS.index(ConditionVerdict.MACHINE)
    told = Told(np.array([0, place, place, 0, place], np.int8), np.zeros(5))
    assert begun(told)["machine"] == 2


def test_a_fitted_model_judges_what_taught_it_as_health() -> None:
    rows = rows_of(160, seed=4)
    machine = MachineRows.sound(np.array([row.seconds for row in rows]), np.stack([row.values for row in rows]))
    model = ConditionModel.of(fit_condition([machine], LAYOUT))
    (told,) = watch(model, [Watched("p", 0, machine, np.ones(160, np.bool_), (), ())])
    assert np.count_nonzero(told.verdicts[model.parameters.settling :]) == 0
