from dataclasses import replace

import numpy as np
import pytest

from features.domain.errors import InvalidValue
from features.transforms.intervals import IntervalTable, bounds, life_at
from features.transforms.survival import quantile

STEP = 10.0
TABLE = IntervalTable(0.9, (20.0,), ((0.1, 0.2), (0.0, 0.05), (0.3, 0.4)), ((0.9, 0.8), (1.0, 0.95), (0.7, 0.6)))
CURVES = np.stack([np.exp(-np.arange(1, 9) / 2.0), np.exp(-np.arange(1, 9) / 6.0)])


def test_each_row_has_the_levels_of_its_regime_and_stage() -> None:
    curves, regime = np.concatenate([CURVES] * 4), np.repeat([0, 1, -1, 7], 2)
    low, median, high = bounds(curves, STEP, TABLE, regime)
    assert TABLE.stage_of(median).tolist() == [0, 1] * 4
    levels = [(0.1, 0.9), (0.2, 0.8), (0.0, 1.0), (0.05, 0.95), (0.3, 0.7), (0.4, 0.6), (0.3, 0.7), (0.4, 0.6)]
    for row, (lower, upper) in enumerate(levels):
        alone = curves[row : row + 1]
        assert low[row] == (0.0 if lower == 0.0 else quantile(alone, STEP, lower)[0])
        assert high[row] == quantile(alone, STEP, upper)[0]
        assert median[row] == quantile(alone, STEP, 0.5)[0]
    assert ((low <= median) & (median <= high)).all()


def test_level_0_is_no_life_at_all_even_where_the_curve_is_flat_at_first() -> None:
    curve = np.array([[1.0, 1.0, 0.5, 0.1]])
    assert life_at(curve, STEP, np.array([0.0]))[0] == 0.0
    assert life_at(curve, STEP, np.array([1e-9]))[0] > 19.9
    assert life_at(curve, STEP, np.array([1.0]))[0] == 40.0


def test_one_half_level_is_a_table_of_one_entry() -> None:
    table = IntervalTable.of_half_level(0.42)
    assert (table.regimes, table.stages) == (0, 1)
    low, _, high = bounds(CURVES, STEP, table, np.array([3, -1]))
    np.testing.assert_array_equal(low, quantile(CURVES, STEP, 0.5 - 0.42))
    np.testing.assert_array_equal(high, quantile(CURVES, STEP, 0.5 + 0.42))


def test_lower_bound_alone_is_rounded_down_to_whole_steps_where_the_table_says_so() -> None:
    regime = np.array([0, 0])
    low, median, high = bounds(CURVES, STEP, TABLE, regime)
    rounded = bounds(CURVES, STEP, replace(TABLE, whole_steps=True), regime)
    np.testing.assert_array_equal(rounded[0], np.floor(low / STEP) * STEP)
    assert (rounded[0] < low).all()
    np.testing.assert_array_equal(rounded[1:], (median, high))


@pytest.mark.parametrize(
    ("edges", "low", "high", "coverage", "says"),
    [
        ((), ((0.6,),), ((0.9,),), 0.9, "low must hold levels from 0 to 0.5"),
        ((), ((0.1,),), ((0.4,),), 0.9, "high must hold levels from 0.5 to 1"),
        ((), ((0.1,), (0.1,)), ((0.9,),), 0.9, "high must have rows"),
        ((5.0,), ((0.1,),), ((0.9,),), 0.9, "low must have rows of 2 stages"),
        ((), (), (), 0.9, "low must have rows"),
        ((5.0, 5.0), ((0.1,) * 3,), ((0.9,) * 3,), 0.9, "stage_edges must ascend"),
        ((0.0,), ((0.1,) * 2,), ((0.9,) * 2,), 0.9, "stage_edges must ascend"),
        ((), ((float("nan"),),), ((0.9,),), 0.9, "low must hold levels"),
        ((), ((0.1,),), ((0.9,),), 1.0, "coverage must lie between 0 and 1"),
    ],
)
def test_unfit_table_is_refused(
    edges: tuple[float, ...],
    low: tuple[tuple[float, ...], ...],
    high: tuple[tuple[float, ...], ...],
    coverage: float,
    says: str,
) -> None:
    with pytest.raises(InvalidValue, match=says):
        IntervalTable(coverage, edges, low, high)
