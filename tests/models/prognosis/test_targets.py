import numpy as np
import pytest

from features.domain.packs import LifeGrid
from models.prognosis.targets import hazard_targets
from tests.models.prognosis.toys import toy_rows

GRID = LifeGrid(step=10.0, steps=3)


@pytest.mark.parametrize(
    ("remaining", "outlived"), [(0.0, 0), (0.1, 0), (10.0, 0), (10.1, 1), (20.0, 1), (30.0, 2), (30.1, 3), (99.0, 3)]
)
def test_failure_falls_in_the_step_that_ends_at_or_after_it(remaining: float, outlived: int) -> None:
    targets = hazard_targets(np.array([remaining]), np.array([True]), GRID)
    assert targets.outlived[0] == outlived
    assert targets.has_failed[0] == (remaining <= GRID.cap)


@pytest.mark.parametrize(("remaining", "outlived"), [(0.0, 0), (9.9, 0), (10.0, 1), (29.9, 2), (30.0, 3), (99.0, 3)])
def test_censored_life_outlived_whole_steps_only(remaining: float, outlived: int) -> None:
    targets = hazard_targets(np.array([remaining]), np.array([False]), GRID)
    assert targets.outlived[0] == outlived
    assert not targets.has_failed[0]


def test_life_is_known_within_the_cap_if_it_failed_or_reached_it() -> None:
    rows = toy_rows()
    known = rows.is_known_within(60.0)
    np.testing.assert_array_equal(known, rows.is_failure | (rows.remaining >= 60.0))
    assert 0 < known.sum() < len(rows)


def test_rows_are_taken_by_index_and_by_mask_alike() -> None:
    rows = toy_rows()
    mask = rows.remaining < 20
    by_mask, by_index = rows.take(mask), rows.take(np.flatnonzero(mask))
    assert len(by_mask) == len(by_index) == int(mask.sum())
    np.testing.assert_array_equal(by_mask.vectors, by_index.vectors)
    np.testing.assert_array_equal(by_mask.age, by_index.age)
