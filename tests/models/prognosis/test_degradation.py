from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from features.domain.identifiers import SignalId
from features.domain.packs import FailureThreshold, LifeGrid
from features.transforms.survival import mean_life
from models.prognosis.curves import curves_of
from models.prognosis.degradation import PathReading, PathSurvival, fit_path
from models.prognosis.targets import LabelledVectors
from tests.edge_export.machine import SPECIFICATION

GRID = LifeGrid(1.0, 200)
READING = PathReading(level=1, base=2, scale=0.1, offset=0.3, baseline=5.0)


def lives(rates: list[float], start: float = 0.6, noise: float = 0.0, seed: int = 0) -> LabelledVectors:
    """Make straight paths from a margin of `start` to nothing: columns age, newest mean, mean of the beginning."""
    generator = np.random.default_rng(seed)
    parts = []
    for rate in rates:
        length = start / rate
        age = np.arange(0.0, length)
        margin = start - rate * age + noise * generator.standard_normal(len(age))
        level = (margin - READING.offset) / READING.scale
        base = np.full(len(age), (start - READING.offset) / READING.scale)
        parts.append((np.stack([age, level, base], axis=1), length - age, age))
    counts = [len(part[2]) for part in parts]
    index = np.repeat(np.arange(len(rates)), counts)
    vectors = np.concatenate([part[0] for part in parts]).astype(np.float32)
    remaining, age = (np.concatenate([part[place] for part in parts]) for place in (1, 2))
    return LabelledVectors(vectors, remaining, np.ones(len(index), np.bool_), index, index.copy(), age, 0 * index)


def mean_of(vectors: NDArray[np.float32], rows: LabelledVectors) -> NDArray[np.float64]:
    return mean_life(curves_of(PathSurvival(READING, fit_path(rows, READING), GRID), vectors, GRID.steps), GRID.step)


def test_straight_paths_of_one_rate_are_forecast_to_the_cycle() -> None:
    rows = lives([0.006] * 4)
    fit = fit_path(rows, READING)
    assert fit.rate == pytest.approx(0.006, rel=1e-4)
    old = rows.take(rows.remaining < 40)
    assert np.abs(mean_of(old.vectors, rows) - old.remaining).max() < 1.0


def test_own_rate_is_trusted_where_machines_differ() -> None:
    rows = lives([0.003, 0.004, 0.008, 0.012])
    slow = lives([0.0035]).take(np.array([100]))
    assert mean_of(slow.vectors, rows)[0] == pytest.approx(slow.remaining[0], rel=0.2)


def test_few_lives_that_differ_give_a_wider_curve_than_lives_alike() -> None:
    alike, different = (fit_path(lives(rates), READING) for rates in ([0.006, 0.0061], [0.003, 0.009]))
    assert different.spread > alike.spread


def test_curve_falls_and_stays_finite_whatever_the_vector() -> None:
    network = PathSurvival(READING, fit_path(lives([0.006, 0.007]), READING), GRID)
    rows = np.array([[np.nan] * 3, [0, 0, 0], [1e6] * 3, [-1e6] * 3, [50.0, -9.0, np.nan]], np.float32)
    curves = network(torch.from_numpy(rows)).numpy()
    assert np.isfinite(curves).all()
    assert (np.diff(curves, axis=1) <= 1e-6).all()
    assert ((curves >= 0) & (curves <= 1)).all()


def test_nothing_left_means_failure_is_near() -> None:
    rows = lives([0.006, 0.007])
    gone = np.array([[100.0, (-0.01 - READING.offset) / READING.scale, 3.0]], np.float32)
    assert mean_of(gone, rows)[0] < 5.0


def test_no_failed_life_is_refused() -> None:
    rows = lives([0.006])
    censored = replace(rows, is_failure=~rows.is_failure)
    with pytest.raises(ValueError, match="found none"):
        fit_path(censored, READING)


def test_reading_finds_the_columns_of_a_specification_and_turns_the_sign() -> None:
    alone = replace(
        SPECIFICATION,
        conditions=(),
        regime_rule=replace(SPECIFICATION.regime_rule, signals=()),
        regimes=replace(
            SPECIFICATION.regimes,
            spans=(),
            centers=((),),
            means=((2.0, 40.0),),
            slopes=(((), ()),),
            scales=((0.5, 4.0),),
        ),
    )
    vibration = SignalId("vibration")
    above = PathReading.of(alone, FailureThreshold(vibration, 7.0, is_below=False))
    assert alone.names[above.level] == "vibration__mean_5"
    assert alone.names[above.base] == "vibration__base_mean"
    vector = np.zeros((1, len(alone.names)), np.float32)
    vector[0, above.level] = 2.0  # standard deviations: 2 + 2 × 0.5 = 3 mm/s
    assert above.margin(vector) == pytest.approx(4.0)
    below = PathReading.of(alone, FailureThreshold(vibration, 1.0, is_below=True))
    assert below.margin(vector) == pytest.approx(2.0)


def test_threshold_beside_regimes_is_refused() -> None:
    with pytest.raises(ValueError, match="without regimes"):
        PathReading.of(SPECIFICATION, FailureThreshold(SignalId("vibration"), 7.0, is_below=False))
