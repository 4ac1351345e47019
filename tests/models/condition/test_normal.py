import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.condition.errors import HistoryTooShort
from models.condition.history import History
from models.condition.normal import NormalSettings, learn_normal, learn_strays
from tests.models.condition.machines import SIGNALS, healthy, stepped

ONE_OFF = np.array([3.0, 0.0, 0.0, 0.0])


def test_healthy_rows_score_about_one_and_a_step_of_three_deviations_far_more() -> None:
    history = stepped(healthy(900), 600, ONE_OFF)
    scores = learn_normal(history.part(slice(None, 400))).scores(history)
    assert np.quantile(scores[400:600], 0.9) < 1.6
    assert scores[640:].min() > 3.0


def test_shares_add_up_and_name_the_signal_that_strays() -> None:
    history = stepped(healthy(900), 600, ONE_OFF)
    normal = learn_normal(history.part(slice(None, 400)))
    state = normal.start()
    for seconds, row in zip(history.seconds.tolist(), history.readings, strict=True):
        state, condition = normal.step(state, seconds, row)
        assert condition.shares.sum() == pytest.approx(1.0)
    assert condition.shares.argmax() == 0
    assert condition.shares[0] > 0.95


@settings(max_examples=20)
@given(offset=st.floats(-1e6, 1e9), seed=st.integers(0, 50))
def test_score_knows_neither_the_number_of_a_row_nor_the_date(offset: float, seed: int) -> None:
    history = healthy(260, seed)
    scores = learn_normal(history.part(slice(None, 120))).scores(history)
    moved = History(history.seconds + np.floor(offset), history.readings)
    np.testing.assert_allclose(learn_normal(moved.part(slice(None, 120))).scores(moved), scores, rtol=1e-6)


@settings(max_examples=20)
@given(st.integers(1, 259))
def test_nothing_that_comes_later_changes_a_score(cut: int) -> None:
    history = healthy(260)
    normal = learn_normal(history.part(slice(None, 120)))
    np.testing.assert_array_equal(normal.scores(history.part(slice(None, cut))), normal.scores(history)[:cut])


def test_rows_that_come_twice_as_often_score_alike() -> None:
    slow = stepped(healthy(600), 400, ONE_OFF)
    twice = History(np.repeat(slow.seconds, 2) + np.tile([0.0, 0.5], 600), np.repeat(slow.readings, 2, axis=0))
    normal = learn_normal(slow.part(slice(None, 300)))
    np.testing.assert_allclose(normal.scores(twice)[1::2][450:], normal.scores(slow)[450:], rtol=0.15)


def test_signal_that_was_not_measured_is_left_out_and_the_others_still_count() -> None:
    history = stepped(healthy(900), 600, ONE_OFF)
    history.readings[:, 3] = np.where(np.arange(900) < 450, history.readings[:, 3], np.nan)
    scores = learn_normal(history.part(slice(None, 400))).scores(history)
    assert not np.isnan(scores).any()
    assert scores[640:].min() > 3.0


def test_row_without_any_signal_has_no_score() -> None:
    normal = learn_normal(healthy(300))
    _, condition = normal.step(normal.start(), 0.0, np.full(SIGNALS, np.nan))
    assert np.isnan(condition.score)


def test_signal_that_never_moved_is_no_alarm_at_a_hairs_breadth() -> None:
    history = healthy(600)
    history.readings[:, 2] = 50.0
    normal = learn_normal(history.part(slice(None, 300)))
    before = normal.scores(history)[400:].max()
    history.readings[400:, 2] = 50.01
    assert normal.scores(history)[400:].max() == pytest.approx(before, rel=0.01)


def test_what_healthy_machines_show_later_is_borne() -> None:
    def drifting(seed: int) -> History:
        history = healthy(900, seed)
        warm = np.clip(np.arange(900) - 300, 0, None) / 200.0  # a casing that warms up, or cools down
        history.readings[:, 0] += warm * (1 if seed % 2 else -1)
        return history

    strays = learn_strays([drifting(seed) for seed in range(1, 7)], first=300)
    assert strays[0] > 4.0
    assert (strays[1:] < 2.0).all()
    own, other = drifting(20), stepped(healthy(900, 21), 600, np.array([0.0, 3.0, 0.0, 0.0]))
    without = learn_normal(own.part(slice(None, 300))).scores(own)[300:]
    allowed = learn_normal(own.part(slice(None, 300)), strays).scores(own)[300:]
    assert np.quantile(without, 0.9) > 4.0
    assert np.quantile(allowed, 0.9) < 2.0
    told = learn_normal(other.part(slice(None, 300)), strays).scores(other)
    assert told[640:].min() > 3.0 > np.quantile(told[300:600], 0.95)


def test_short_histories_are_refused() -> None:
    with pytest.raises(HistoryTooShort, match="at least 100 rows of healthy history; found 99"):
        learn_normal(healthy(99))
    with pytest.raises(HistoryTooShort, match=r"more than 300 rows; found \[300\]"):
        learn_strays([healthy(300)], 300)
    learn_normal(healthy(20), settings=NormalSettings(settling=10))
