from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from features.domain.packs import LifeGrid
from features.transforms.intervals import IntervalTable
from models.prognosis.baseline import fit_baseline
from models.prognosis.folds import machine_folds
from models.prognosis.targets import LabelledVectors
from pipelines.train.evaluation import Examination, constant_rate
from tests.models.prognosis.toys import GRID, toy_rows
from tests.pipelines.building.machines import fan

PACK = replace(fan(), grid=GRID, horizons=(10.0, 30.0))
ROWS = toy_rows(machines=40)
NOMINAL = IntervalTable.of_half_level(0.45)


def told(rows: LabelledVectors) -> LabelledVectors:
    """Return the rows with their remaining life in the place of the first feature."""
    vectors = rows.vectors.copy()
    vectors[:, 0] = rows.remaining
    return replace(rows, vectors=vectors)


def oracle(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return curves that fall from 1 to 0 around the remaining life, which it reads from the vector."""
    ends = GRID.step * np.arange(1, GRID.steps + 1)
    curves = 0.5 - (ends[None, :] - vectors[:, :1].astype(np.float64)) / (2 * GRID.step)
    return np.asarray(np.clip(curves, 0.0, 1.0), np.float64)


def ignorant(rate: float, grid: LifeGrid = GRID) -> NDArray[np.float64]:
    return np.asarray(np.exp(-rate * grid.step * np.arange(1, grid.steps + 1))[None, :], np.float64)


def test_rate_counts_every_life_once_with_its_whole_length() -> None:
    length = {life: float((ROWS.remaining + ROWS.age)[ROWS.life_id == life][0]) for life in range(40)}
    failures = sum(bool(ROWS.is_failure[ROWS.life_id == life][0]) for life in range(40))
    assert constant_rate(ROWS) == pytest.approx(failures / sum(length.values()))
    twice = ROWS.take(np.concatenate([np.arange(len(ROWS)), np.flatnonzero(ROWS.life_id < 5)]))
    assert constant_rate(twice) == pytest.approx(constant_rate(ROWS))


def test_forecaster_that_knows_is_nearly_perfect() -> None:
    rows = told(ROWS)
    figures = Examination(PACK, rows, constant_rate(ROWS)).of_network(
        oracle(rows.vectors), IntervalTable.of_half_level(0.49)
    )
    assert figures.brier_skill > 0.8
    assert figures.rmse < 0.5 * GRID.step
    assert figures.coverage90 > 0.99
    assert 0 < figures.width90 < 3 * GRID.step
    assert set(figures.to_dict()) == {"brier_skill", "coverage90", "width90", "rmse"}


def test_forecaster_that_knows_the_rate_alone_has_no_skill() -> None:
    rate = constant_rate(ROWS)
    examination = Examination(PACK, ROWS, rate)
    figures = examination.of_network(np.repeat(ignorant(rate), len(ROWS), axis=0), NOMINAL)
    assert figures.brier_skill == pytest.approx(0.0, abs=1e-2)  # a curve is linear within a step


def test_coverage_is_taken_at_ten_ages_of_each_failure_from_the_baseline_s_end_on() -> None:
    examination = Examination(PACK, ROWS, 0.01)
    figures = examination.of_network(np.repeat(ignorant(0.01), len(ROWS), axis=0), IntervalTable.of_half_level(0.5))
    assert figures.coverage90 == 1.0  # from nothing to the cap
    assert figures.width90 == pytest.approx(GRID.cap)
    assert examination.failures == len(np.unique(ROWS.life_id[ROWS.is_failure]))


def test_baseline_is_judged_on_the_same_figures() -> None:
    baseline = fit_baseline(ROWS, machine_folds(ROWS.machine, 2, 0), GRID.cap)
    others = toy_rows(machines=20, seed=5)
    figures = Examination(PACK, others, constant_rate(ROWS)).of_baseline(baseline)
    assert figures.brier_skill > 0.2
    assert 0.7 < figures.coverage90 <= 1.0
    assert figures.rmse < 20.0


def test_coverage_is_told_by_regime_by_stage_and_in_the_last_units_of_life() -> None:
    table = IntervalTable(0.9, (20.0,), ((0.1, 0.1),) * 3, ((0.9, 0.9),) * 3)
    rows = told(ROWS)
    found = Examination(PACK, rows, 0.01).coverage_by(oracle(rows.vectors), table)
    assert [row.group for row in found] == [
        "all",
        "regime 0",
        "regime 1",
        "stage [0, 20)",
        "stage 20 and more",
        "last 30",
    ]
    whole = found[0]
    assert whole.count + whole.hidden == found[1].count + found[1].hidden + found[2].count + found[2].hidden
    assert whole.hidden > 0
    assert whole.coverage > 0.95
    assert whole.least <= whole.coverage
