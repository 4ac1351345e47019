"""A student that is as good passes; each way of being worse is found by the check that is there for it."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from features.transforms.intervals import IntervalTable
from models.prognosis.targets import LabelledVectors
from pipelines.gateway.judging import Fidelity, Told, compare
from tests.pipelines.building.machines import fan

PACK = fan()
ROWS_EACH = 20
TABLE = IntervalTable.of_half_level(0.45)


def rows(machines: int = 30, seed: int = 0) -> LabelledVectors:
    """Make lives of known length that are asked about at many moments."""
    generator = np.random.default_rng(seed)
    machine = np.repeat(np.arange(machines), ROWS_EACH)
    remaining = PACK.grid.cap * generator.uniform(0.01, 1.5, len(machine))
    blank = np.zeros(len(machine), np.int64)
    vectors = np.zeros((len(machine), 1), np.float32)
    return LabelledVectors(vectors, remaining, blank == 0, machine, machine, 2 * PACK.grid.cap - remaining, blank)


def curves(judged: LabelledVectors, spread: float = 0.25, shift: float = 0.0, seed: int = 1) -> NDArray[np.float64]:
    """Return survival by one who sees the logarithm of remaining life through normal noise, and knows its deviation.

    Args:
        judged: Rows.
        spread: Deviation of the noise, and of the forecast.
        shift: By how much every forecast is too long, in logarithms.
        seed: Of the noise.
    """
    from scipy.stats import norm

    noise = np.random.default_rng(seed).standard_normal(len(judged))
    middle = np.log(judged.remaining) + spread * noise + shift
    ends = PACK.grid.step * np.arange(1, PACK.grid.steps + 1)
    return np.asarray(norm.sf((np.log(ends) - middle[:, None]) / spread), np.float64)


def found(student: NDArray[np.float64], table: IntervalTable = TABLE, machines: int = 30) -> dict[str, bool]:
    judged = rows(machines)
    teacher = Told(curves(judged), TABLE)
    return {each.check: each.holds for each in compare(PACK, judged, teacher, Told(student, table))}


def test_one_that_answers_alike_passes_every_check() -> None:
    near = curves(rows()) + 0.0001 * np.random.default_rng(0).standard_normal((30 * ROWS_EACH, 1))
    assert found(np.clip(near, 0.0, 1.0)) == {"cost": True, "error": True, "calibration": True, "coverage": True}


@pytest.mark.parametrize(
    ("student", "check"),
    [
        (curves(rows(), spread=0.5), "error"),
        (curves(rows(), shift=1.0), "cost"),
        (curves(rows(), shift=0.7), "calibration"),
        (np.full((30 * ROWS_EACH, PACK.grid.steps), 0.5), "cost"),
    ],
    ids=["noisier", "promises too much", "miscalibrated", "says nothing"],
)
def test_planted_bad_students_are_found(student: NDArray[np.float64], check: str) -> None:
    assert found(student)[check] is False


def test_intervals_that_are_too_narrow_are_found() -> None:
    assert found(curves(rows()), IntervalTable.of_half_level(0.3))["coverage"] is False


def test_of_a_handful_of_machines_nothing_is_taken_for_shown() -> None:
    same = found(curves(rows(4)), machines=4)
    assert (same["cost"], same["error"]) == (False, False)


def test_what_it_must_not_exceed_is_said_in_numbers() -> None:
    judged = rows()
    teacher = Told(curves(judged), TABLE)
    cost, error = compare(PACK, judged, teacher, teacher)[:2]
    assert "cost at most 10% more than the ensemble for certain (the 80% interval" in cost.must
    assert "err (ranked probability) at most 5% more" in error.must
    assert "+0 a row" in error.found


def test_a_student_stands_beside_the_ensemble_not_a_champion() -> None:
    teacher = Told(curves(rows()), TABLE)
    words = " ".join(each.must + each.found for each in compare(PACK, rows(), teacher, teacher))
    assert "champion" not in words
    assert words.count("ensemble") == 6  # twice each of calibration and coverage


def test_what_censoring_hides_counts_for_nobody() -> None:
    """A machine that was replaced at once says nothing, whatever was forecast for it."""
    judged = rows()
    hidden = replace(
        judged,
        remaining=np.where(judged.machine == 0, 0.0, judged.remaining),
        is_failure=judged.machine != 0,
    )
    teacher = curves(judged)
    wild = np.where((judged.machine == 0)[:, None], 0.0, teacher)
    findings = compare(PACK, hidden, Told(teacher, TABLE), Told(wild, TABLE))
    assert all(each.holds for each in findings if each.check in {"cost", "error"})


def test_fidelity_is_the_distance_of_survival_curves() -> None:
    one, other = np.zeros((100, 1)), np.zeros((100, 1))
    other[0], other[1] = 0.5, 0.3
    found = Fidelity.of(one, other)
    assert (found.largest, found.rows) == (0.5, 100)
    assert found.mean == pytest.approx(0.008)
    assert 0.3 <= found.p99 <= 0.31
