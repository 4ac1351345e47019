"""What is said of a machine that is switched off, and of one that has just begun to run."""

from dataclasses import replace

import numpy as np

from features.domain.conditions import ConditionVerdict
from features.transforms.condition.answer import ConditionRow
from features.transforms.condition.model import ConditionModel
from tests.features.transforms.condition.rig import TABLE, judged, rows_of, shifted

RUNNING = ConditionModel.of(replace(TABLE, running=0, running_above=0.2))
NORMAL, UNDETERMINED = ConditionVerdict.NORMAL, ConditionVerdict.UNDETERMINED


def switched_off(rows: list[ConditionRow], begin: int, end: int) -> list[ConditionRow]:
    standing = np.array([0.0, 1.0, 0.0, 0.0, 10.0, 0.0])
    return [replace(row, values=standing) if begin <= place < end else row for place, row in enumerate(rows)]


def test_a_sound_machine_that_is_switched_off_is_normal_and_stands() -> None:
    answers = judged(switched_off(rows_of(200), 100, 180), model=RUNNING)
    assert {each.verdict for each in answers[2:]} == {NORMAL}
    assert np.isnan(answers[179].score)
    (standing,) = answers[179].evidence
    assert (standing.name, standing.value) == ("standing", 80.0)
    assert [each.name for each in answers[180].evidence] == ["starting"]
    assert answers[-1].evidence == ()


def test_of_one_that_was_switched_off_with_a_deviation_it_cannot_be_told() -> None:
    rows = shifted(rows_of(240), 50, {"current": -6.0, "pressure": 7.0, "warmth": 5.0}, grows=True)
    answers = judged(switched_off(rows, 160, 240), model=RUNNING)
    assert answers[159].verdict is ConditionVerdict.MACHINE
    assert answers[170].verdict is ConditionVerdict.MACHINE  # what stood, stands
    assert np.isnan(answers[-1].score)
    assert answers[-1].verdict is UNDETERMINED
    assert [each.name for each in answers[-1].evidence] == ["standing"]


def test_of_one_that_never_ran_it_cannot_be_told() -> None:
    answers = judged(switched_off(rows_of(10), 0, 10), model=RUNNING)
    assert {each.verdict for each in answers} == {UNDETERMINED}


def test_whether_it_runs_is_not_guessed() -> None:
    rows = [replace(row, values=np.where(np.arange(6) == 0, np.nan, row.values)) for row in rows_of(200)[100:]]
    answers = judged([*rows_of(100), *rows], model=RUNNING)
    assert answers[-1].verdict is UNDETERMINED
    assert [each.name for each in answers[-1].evidence] == ["sensors_compared"]
