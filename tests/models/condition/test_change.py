import numpy as np
import pytest

from models.condition.change import Notice, learn_change, learn_change_strays
from models.condition.errors import HistoryTooShort
from models.condition.history import History
from tests.models.condition.machines import healthy, stepped

FAULT = np.array([4.0, 0.0, 4.0, 0.0])


def test_begin_and_end_of_a_fault_are_changes_and_its_middle_is_none() -> None:
    history = stepped(healthy(1400), 600, FAULT, until=1000)
    detector = learn_change(history.part(slice(None, 400)))
    scores = detector.scores(history)
    rows = Notice(float(scores[50:400].max()) * 1.2).rows(history, scores)
    assert len(rows) == 2
    assert 600 <= rows[0] < 610
    assert 1000 <= rows[1] < 1010


def test_nothing_that_comes_later_changes_a_score() -> None:
    history = stepped(healthy(500), 400, FAULT)
    detector = learn_change(history.part(slice(None, 300)))
    np.testing.assert_array_equal(detector.scores(history.part(slice(None, 420))), detector.scores(history)[:420])


def test_changes_that_follow_too_soon_are_one_and_one_that_lasts_is_told_afterwards() -> None:
    history = History(np.arange(200.0), np.zeros((200, 1)))
    scores = np.zeros(200)
    scores[[10, 20, 30]] = 9.0
    scores[65:75] = 9.0
    assert Notice(5.0, hold_seconds=60.0).rows(history, scores).tolist() == [10, 70]


def test_unknown_scores_are_no_changes() -> None:
    history = History(np.arange(3.0), np.zeros((3, 1)))
    assert Notice(1.0).rows(history, np.array([np.nan, np.nan, 2.0])).tolist() == [2]


def test_signals_that_change_much_in_health_count_less() -> None:
    def restless(seed: int) -> History:
        history = healthy(900, seed)
        history.readings[400:, 1] += 15.0 * np.sign(np.sin(np.arange(500) / 20.0))
        return history

    strays = learn_change_strays([restless(seed) for seed in range(4)], first=300)
    assert strays[1] > 3.0
    assert strays[0] < 2.0


def test_short_histories_are_refused() -> None:
    with pytest.raises(HistoryTooShort, match="found 60"):
        learn_change(healthy(60))
    with pytest.raises(HistoryTooShort, match=r"more than 300 rows; found \[\]"):
        learn_change_strays([], 300)
