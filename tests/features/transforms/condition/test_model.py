from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.transforms.condition.model import ConditionModel, is_whole
from tests.features.transforms.condition.rig import TABLE

MIXED = replace(TABLE, floors=(None, 0.5, None, 0.1, None, 0.2), spans=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0))


@given(st.lists(st.booleans(), min_size=4, max_size=4))
def test_the_precision_of_some_sensors_is_the_inverse_of_their_covariance(pattern: list[bool]) -> None:
    model, known = ConditionModel.of(TABLE), np.array(pattern)
    expected = np.diag(known / (1.05 * 0.1))  # smallest directions are not trusted
    for _ in range(2):
        np.testing.assert_allclose(model.precision_of(known), expected)


def test_more_patterns_than_are_kept_are_still_told_apart() -> None:
    table = replace(
        TABLE,
        sensors=tuple(f"s{place}" for place in range(8)),
        floors=(None,) * 10,
        spans=(1.0,) * 10,
        slopes=((0.0, 0.0),) * 8,
        slope_spreads=((0.1, 0.1),) * 8,
        noise=(1.0,) * 8,
        covariance=tuple(map(tuple, np.eye(8).tolist())),
        scatter_limits=(1.0,) * 8,
        modes=(),
    )
    model = ConditionModel.of(table)
    for number in range(200):
        known = np.array([bool(number & (1 << place)) for place in range(8)])
        np.testing.assert_array_equal(np.diag(model.precision_of(known)) > 0.0, known)
    assert len(model.patterns) < 100


def test_values_are_compared_by_their_logarithm_or_their_span() -> None:
    model = ConditionModel.of(MIXED)
    rows = np.array([[3.0, 0.1, 6.0, 8.0, np.nan, np.nan], [-1.0, 4.0, 0.0, -5.0, 5.0, 1.0]])
    expected = [
        [3.0, np.log(0.5), 2.0, np.log(8.0), np.nan, np.nan],
        [-1.0, np.log(4.0), 0.0, np.log(0.1), 1.0, 0.0],
    ]
    np.testing.assert_allclose(model.comparable(rows), expected)
    np.testing.assert_array_equal(model.comparable(rows[1]), model.comparable(rows)[1])


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_not_whole(wrong: float) -> None:
    assert is_whole(np.arange(4.0))
    assert not is_whole(np.array([1.0, wrong, 2.0]))
