from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from models.condition.borrowing.spans import Spans, blocks_of, pool_spans

MACHINES, ROWS = 12, 4096


@cache
def spans_of(kept: float) -> Spans:
    """Rows, a minute apart, of which each keeps a share of the one before it (0: independent)."""
    values = np.random.default_rng(1).normal(size=(ROWS, MACHINES, 2))
    values[1:] *= np.sqrt(1 - kept**2)
    for before, after in pairwise(values):
        after += kept * before
    found = pool_spans([blocks_of(50.0 + 3.0 * values[:, each], 60.0) for each in range(MACHINES)])
    assert found is not None
    return found


def variance_of_mean(rows: int, kept: float) -> float:
    """Of an autoregressive series of variance 1, summed term by term."""
    lags = np.arange(1, rows)
    return float(1.0 + 2.0 * ((1.0 - lags / rows) * kept**lags).sum()) / rows


@pytest.mark.parametrize("kept", [0.0, 0.9])
@pytest.mark.parametrize("rows", [16, 128])
def test_effective_sample_size_is_that_of_the_series(kept: float, rows: int) -> None:
    found = spans_of(kept).of_mean(np.full(2, rows * 60.0))
    assert found == pytest.approx(np.full(2, variance_of_mean(rows, kept)), rel=0.15)


def test_a_longer_stretch_never_tells_less_and_beyond_the_longest_error_falls_with_length() -> None:
    spans = spans_of(0.9)
    errors = [spans.of_mean(np.full(2, 60.0 * 2.0**power))[0] for power in range(1, 16)]
    assert (np.diff(errors) <= 0).all()
    assert errors[-1] == pytest.approx(errors[-2] / 2)
    assert np.isinf(spans.of_mean(np.zeros(2))).all()


def test_short_stretches_scatter_too_little_and_it_is_known_by_how_much() -> None:
    bias, variance = spans_of(0.9).of_deviation(np.full(2, 16 * 60.0))
    within = 1.0 - variance_of_mean(16, 0.9)  # expected variance around the own mean of 16 rows
    assert (bias < 0.5 * np.log(within) + 0.05).all()  # the logarithm's mean lies below (Jensen)
    assert (bias > 0.5 * np.log(within) - 0.25).all()
    assert (variance > 0.01).all()


def test_signal_that_stands_still_tells_nothing_and_does_not_disturb_others() -> None:
    rows = np.random.default_rng(1).normal(size=(512, 2))
    rows[:, 0] = 7.0
    spans = pool_spans([blocks_of(rows, 60.0)])
    assert spans is not None
    mean = spans.of_mean(np.full(2, 32 * 60.0))
    assert mean[0] == 1.0
    assert mean[1] < 0.1


def test_histories_too_short_for_any_block_tell_nothing() -> None:
    assert pool_spans([blocks_of(np.zeros((4, 1)), 60.0)]) is None
    assert pool_spans([]) is None
