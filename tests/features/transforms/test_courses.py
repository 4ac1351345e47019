import numpy as np
import pytest
from numpy.typing import NDArray

from features.transforms.courses import accumulated, decayed, held, running_mean

NARROW, WIDE = 3, 200
Array = NDArray[np.float64]


def numbers(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


@pytest.mark.parametrize("batch", [NARROW, WIDE])
@pytest.mark.parametrize("rows", [1, 7])
@pytest.mark.parametrize("operation", [np.add, np.fmin, np.fmax])
def test_accumulated_goes_on_row_by_row(operation: np.ufunc, rows: int, batch: int) -> None:
    start, values = numbers(2, batch), numbers(rows, 2, batch)
    now, expected = start, []
    for value in values:
        now = operation(now, value)
        expected.append(now)
    np.testing.assert_array_equal(accumulated(operation, start, values), expected)


def test_stretch_gives_the_bits_of_its_rows() -> None:
    values = numbers(9, 1) * 10.0 ** np.arange(9)[:, None]  # another order of adding would show
    whole = accumulated(np.add, np.array([0.1]), values)
    first = accumulated(np.add, np.array([0.1]), values[:4])
    np.testing.assert_array_equal(accumulated(np.add, first[-1], values[4:]), whole[4:])
    wide = accumulated(np.add, np.full(WIDE, 0.1), np.repeat(values, WIDE, axis=1))
    np.testing.assert_array_equal(wide[:, :1], whole)


def test_held_is_the_last_known_value() -> None:
    values, is_known = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([[0, 1], [1, 0], [0, 0]], np.bool_)
    assert held(np.array([8.0, 9.0]), values, is_known).tolist() == [[8, 9], [8, 2], [3, 2], [3, 2]]
    assert held(np.array([8.0, 9.0]), values, None).tolist() == [[8, 9], *values.tolist()]


def test_decayed_sums_weigh_the_past_less() -> None:
    decay, gained = np.full((3, 2, 1), [[0.5], [0.25]]), np.ones((3, 1, 1, 1))
    found = decayed(np.array([[[4.0], [4.0]]]), decay, gained)
    assert found[:, 0, :, 0].tolist() == [[3.0, 2.0], [2.5, 1.5], [2.25, 1.375]]


@pytest.mark.parametrize("batch", [NARROW, WIDE])
def test_running_mean_is_that_of_what_counts(batch: int) -> None:
    values = numbers(20, 2, batch)
    is_in = np.random.default_rng(1).random(values.shape) < 0.6
    count, mean = running_mean(np.zeros((2, batch)), np.zeros((2, batch)), values, is_in)
    seen = np.where(is_in, values, np.nan)
    np.testing.assert_array_equal(count[-1], is_in.sum(axis=0))
    np.testing.assert_allclose(mean[-1], np.nanmean(seen, axis=0), rtol=1e-12)


def test_running_mean_stays_where_nothing_counts() -> None:
    count, mean = running_mean(np.full((1, 1), 3.0), np.full((1, 1), 2.5), numbers(4, 1, 1), np.zeros((4, 1, 1), bool))
    assert (count.tolist(), mean.tolist()) == ([[[3.0]]], [[[2.5]]])
