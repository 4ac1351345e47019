import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.condition.alarms.alarm import AlarmRule, AlarmState, alarms

RULE = AlarmRule(threshold=2.0)


def test_alarm_is_over_when_the_score_has_fallen_to_half_of_its_peak() -> None:
    assert alarms(np.array([1.0, 3.0, 10.0, 6.0, 4.9, 4.0, 3.0]), RULE).tolist() == [0, 1, 1, 1, 0, 0, 0]


def test_score_that_rises_again_is_another_alarm() -> None:
    assert alarms(np.array([10.0, 4.0, 5.9, 6.1, 6.0]), RULE).tolist() == [1, 0, 0, 1, 1]


def test_after_rest_the_threshold_counts_again() -> None:
    assert alarms(np.array([10.0, 4.0, 1.0, 2.1]), RULE).tolist() == [1, 0, 0, 1]


def test_slow_fault_that_keeps_its_level_stays_an_alarm() -> None:
    assert alarms(np.concatenate([np.linspace(0.0, 6.0, 100), np.full(5000, 6.0)]), RULE)[40:].all()


def test_unknown_score_changes_nothing() -> None:
    state = AlarmState(True, 5.0)
    assert state.after(float("nan"), RULE) is state


@given(st.lists(st.floats(0.0, 20.0), max_size=60))
def test_never_an_alarm_below_the_threshold_and_always_one_at_a_new_height(scores: list[float]) -> None:
    told = alarms(np.array(scores), RULE)
    highest = 0.0
    for score, is_on in zip(scores, told.tolist(), strict=True):
        assert not (is_on and score <= RULE.threshold)
        if score > RULE.threshold and score > RULE.again * highest:
            assert is_on
        highest = max(highest, score)


def test_without_release_it_is_the_threshold_alone() -> None:
    scores = np.random.default_rng(0).uniform(0.0, 4.0, 300)
    np.testing.assert_array_equal(alarms(scores, AlarmRule(2.0, release=0.0)), scores > 2.0)
