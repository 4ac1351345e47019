"""Planted truth: one hidden wear that four sensors see through noise they share, beside one that sees nothing."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.transforms.families.family import Layout
from features.transforms.recent import LONG_STATISTICS, WINDOW_STATISTICS
from models.prognosis.targets import LabelledVectors
from models.prognosis.wear import wear_directions, wear_projection

SENSORS = ("a", "b", "c", "d", "quiet")
LAYOUT = Layout((), (), (), SENSORS, (5.0, 20.0), 10.0, "hours", 3600.0, None, None)
STATISTICS = len(LONG_STATISTICS) + len(LAYOUT.windows) * len(WINDOW_STATISTICS)
SEEN = np.array([3.0, -2.0, 1.0, 0.5, 0.0])
MIXED = np.array(
    [[1.0, 0.0, 0, 0, 0], [0.8, 0.6, 0, 0, 0], [0.0, 0.0, 0.5, 0, 0], [0, 0, 0, 1.0, 0], [0.0, 0, 0, 0, 1.0]]
)
"""From independent noise to the noise of each sensor."""


def fleet(lives: int = 40, rows: int = 240, wear: float = 4.0, seed: int = 0) -> LabelledVectors:
    """Make vectors whose statistics are right where directions are fitted: mean, spread and rise."""
    generator = np.random.default_rng(seed)
    age = np.tile(np.arange(1.0, rows + 1), lives)
    life = np.repeat(np.arange(lives), rows)
    noise = generator.standard_normal((len(age), 5)) @ MIXED.T
    z = noise + wear * (age / rows)[:, None] ** 2 * SEEN
    by_sensor = np.zeros((len(age), 5, STATISTICS))
    by_sensor[:, :, 2], by_sensor[:, :, 4], by_sensor[:, :, 6] = 0.3 * z, np.sqrt(np.diag(MIXED @ MIXED.T)), z
    vectors = np.concatenate([age[:, None], by_sensor.reshape(len(age), -1), age[:, None] ** 2], axis=1)
    return LabelledVectors(
        vectors.astype(np.float32), rows - age, np.ones(len(age), np.bool_), life, life, age, np.zeros_like(life)
    )


def closeness(found: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Return the cosine of two directions, whatever their sign."""
    return float(abs(found @ expected) / np.linalg.norm(found) / np.linalg.norm(expected))


def test_planted_wear_is_found_as_fisher_s_discriminant_would_have_it() -> None:
    directions = wear_directions(fleet(), LAYOUT)
    best = np.linalg.solve(MIXED @ MIXED.T, SEEN)
    assert directions.shape == (5, 1)
    assert closeness(directions[:, 0], best) > 0.97


def test_noise_along_a_direction_has_a_deviation_of_one() -> None:
    directions = wear_directions(fleet(), LAYOUT)
    deviation = np.sqrt(np.diag(directions.T @ MIXED @ MIXED.T @ directions))
    np.testing.assert_allclose(deviation, 1.0, atol=0.1)


def test_fleet_that_did_not_move_still_gives_one_direction() -> None:
    assert wear_directions(fleet(wear=0.0), LAYOUT).shape == (5, 1)


def test_machines_that_did_not_fail_have_no_part_in_the_rise() -> None:
    rows = fleet()
    lied = rows.vectors.copy()
    censored = rows.life_id % 2 == 0
    place = 1 + STATISTICS * 4 + len(LONG_STATISTICS) + WINDOW_STATISTICS.index("rise")
    lied[censored, place] = 1e3  # the quiet sensor of lives that went on
    told = replace(rows, vectors=lied, is_failure=~censored)
    honest = replace(rows, is_failure=~censored)
    np.testing.assert_array_equal(wear_directions(told, LAYOUT), wear_directions(honest, LAYOUT))


def test_sensor_never_measured_or_without_noise_leaves_the_directions_whole() -> None:
    rows = fleet()
    vectors = rows.vectors.copy()
    vectors[:, 1 + STATISTICS * 3 : 1 + STATISTICS * 4] = np.nan
    vectors[:, 1 + STATISTICS * 4 : 1 + STATISTICS * 5] = 0.0
    directions = wear_directions(replace(rows, vectors=vectors), LAYOUT)
    assert np.isfinite(directions).all()
    assert closeness(directions[:3, 0], np.linalg.solve((MIXED @ MIXED.T)[:3, :3], SEEN[:3])) > 0.95


def test_order_of_rows_does_not_matter() -> None:
    rows = fleet()
    shuffled = rows.take(np.random.default_rng(1).permutation(len(rows)))
    np.testing.assert_allclose(wear_directions(shuffled, LAYOUT), wear_directions(rows, LAYOUT), rtol=1e-6)


def test_projection_takes_every_statistic_along_the_directions_and_the_rest_as_it_is() -> None:
    rows = fleet()
    directions, matrix = wear_directions(rows, LAYOUT), wear_projection(rows, LAYOUT)
    assert matrix.shape == (rows.vectors.shape[1], 1 + STATISTICS + 1)
    vector = np.random.default_rng(2).standard_normal((1, rows.vectors.shape[1]))
    seen = (vector @ matrix)[0]
    by_sensor = vector[0, 1 : 1 + 5 * STATISTICS].reshape(5, STATISTICS)
    spreads = {2 + 2, 2 + 7}
    for statistic in range(STATISTICS):
        along = np.abs(directions) if statistic in spreads else directions
        np.testing.assert_allclose(seen[1 + statistic], by_sensor[:, statistic] @ along[:, 0])
    assert (seen[0], seen[-1]) == (vector[0, 0], vector[0, -1])
