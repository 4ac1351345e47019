import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from models.prognosis.ledger.censoring import Followed

ROWS = st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=2, max_size=60)


def followed(rows: list[tuple[int, bool]], weight: float = 1.0) -> Followed:
    lived = np.array([float(life) for life, _ in rows])
    return Followed(
        lived,
        np.array([failed for _, failed in rows]),
        np.full(len(rows), weight),
        np.zeros(len(rows), np.int64),
    )


@given(rows=ROWS, horizon=st.integers(1, 20), weight=st.sampled_from([1.0, 3600.0]))
def test_weighted_share_that_failed_is_the_kaplan_meier_estimate_of_another_library(
    rows: list[tuple[int, bool]], horizon: int, weight: float
) -> None:
    data = followed(rows, weight)
    failed, weights, _ = data.answered(float(horizon))
    if weights.sum() < data.weight.sum() * (1 - 1e-9) or not data.is_failure.any():
        return  # nobody is followed so far
    curve = SurvfuncRight(data.lived, data.is_failure.astype(float))
    before = curve.surv_prob[curve.surv_times <= horizon]
    expected = 0.0 if len(before) == 0 else 1 - float(before[-1])
    assert weights[failed].sum() / weights.sum() == pytest.approx(expected, abs=1e-9)


def test_without_censoring_every_row_counts_once() -> None:
    failed, weights, answered = followed([(3, True), (5, True), (9, True)]).answered(5.0)
    assert (failed.tolist(), weights.tolist(), answered) == ([True, True, False], [1.0, 1.0, 1.0], 1.0)


def test_who_is_censored_before_the_horizon_says_nothing_and_the_others_stand_in() -> None:
    failed, weights, answered = followed([(2, False), (4, True), (9, True), (9, False)]).answered(5.0)
    assert weights.tolist() == pytest.approx([0.0, 4 / 3, 4 / 3, 4 / 3])
    assert failed.tolist() == [False, True, False, False]
    assert answered == pytest.approx(1.0)  # who is known stands in for exactly those who are not


def test_strata_are_followed_each_for_itself() -> None:
    data = Followed(
        np.array([2.0, 9.0, 9.0, 9.0]), np.array([False, False, True, True]), np.ones(4), np.array([1, 1, 0, 0])
    )
    _, weights, answered = data.answered(5.0)
    assert weights.tolist() == pytest.approx([0.0, 2.0, 1.0, 1.0])
    assert answered == pytest.approx(1.0)


def test_horizon_that_nobody_is_followed_to_says_so() -> None:
    _, weights, answered = followed([(2, False), (3, False), (1, True)]).answered(10.0)
    assert weights.tolist() == [0.0, 0.0, 1.0]
    assert answered == pytest.approx(1 / 3)


def test_few_rows_that_speak_for_many_are_no_answer() -> None:
    _, weights, answered = followed([(2, False)] * 9 + [(5, True), (9, True)]).answered(5.0)
    assert weights.sum() == pytest.approx(11.0)
    assert answered == 0.0
