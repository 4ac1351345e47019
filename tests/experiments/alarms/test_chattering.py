import pytest

from experiments.alarms.chattering import chatter


@pytest.mark.slow
def test_no_score_that_chatters_raises_more_than_one_alarm_an_hour() -> None:
    found = chatter()
    assert found.alarms > 100
    assert found.most_in_an_hour == 1
